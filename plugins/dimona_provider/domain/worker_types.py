"""The worker types and what the law demands of each, as tables/worker_types.toml says it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from dimona_provider.domain.tables import Form, check_section, toml_table


class Need(StrEnum):
    """Whether a field has to be there."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    FORBIDDEN = "forbidden"
    DAY = "day"
    """Both hours for one day of work or a night, none for a longer period."""
    SPELL = "spell"
    """Both hours; under a day lump sum one day needs no end hour."""


class Before(StrEnum):
    """From where a lead time counts back."""

    START = "start"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class WorkerType:
    """A row of tables/worker_types.toml."""

    code: str
    meaning: str
    end_date: Need
    hours: Need
    planned_hours: Need
    small_statutes: Need
    place_of_work: Need
    ssin: Need
    quarter: bool
    one_day: bool
    longest_hours: int | None
    longest_days: int | None
    earliest_days: int | None
    earliest_before: Before
    first_start: dt.date | None
    last_start: dt.date | None

    @property
    def is_open(self) -> bool:
        """Whether new employments of this type can still begin."""
        return self.last_start is None

    def is_open_on(self, start: dt.date) -> bool:
        """Tell whether an employment of this type can begin on that day."""
        return (self.first_start is None or start >= self.first_start) and (
            self.last_start is None or start <= self.last_start
        )


_TABLE = "worker_types.toml"
_PLAIN = (Need.REQUIRED, Need.OPTIONAL, Need.FORBIDDEN)
_FORMS: Mapping[str, Form] = {
    "meaning": str,
    **dict.fromkeys(("end_date", "planned_hours", "small_statutes", "place_of_work", "ssin"), _PLAIN),
    "hours": tuple(Need),
    **dict.fromkeys(("quarter", "one_day"), bool),
    **dict.fromkeys(("longest_hours", "longest_days", "earliest_days"), int),
    "earliest_before": tuple(Before),
    **dict.fromkeys(("first_start", "last_start"), dt.date),
}


@cache
def worker_types() -> Mapping[str, WorkerType]:
    """
    Return every worker type by its code, the closed ones too.

    Raises ConfigurationError that names the first key or word of the table that has no meaning.
    """
    rows = toml_table(_TABLE)
    for code, row in rows.items():
        check_section(_TABLE, code, row, _FORMS, ["meaning"])
    return {
        code: WorkerType(
            code=code,
            meaning=row["meaning"],
            end_date=Need(row.get("end_date", Need.OPTIONAL)),
            hours=Need(row.get("hours", Need.FORBIDDEN)),
            planned_hours=Need(row.get("planned_hours", Need.FORBIDDEN)),
            small_statutes=Need(row.get("small_statutes", Need.FORBIDDEN)),
            place_of_work=Need(row.get("place_of_work", Need.FORBIDDEN)),
            ssin=Need(row.get("ssin", Need.OPTIONAL)),
            quarter=row.get("quarter", False),
            one_day=row.get("one_day", False),
            longest_hours=row.get("longest_hours"),
            longest_days=row.get("longest_days"),
            earliest_days=row.get("earliest_days"),
            earliest_before=Before(row.get("earliest_before", Before.START)),
            first_start=row.get("first_start"),
            last_start=row.get("last_start"),
        )
        for code, row in rows.items()
    }


def rule_for(code: str | None, start: dt.date | None) -> WorkerType | None:
    """Return what the type demands; None when it is unknown, or closed or not open yet on that day."""
    rule = worker_types()[code] if code else None
    return rule if rule is None or start is None or rule.is_open_on(start) else None


def quarter_of(day: dt.date) -> tuple[int, int]:
    """Return year and quarter of *day*."""
    return day.year, (day.month + 2) // 3


def earliest_filing(rule: WorkerType, start: dt.date) -> dt.date:
    """Return the first day on which an IN that starts on *start* may be filed; ``date.min`` for any day."""
    if rule.earliest_days is None:
        return dt.date.min
    since = start
    if rule.earliest_before is Before.QUARTER:
        since = dt.date(start.year, quarter_of(start)[1] * 3 - 2, 1)
    return dt.date.fromordinal(max(1, since.toordinal() - rule.earliest_days))
