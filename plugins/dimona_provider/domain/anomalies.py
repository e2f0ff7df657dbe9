"""
The NSSO's anomaly codes: whether they block, what they mean, and what a person does next.

Facts and texts are tables (docs/anomalies.md); a payroll expert corrects those, not this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from dimona_provider.domain import anomaly_tables as tables
from dimona_provider.domain.anomaly_tables import LANGUAGES, Language

__all__ = [
    "LANGUAGES", "UNREADABLE", "ActBy", "Anomaly", "Bucket", "Language", "Severity",
    "anomalies", "anomaly", "consequences", "describe", "next_step", "severity",
]  # fmt: skip

UNREADABLE = "unreadable"
"""Stands for whatever has not the form ``ZZZZZ-TTT``, which could hold anything, also a person."""

_CODE = re.compile(r"[0-9]{5}-[0-9]{3}")


class Severity(StrEnum):
    """Whether a declaration with this anomaly is refused (glossary zone 00497)."""

    BLOCKING = "B"
    NOT_BLOCKING = "NP"
    UNKNOWN = "unknown"
    """Not in the catalogue: neither a refusal nor a success."""


class Bucket(StrEnum):
    """What kind of trouble an anomaly is; each code is in one."""

    ALREADY_TRUE = "already_true"
    WRONG_KIND = "wrong_kind"
    OVERLAP = "overlap"
    BAD_DATA = "bad_data"
    IDENTITY = "identity"
    IDENTITY_NOTE = "identity_note"
    CONDITIONS = "conditions"
    QUOTA = "quota"
    LATE = "late"
    RIGHTS = "rights"
    CLOSED_DOOR = "closed_door"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


class ActBy(StrEnum):
    """By when a person has to have acted (Europe/Brussels)."""

    AT_ONCE = "at_once"
    BEFORE_START_OF_WORK = "before_start_of_work"
    MIDNIGHT_OF_THE_DAY = "midnight_of_the_day"
    """The end of the calendar day of the work; a later CANCEL is an offence."""
    FIRST_WORKING_DAY_AFTER = "first_working_day_after"
    """The first working day after the employment ended."""
    DEADLINE_OF_THE_DECLARATION = "deadline_of_the_declaration"
    """That of the declaration refused: an IN by the start of work, an OUT by the first working day after."""
    BEFORE_QUARTERLY_DECLARATION = "before_quarterly_declaration"
    """Before the pay goes into the quarterly declaration (DmfA)."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One code ``ZZZZZ-TTT`` of an outcome: zone or block, then error type."""

    code: str
    severity: Severity
    zone: str
    type: str
    bucket: Bucket
    machine_may_act: bool
    """True only means: once the period was consulted and shows what to do; nothing is simply sent again."""
    act_by: ActBy
    blocks_for: frozenset[str] = frozenset()
    """Worker types for which a code that is not blocking refuses all the same."""

    @property
    def is_known(self) -> bool:
        """Whether the catalogue has this code."""
        return self.severity is not Severity.UNKNOWN


@cache
def anomalies() -> Mapping[str, Anomaly]:
    """Return the whole catalogue by code. Raises ConfigurationError for a table that has no meaning."""
    return {code: _read(code, row) for code, row in tables.codes().items()}


def anomaly(code: str) -> Anomaly:
    """
    Return what is known about *code*; an unknown or garbled one gives a value that says so, never an error.

    >>> anomaly("90373-460").severity, anomaly("12345-678").is_known
    (<Severity.NOT_BLOCKING: 'NP'>, False)
    """
    return anomalies().get(code) or _unknown(code)


def severity(code: str, worker_type: str | None = None) -> Severity:
    """
    Tell whether *code* refuses the declaration of a worker of this type.

    A quota (90017-369) is a warning, but refuses article 17 (O17, S17, T17).
    """
    found = anomaly(code)
    return Severity.BLOCKING if worker_type in found.blocks_for else found.severity


def describe(code: str, lang: Language) -> str:
    """
    Say in one sentence what *code* means.

    >>> describe("00911-001", "en"), describe("00911-001", "fr")
    ('The end date is missing.', 'Il manque la date de fin.')
    """
    return _descriptions(lang).get(code) or _describe_unknown(code, lang)


def next_step(code: str, lang: Language) -> str:
    """Say in one or two sentences what the payroll officer does now."""
    row = tables.codes().get(code)
    key = (row["next_step"] or row["bucket"]) if row else Bucket.UNKNOWN
    return tables.next_steps()[key][lang]


def consequences(codes: Iterable[str], worker_type: str | None, lang: Language) -> list[str]:
    """
    Say what the anomalies of an accepted declaration (W) change for pay, each thing once.

    Codes that refuse a declaration of this worker type have no such consequence and are left out.
    """
    rules = tables.consequences()
    found: dict[str, None] = {}
    for code in codes:
        if severity(code, worker_type) is Severity.BLOCKING:
            continue
        key = code if anomaly(code).is_known else "unknown"
        texts = rules.get((worker_type or "*", key)) or rules.get(("*", key))
        if texts:
            found[texts[lang]] = None
    return list(found)


def _read(code: str, row: Mapping[str, str]) -> Anomaly:
    zone, _, error_type = code.partition("-")
    return Anomaly(
        code=code,
        severity=Severity(tables.word(row, "severity", Severity)),
        zone=zone,
        type=error_type,
        bucket=Bucket(tables.word(row, "bucket", Bucket)),
        machine_may_act=tables.word(row, "machine", ("no", "after_consulting")) == "after_consulting",
        act_by=ActBy(tables.word(row, "act_by", ActBy)),
        blocks_for=frozenset(row["blocks_for"].split()),
    )


def _unknown(code: str) -> Anomaly:
    shown = code if _CODE.fullmatch(code) else UNREADABLE
    zone, _, error_type = shown.partition("-") if shown is code else ("", "", "")
    return Anomaly(shown, Severity.UNKNOWN, zone, error_type, Bucket.UNKNOWN, False, ActBy.AT_ONCE)  # noqa: FBT003


@cache
def _descriptions(lang: Language) -> Mapping[str, str]:
    return {code: _sentence(found, lang) for code, found in anomalies().items()}


def _sentence(found: Anomaly, lang: Language) -> str:
    texts = tables.descriptions().get(found.code) or tables.descriptions()[found.type]
    text = texts[lang].replace("{zone}", tables.zones()[found.zone][lang])
    return text[0].upper() + text[1:]


def _describe_unknown(code: str, lang: Language) -> str:
    shown = _unknown(code).code
    text = tables.descriptions()[UNREADABLE if shown == UNREADABLE else "unknown"][lang]
    return text.replace("{code}", shown)
