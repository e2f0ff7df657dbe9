"""The rules on dates and hours, shared by IN, OUT and UPDATE (domain facts, sections 2 to 4)."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from include.dimona_simulator import tables
from include.dimona_simulator.model import Span
from include.dimona_simulator.tables import Hours, Need, TypeRule

_FIRST_START = date(1920, 1, 1)
_FIRST_END = date(1999, 1, 1)
_DAY = timedelta(days=1)


def need(rule: Need, zone: str, *, present: bool) -> Iterator[str]:
    """Give 001 for a required field that is absent, 005 for a forbidden one that is there."""
    if rule is Need.REQUIRED and not present:
        yield f"{zone}-001"
    if rule is Need.FORBIDDEN and present:
        yield f"{zone}-005"


def span_anomalies(span: Span, worker_type: str, committee: str, today: date) -> Iterator[str]:
    """Give the anomalies of dates and hours for a worker type and joint committee."""
    rule = tables.WORKER_TYPES.get(worker_type, tables.UNKNOWN_TYPE)
    yield from _dates(span, rule, today)
    yield from _hours(span, rule, committee)
    yield from need(rule.planned_hours, "01135", present=span.planned_hours is not None)
    if rule.hours is Hours.OF_A_SPELL:
        yield from _spell(span)


def crosses_quarters(span: Span) -> bool:
    """Tell whether a span ends in another quarter than it starts in."""
    return span.end is not None and _quarter(span.start) != _quarter(span.end)


def quarter_start(day: date) -> date:
    """Give the first day of a day's quarter."""
    return date(day.year, _quarter(day)[1] * 3 + 1, 1)


def interval(span: Span) -> tuple[datetime, datetime]:
    """Give a span as an interval of local time; whole days when it has no hours."""
    last = span.end or date.max
    begin = datetime.combine(span.start, _time(span.start_hour or "0000"))
    finish = datetime.combine(last, _time(span.end_hour)) if span.end_hour else _midnight_after(last)
    return begin, finish


def _quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3


def _time(hour: str) -> time:
    return time(int(hour[:2]), int(hour[2:]))


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day, time.max)


def _dates(span: Span, rule: TypeRule, today: date) -> Iterator[str]:
    horizon = date(today.year + 10, 1, 1)
    closed = rule.closed_since is not None and span.start >= rule.closed_since
    if closed or not _FIRST_START <= span.start < horizon:
        yield "00910-008"
    yield from need(rule.end_date, "00911", present=span.end is not None)
    if span.end is None:
        return
    if not _FIRST_END <= span.end < horizon:
        yield "00911-008"
    if span.end < span.start:
        yield "00911-014"
    if rule.one_day and span.end != span.start:
        yield "00911-003"


def _hours(span: Span, rule: TypeRule, committee: str) -> Iterator[str]:
    needed = _need_of_hours(span, rule)
    horeca_lump_sum = committee == tables.HORECA and span.end == span.start
    yield from need(needed, "00777", present=span.start_hour is not None)
    if not (needed is Need.REQUIRED and rule.hours is Hours.OF_A_SPELL and horeca_lump_sum):
        yield from need(needed, "00778", present=span.end_hour is not None)
    if span.start_hour and span.end_hour and span.start == span.end and span.end_hour <= span.start_hour:
        yield "00778-345"


def _need_of_hours(span: Span, rule: TypeRule) -> Need:
    match rule.hours:
        case Hours.NEVER:
            return Need.FORBIDDEN
        case Hours.ANY:
            return Need.OPTIONAL
        case Hours.OF_A_SPELL:
            return Need.REQUIRED
        case Hours.OF_A_DAY:
            return _need_of_flexi_hours(span)


def _need_of_flexi_hours(span: Span) -> Need:
    """One day, or a night past midnight, goes with both hours; a longer period with none."""
    if span.end is None:
        return Need.OPTIONAL
    if span.end <= span.start:
        return Need.REQUIRED
    with_hours = span.start_hour is not None or span.end_hour is not None
    return Need.REQUIRED if with_hours and span.end == span.start + _DAY else Need.FORBIDDEN


def _spell(span: Span) -> Iterator[str]:
    if span.end is None or span.end < span.start:
        return
    if span.end > span.start + _DAY:
        yield "00910-459"
    if span.start_hour and span.end_hour:
        begin, finish = interval(span)
        if finish - begin > _DAY:
            yield "90373-341"
