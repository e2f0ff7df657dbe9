"""What the law demands of an IN, read from tables; a payroll expert corrects the tables, not this module."""

from __future__ import annotations

import csv
import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong: the field of payroll's record, and a sentence without its value."""

    field: str
    reason: str


class Need(StrEnum):
    """Whether a field has to be there."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    FORBIDDEN = "forbidden"
    DAY = "day"
    """Both hours for one day of work, both or none for a night, none for a longer period."""


@dataclass(frozen=True, slots=True)
class WorkerType:
    """A row of tables/worker_types.toml."""

    code: str
    meaning: str
    end_date: Need
    hours: Need
    planned_hours: Need
    quarter: bool
    planned: bool


@cache
def worker_types() -> Mapping[str, WorkerType]:
    """Return every worker type that is open today, by its code."""
    rows = tomllib.loads(_table("worker_types.toml"))
    return {
        code: WorkerType(
            code=code,
            meaning=row["meaning"],
            end_date=Need(row["end_date"]),
            hours=Need(row["hours"]),
            planned_hours=Need(row["planned_hours"]),
            quarter=row.get("quarter", False),
            planned=row.get("planned", False),
        )
        for code, row in rows.items()
    }


@cache
def _joint_committees() -> Mapping[tuple[str, str], str]:
    rows = csv.DictReader(_table("joint_committees.csv").splitlines())
    return {(row["payroll"], row["worker_type"]): row["dimona"] for row in rows}


def dimona_joint_committee(payroll: str, worker_type: str) -> str:
    """
    Translate payroll's joint committee into one that Dimona accepts.

    Dimona knows nine values; every other sector is XXX (glossary zone 00046). Subcommittees (``302.01``,
    ``3020100``) count as their committee.
    """
    committee = payroll.strip()[:3]
    table = _joint_committees()
    for key in ((committee, worker_type), (committee, "*")):
        if key in table:
            return table[key]
    return table["*", "*"]


def quarter_of(day: dt.date) -> tuple[int, int]:
    """Return year and quarter of *day*."""
    return day.year, (day.month + 2) // 3


@dataclass(frozen=True, slots=True)
class Dates:
    """What the rules look at."""

    start_date: dt.date
    end_date: dt.date | None
    start_hour: str | None
    end_hour: str | None
    planned_hours: int | None


def check(rule: WorkerType, dates: Dates) -> Iterator[Defect]:
    """Yield every defect of an IN of type *rule*."""
    yield from _check_end(rule, dates)
    yield from _check_hours(rule, dates)
    if rule.planned_hours is Need.REQUIRED and dates.planned_hours is None:
        yield Defect("planned_hours", f"required for {rule.code}")
    if rule.planned_hours is Need.FORBIDDEN and dates.planned_hours is not None:
        yield Defect("planned_hours", f"not allowed for {rule.code}")


def _check_end(rule: WorkerType, dates: Dates) -> Iterator[Defect]:
    if dates.end_date is None:
        if rule.end_date is Need.REQUIRED:
            yield Defect("end_date", f"required for {rule.code}")
        return
    if dates.end_date < dates.start_date:
        yield Defect("end_date", "before the start date")
    elif rule.hours is Need.DAY and _is_night(dates):
        return  # one performance, also on the last night of a quarter
    elif rule.quarter and quarter_of(dates.start_date) != quarter_of(dates.end_date):
        yield Defect("end_date", f"in another quarter than the start date, which {rule.code} does not allow")


def _check_hours(rule: WorkerType, dates: Dates) -> Iterator[Defect]:
    hours = dates.start_hour, dates.end_hour
    need, where = rule.hours, ""
    if need is Need.DAY:
        need, where = _need_of_day_hours(dates)
    for name, value in zip(("start_hour", "end_hour"), hours, strict=True):
        if need is Need.REQUIRED and value is None:
            yield Defect(name, f"required for {rule.code}{where}")
        if need is Need.FORBIDDEN and value is not None:
            yield Defect(name, f"not allowed for {rule.code}{where}")
    if dates.end_date == dates.start_date and None not in hours and str(hours[1]) <= str(hours[0]):
        yield Defect("end_hour", "not after the start hour on the same day")


def _is_night(dates: Dates) -> bool:
    next_day = dates.end_date is not None and (dates.end_date - dates.start_date).days == 1
    return next_day and (dates.start_hour is not None or dates.end_hour is not None)


def _need_of_day_hours(dates: Dates) -> tuple[Need, str]:
    if dates.end_date == dates.start_date:
        return Need.REQUIRED, " on one day"
    if _is_night(dates):
        return Need.REQUIRED, " past midnight"
    return Need.FORBIDDEN, " for a period"


def _table(name: str) -> str:
    return resources.files("dimona_provider.domain").joinpath("tables", name).read_text(encoding="utf-8")
