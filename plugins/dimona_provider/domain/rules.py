"""What payroll's record may be wrong in, and how its joint committee is called in Dimona."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from dimona_provider.domain.tables import csv_table


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong: the field of payroll's record, and a sentence without its value."""

    field: str
    reason: str


@cache
def _joint_committees() -> Mapping[tuple[str, str], str]:
    return {(row["payroll"], row["worker_type"]): row["dimona"] for row in csv_table("joint_committees.csv")}


def dimona_joint_committee(payroll: str, worker_type: str, overrides: Mapping[str, str] | None = None) -> str:
    """
    Translate payroll's joint committee into one that Dimona accepts.

    Dimona knows nine values; every other sector is XXX (glossary zone 00046). Subcommittees (``302.01``,
    ``3020100``) count as their committee. *overrides* go before the table; their keys are ``302/STU`` or
    ``302`` for every type.

    >>> dimona_joint_committee("302.01", "EXT"), dimona_joint_committee("302", "EXT", {"302/EXT": "XXX"})
    ('302', 'XXX')
    """
    committee = payroll.strip()[:3]
    for key in (f"{committee}/{worker_type}", committee):
        if overrides and key in overrides:
            return overrides[key]
    table = _joint_committees()
    for row in ((committee, worker_type), (committee, "*")):
        if row in table:
            return table[row]
    return table["*", "*"]
