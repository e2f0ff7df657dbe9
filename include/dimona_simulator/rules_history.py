"""The rules that compare a period with the others of its worker: clashes, running days, quotas."""

from collections.abc import Iterable
from datetime import date, timedelta

from include.dimona_simulator import tables
from include.dimona_simulator.model import Period, Span
from include.dimona_simulator.rules_span import interval
from include.dimona_simulator.settings import Registers

_DAY = timedelta(days=1)
_MOST_RUNNING_DAYS = 2


def clash(span: Span, worker_type: str, others: Iterable[Period], registers: Registers) -> str | None:
    """
    Give 333 for an equal period, 334 for an overlapping one, else nothing.

    *others* are the worker's periods with the same employer; a cancelled one is no hindrance. Several
    student periods may lie side by side or on top of each other unless the registers say no: the law allows
    more than one in a quarter.
    """
    if span.end is not None and span.end < span.start:
        return None
    begin, finish = interval(span)
    duplicates = worker_type == "STU" and registers.student_duplicates == "accepted"
    found = None
    for other in others:
        theirs = other.latest
        if theirs.cancelled or (duplicates and other.worker_type == "STU"):
            continue
        starts, ends = interval(theirs)
        if (begin, finish) == (starts, ends):
            return "333"
        if begin < ends and starts < finish:
            found = "334"
    return found


def runs_too_long(span: Span, worker_type: str, others: Iterable[Period]) -> bool:
    """
    Tell whether occasional work with one employer goes on for more than two days running.

    A spell counts on the day it starts, also when it ends past midnight.
    """
    if worker_type != "EXT":
        return False
    days = {
        other.latest.start for other in others if other.worker_type == "EXT" and not other.latest.cancelled
    }
    days.discard(span.start)
    return 1 + _running(span.start, -_DAY, days) + _running(span.start, _DAY, days) > _MOST_RUNNING_DAYS


def exceeds_quota(
    span: Span, worker_type: str, ssin: str | None, periods: Iterable[Period], registers: Registers
) -> bool:
    """
    Tell whether a worker's planned hours of one type and calendar year pass its quota.

    *periods* are the worker's other ones, with whatever employer. Hours of a late period lie outside the
    quota.
    """
    limit = registers.quotas.get(worker_type)
    if limit is None or span.planned_hours is None:
        return False
    used = registers.hours_used.get(ssin or "", 0) + span.planned_hours
    for period in periods:
        theirs = period.latest
        counts = period.worker_type == worker_type and not (theirs.cancelled or theirs.late)
        if counts and theirs.start.year == span.start.year:
            used += theirs.planned_hours or 0
    return used > limit


def quota_anomalies(
    span: Span,
    worker_type: str,
    ssin: str | None,
    periods: Iterable[Period],
    registers: Registers,
    *,
    late: bool,
) -> list[str]:
    """Give the anomaly of a quota; a late student period has none, because it lies outside."""
    if late and worker_type not in tables.QUOTA_BLOCKS:
        return []
    return [tables.QUOTA] if exceeds_quota(span, worker_type, ssin, periods, registers) else []


def _running(day: date, step: timedelta, days: set[date]) -> int:
    count = 0
    while day + step in days:
        day += step
        count += 1
    return count
