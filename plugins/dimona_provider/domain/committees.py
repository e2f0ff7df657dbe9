"""What payroll's joint committee is called in Dimona: by the table, or by a connection's own translations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from dimona_provider.domain.needs import limits
from dimona_provider.domain.tables import csv_table, wrong
from dimona_provider.domain.worker_types import worker_types

Translations = Mapping[str, str]
"""Dimona's joint committee by payroll's number, or by number and worker type (``302/EXT``)."""

_COMMITTEE = re.compile(r"XXX|[0-9]{3}([.]?[0-9]{2,4})?")
_SHOWABLE = re.compile(r"[\w./ -]{0,20}")
_TABLE = "joint_committees.csv"


def known_committees() -> tuple[str, ...]:
    """Return the nine values that Dimona knows (glossary zone 00046)."""
    return tuple(limits()["committees"]["known"])


def read_committee(raw: object) -> str:
    """
    Read payroll's joint committee as text: ``200``, ``302.01``, ``3020100`` or ``XXX``.

    Gives three characters, or seven for a subcommittee. Raises ValueError.
    """
    if not isinstance(raw, str) or not _COMMITTEE.fullmatch(raw):
        raise ValueError('not a joint committee number such as "200" or "302.01"')
    digits = raw.replace(".", "")
    return digits if len(digits) == 3 else digits.ljust(7, "0")


@cache
def _table() -> Mapping[tuple[str, str], str]:
    forms = {"payroll": None, "worker_type": ("*", *worker_types()), "dimona": known_committees()}
    rows = {}
    for line, row in enumerate(csv_table(_TABLE, forms, ["payroll", "worker_type"]), start=2):
        if not re.fullmatch(r"[0-9]{3}|XXX|[*]", row["payroll"]):
            raise wrong(_TABLE, f"line {line} payroll", f"{row['payroll']!r} is not three digits, XXX or *")
        rows[row["payroll"], row["worker_type"]] = row["dimona"]
    if ("*", "*") not in rows:
        raise wrong(_TABLE, "last line", "a row for all others is missing: *,*,XXX")
    return rows


def dimona_joint_committee(payroll: str, worker_type: str, translations: Translations | None = None) -> str:
    """
    Translate a joint committee, as ``read_committee`` gives it, into one that Dimona accepts.

    Dimona knows nine values; every other sector is XXX (glossary zone 00046). Subcommittees count as their
    committee. *translations*, as ``read_translations`` gives them, go before the table; what is said of the
    subcommittee and of the worker type goes before what is said of all.

    >>> dimona_joint_committee("3020100", "EXT"), dimona_joint_committee("302", "EXT", {"302/EXT": "XXX"})
    ('302', 'XXX')
    """
    committee = payroll[:3]
    for number in (payroll, committee):
        for key in (f"{number}/{worker_type}", number):
            if translations and key in translations:
                return translations[key]
    table = _table()
    for row in ((committee, worker_type), (committee, "*")):
        if row in table:
            return table[row]
    return table["*", "*"]


def read_translations(raw: Any) -> Translations:
    """
    Read a connection's own translations, from a JSON object or (the form gives that) its text.

    Raises ValueError with a sentence that names every wrong one and fits into a list of problems.
    """
    if raw is None or raw == "":
        return {}
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            raw = None
    if not isinstance(raw, dict):
        raise ValueError("extra.joint_committees must be a JSON object of Dimona's by payroll's committee")
    read: dict[str, str] = {}
    problems = list(_read_into(read, raw))
    if problems:
        raise ValueError("extra.joint_committees: " + ", ".join(problems))
    return read


def _read_into(read: dict[str, str], raw: Mapping[str, Any]) -> Iterator[str]:
    for key, value in raw.items():
        shown = repr(key) if _SHOWABLE.fullmatch(key) else "a key"
        number, slash, worker_type = key.partition("/")
        try:
            number = read_committee(number)
        except ValueError:
            yield f"{shown} is no committee number such as 302, 302.01 or 302/STU"
            continue
        if slash and worker_type not in worker_types():
            yield f"{shown} names no worker type"
        elif value not in known_committees():
            yield f"{shown} leads to none of {' '.join(known_committees())}"
        elif (key := number + slash + worker_type) in read:
            yield f"{shown} stands there twice"
        else:
            read[key] = value
