"""When: the rules on dates, hours, quarters and lead times (glossary zones 00777, 00778, 00910, 00911)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.draft import Breach, Draft, breach
from dimona_provider.domain.needs import limits
from dimona_provider.domain.worker_types import Need, WorkerType, earliest_filing, quarter_of, worker_types

_OUT_OF_DOMAIN = Breach("00910-008", "start_date")
_END_OUT_OF_DOMAIN = Breach("00911-008", "end_date")
_END_BEFORE_START = Breach("00911-014", "end_date")
_END_HOUR_BEFORE_START = Breach("00778-345", "end_hour")
_NOT_THAT_DAY = Breach("00911-003", "end_date")
_OTHER_QUARTER = Breach("90373-421", "end_date")
_TOO_LONG = Breach("90373-341", "end_date")
_TOO_MANY_DAYS = Breach("00910-459", "start_date")
_LATE = Breach("90373-460", "start_date")
_END_STAYS = Breach("90378-368", "end_date")
_UPDATE_OF_TWO_QUARTERS = Breach("90378-421", "end_date")
_LATE_UPDATE = Breach("90378-460", "start_date")


def check_dates(draft: Draft, today: dt.date) -> Iterator[Breach]:
    """Yield what is wrong with the dates and hours of any kind, whatever the worker type."""
    rules = limits()["dates"]
    start, end = draft.values.get("start_date"), draft.values.get("end_date")
    last_year = today.year + rules["years_ahead"]
    if start is not None and not (start >= rules["earliest_start"] and start.year < last_year):
        yield _OUT_OF_DOMAIN
    if end is None or (draft.kind is Kind.UPDATE and end == rules["open_end"]):
        return
    if not (end >= rules["earliest_end"] and end.year < last_year):
        yield _END_OUT_OF_DOMAIN
    if start is not None:
        yield from _check_order(draft, start, end)


def _check_order(draft: Draft, start: dt.date, end: dt.date) -> Iterator[Breach]:
    if end < start:
        yield _END_BEFORE_START
    elif end == start:
        start_hour, end_hour = draft.values.get("start_hour"), draft.values.get("end_hour")
        # Work of no time is no work: the same hour twice counts as before.
        if start_hour is not None and end_hour is not None and end_hour <= start_hour:
            yield _END_HOUR_BEFORE_START


def check_period(draft: Draft, rule: WorkerType, today: dt.date) -> Iterator[Breach]:
    """Yield what is wrong with the period of an IN of type *rule*."""
    start, end = draft.values.get("start_date"), draft.values.get("end_date")
    if start is None:
        return
    if today < earliest_filing(rule, start):
        yield _OUT_OF_DOMAIN
    if rule.hours in {Need.DAY, Need.SPELL}:
        yield from _check_hours(draft, rule, start, end)
    if end is not None and end >= start:
        yield from _check_length(draft, rule, start, end)


def is_too_early(draft: Draft, today: dt.date) -> bool:
    """Tell whether the lead time of its type forbids to file this IN on *today*; waiting cures it."""
    code, start = draft.values.get("features.worker_type"), draft.values.get("start_date")
    return code is not None and start is not None and today < earliest_filing(worker_types()[code], start)


def check_late(draft: Draft, today: dt.date) -> Iterator[Breach]:
    """Yield the note that an IN comes after its start; it is accepted with a warning (W)."""
    start = draft.values.get("start_date")
    if start is not None and start < today:
        yield _LATE


def check_update(draft: Draft, today: dt.date) -> Iterator[Breach]:
    """Yield what an UPDATE says against itself, whatever its period: planned hours belong to one quarter."""
    start, end = draft.values.get("start_date"), draft.values.get("end_date")
    if "planned_hours" in draft.values:
        if end == limits()["dates"]["open_end"]:
            yield _END_STAYS
        elif start is not None and end is not None and end >= start and quarter_of(start) != quarter_of(end):
            yield _UPDATE_OF_TWO_QUARTERS
    if start is not None and start < today:
        yield _LATE_UPDATE


def _check_length(draft: Draft, rule: WorkerType, start: dt.date, end: dt.date) -> Iterator[Breach]:
    if rule.one_day and end != start:
        yield _NOT_THAT_DAY
    # A night is one performance, also on the last day of a quarter.
    is_night = rule.hours is Need.DAY and _is_night(draft, start, end)
    if rule.quarter and not is_night and quarter_of(start) != quarter_of(end):
        yield _OTHER_QUARTER
    if rule.longest_days is not None and (end - start).days >= rule.longest_days:
        yield _TOO_MANY_DAYS
    if rule.longest_hours is not None and _minutes(draft, start, end) > rule.longest_hours * 60:
        yield _TOO_LONG


def _minutes(draft: Draft, start: dt.date, end: dt.date) -> int:
    """Return how long it lasts; 0 when not both hours are known."""
    begins, ends = draft.values.get("start_hour"), draft.values.get("end_hour")
    if begins is None or ends is None:
        return 0
    days: int = (end - start).days
    return days * 1440 + int(ends[:2]) * 60 + int(ends[2:]) - int(begins[:2]) * 60 - int(begins[2:])


def _check_hours(draft: Draft, rule: WorkerType, start: dt.date, end: dt.date | None) -> Iterator[Breach]:
    if end is None and "end_date" in draft.present:
        return  # it can't be read, so nobody knows which form this is
    if rule.hours is Need.SPELL:
        needs = (True, not _is_day_lump_sum(draft, start, end))
        forbidden = False
    else:
        day = end is not None and (end <= start or _is_night(draft, start, end))
        needs, forbidden = (day, day), not day
    for name, needed in zip(("start_hour", "end_hour"), needs, strict=True):
        if needed and name not in draft.present:
            yield breach(name, "absent")
        if forbidden and name in draft.present:
            yield breach(name, "forbidden")


def _is_day_lump_sum(draft: Draft, start: dt.date, end: dt.date | None) -> bool:
    rules, committee = limits()["committees"], draft.values.get("features.joint_committee")
    if committee == rules["temporary_work"]:  # a temporary worker works in the user's sector
        committee = draft.values.get("user_enterprise.joint_committee")
    return committee in rules["day_lump_sum"] and end == start


def _is_night(draft: Draft, start: dt.date, end: dt.date) -> bool:
    has_hours = "start_hour" in draft.present or "end_hour" in draft.present
    return (end - start).days == 1 and has_hours
