"""The rules on dates and hours, shared by IN, OUT and UPDATE (domain facts, sections 2 to 4)."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from include.dimona_simulator import tables
from include.dimona_simulator.model import Span
from include.dimona_simulator.moments import clock, quarter
from include.dimona_simulator.tables import Hours, Need, Quarter, TypeRule

_FIRST_START = date(1920, 1, 1)
_FIRST_END = date(1999, 1, 1)
_DAY = timedelta(days=1)


def need(rule: Need, zone: str, *, present: bool) -> Iterator[str]:
    """Give 001 for a required field that is absent, 005 for a forbidden one that is there."""
    if rule is Need.REQUIRED and not present:
        yield f"{zone}-001"
    if rule is Need.FORBIDDEN and present:
        yield f"{zone}-005"


def span_anomalies(
    span: Span, worker_type: str, committee: str, today: date, block: str = "90373"
) -> Iterator[str]:
    """
    Give the anomalies of dates and hours for a worker type and joint committee.

    *block* is that of the declaration: 90373 for IN, 90378 for UPDATE.
    """
    rule = tables.rule_of(worker_type, span.start)
    yield from _start(span, worker_type, today)
    yield from _end(span, rule, today)
    yield from _hours(span, rule, committee)
    yield from need(rule.planned_hours, "01135", present=span.planned_hours is not None)
    if rule.hours is Hours.OF_A_SPELL and span.end is not None and span.end - span.start > _DAY:
        yield "00910-459"
    if _is_over_24_hours(span, rule):
        yield f"{block}-341"
    if _leaves_its_quarter(span, rule):
        yield f"{block}-421"


def has_hours(span: Span, worker_type: str) -> bool:
    """Tell whether a period is one of hours rather than of days."""
    rule = tables.rule_of(worker_type, span.start)
    return rule.hours is Hours.OF_A_SPELL or (rule.hours is Hours.OF_A_DAY and span.start_hour is not None)


def interval(span: Span) -> tuple[datetime, datetime]:
    """Give a span as an interval of local time; whole days when it has no hours."""
    last = span.end or date.max
    begin = datetime.combine(span.start, clock(span.start_hour or "0000"))
    finish = datetime.combine(last, clock(span.end_hour) if span.end_hour else time.max)
    return begin, finish


def hours_in_order(span: Span) -> bool:
    """Tell whether the hours of one day are not the wrong way round."""
    if span.start_hour is None or span.end_hour is None or span.start != span.end:
        return True
    return span.start_hour < span.end_hour


def day_anomalies(start: date | None, end: date | None, today: date) -> Iterator[str]:
    """Give the anomalies that dates have whatever they belong to."""
    horizon = date(today.year + 10, 1, 1)
    if start is not None and not _FIRST_START <= start < horizon:
        yield "00910-008"
    if end is not None and not _FIRST_END <= end < horizon:
        yield "00911-008"
    if start is not None and end is not None and end < start:
        yield "00911-014"


def _start(span: Span, worker_type: str, today: date) -> Iterator[str]:
    rule = tables.WORKER_TYPES.get(worker_type, tables.UNKNOWN_TYPE)
    if not rule.is_open(span.start):
        yield "00910-008"
    yield from day_anomalies(span.start, None, today)


def _end(span: Span, rule: TypeRule, today: date) -> Iterator[str]:
    yield from need(rule.end_date, "00911", present=span.end is not None)
    if span.end is None:
        return
    yield from (code for code in day_anomalies(span.start, span.end, today) if code.startswith("00911"))
    if rule.one_day and span.end > span.start:
        yield "00911-003"


def _hours(span: Span, rule: TypeRule, committee: str) -> Iterator[str]:
    needed = _need_of_hours(span, rule)
    horeca_lump_sum = committee == tables.HORECA and span.end == span.start
    yield from need(needed, "00777", present=span.start_hour is not None)
    if not (needed is Need.REQUIRED and rule.hours is Hours.OF_A_SPELL and horeca_lump_sum):
        yield from need(needed, "00778", present=span.end_hour is not None)
    if not hours_in_order(span):
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
        return Need.FORBIDDEN
    return Need.REQUIRED if span.end <= span.start or _is_night(span) else Need.FORBIDDEN


def _is_night(span: Span) -> bool:
    """Tell whether a span with hours ends on the day after its start."""
    with_hours = span.start_hour is not None or span.end_hour is not None
    return with_hours and span.end is not None and span.end - span.start == _DAY


def _is_over_24_hours(span: Span, rule: TypeRule) -> bool:
    if rule.hours is not Hours.OF_A_SPELL or span.end is None or not (span.start_hour and span.end_hour):
        return False
    begin, finish = interval(span)
    return finish - begin > _DAY


def _leaves_its_quarter(span: Span, rule: TypeRule) -> bool:
    if rule.quarter is Quarter.ANY or span.end is None or span.end < span.start:
        return False
    is_night = rule.quarter is Quarter.ONE_WITHOUT_HOURS and _is_night(span)
    return not is_night and quarter(span.start) != quarter(span.end)
