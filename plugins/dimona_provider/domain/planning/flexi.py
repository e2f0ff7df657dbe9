"""Flexi-jobs without hours: one period in each quarter at least, whose end never moves later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.planning import steps
from dimona_provider.domain.planning.changing import ask, change
from dimona_provider.domain.planning.lawful import is_past, starts_at, undo_by
from dimona_provider.domain.planning.values import Draft, KnownPeriod, Unplanned, Wanted
from dimona_provider.domain.planning.words import DecisionKind, Problem, Reason
from dimona_provider.domain.worker_types import earliest_filing, quarter_of, worker_types

_DAY = dt.timedelta(days=1)


def quarters_of(reference: str, content: DimonaIn, now: dt.datetime, last_known: dt.date) -> Iterator[Wanted]:
    """
    Yield the periods of a flexi-job, one in each quarter.

    Without an end date there is no last one: the quarters up to the first that the NSSO does not take yet,
    and those up to *last_known*, which are declared.
    """
    begin = content.start_date
    while content.end_date is None or begin <= content.end_date:
        is_open = content.end_date is None
        ends = last_day_of_quarter(begin)
        end = ends if content.end_date is None else min(ends, content.end_date)
        year, number = quarter_of(begin)
        yield Wanted(
            subject=f"employment {reference} {year}Q{number}",
            content=replace(content, start_date=begin, end_date=end),
            employments=(reference,),
            reason=Reason.NEW if begin == content.start_date else Reason.QUARTER,
            is_end_ours=is_open,
        )
        if is_open and not _is_due(begin, now, last_known):
            return
        begin = ends + _DAY


def _is_due(begin: dt.date, now: dt.datetime, last_known: dt.date) -> bool:
    return begin <= last_known or now.date() >= earliest_filing(worker_types()["FLX"], begin)


def last_day_of_quarter(day: dt.date) -> dt.date:
    """Return the last day of the quarter of *day*."""
    year, number = quarter_of(day)
    following = dt.date(year + number // 4, number % 4 * 3 + 1, 1)
    return following - _DAY


def change_all(periods: Sequence[KnownPeriod], wanted: Wanted, now: dt.datetime) -> Draft:
    """Return what makes *periods*, which stand for one wanted period of a quarter, cover it."""
    draft, rest = Draft(), []
    for known in sorted(periods, key=lambda one: (one.content.start_date, one.period_id.number)):
        if _is_outside(known, wanted):
            _take_back(draft, known, wanted, now)
        else:
            rest.append(known)
    if not rest:
        draft.planned.append(steps.declare(wanted))
    elif rest[-1].content.end_date is None:
        _leave_open(draft, rest, wanted, now)
    else:
        _cover(draft, rest, wanted, now)
    return draft


def _is_outside(known: KnownPeriod, wanted: Wanted) -> bool:
    start, end = wanted.content.start_date, wanted.content.end_date or dt.date.max
    return known.content.start_date > end or (known.content.end_date or dt.date.max) < start


def _take_back(draft: Draft, known: KnownPeriod, wanted: Wanted, now: dt.datetime) -> None:
    if known.is_locked:
        draft.findings.append(Unplanned(Problem.LOCKED, wanted.employments, (known.period_id,)))
        return
    cancelled = steps.cancel(known, wanted.employments, Reason.UNWANTED)
    if is_past(undo_by(known.content), now):
        draft.decisions.append(ask(DecisionKind.LATE_CANCEL, known, wanted.employments, (cancelled,), now))
    else:
        draft.planned.append(cancelled)


def _leave_open(draft: Draft, rest: list[KnownPeriod], wanted: Wanted, now: dt.datetime) -> None:
    """Close a period that was declared without an end only if payroll names the end itself."""
    if wanted.is_end_ours:
        draft.findings.append(Unplanned(Problem.ENDLESS, wanted.employments, (rest[-1].period_id,)))
        return
    _cover(draft, rest, wanted, now)


def _cover(draft: Draft, rest: list[KnownPeriod], wanted: Wanted, now: dt.datetime) -> None:
    """Move the first start and the last end; what can't be made longer is followed by a further period."""
    first, last = rest[0], rest[-1]
    content, known_end = wanted.content, last.content.end_date
    is_longer = known_end is not None and content.end_date is not None and content.end_date > known_end
    if is_longer and first is last and _is_replaceable(first, content, now):
        draft.add(change(first, wanted, now))
        return
    ends = known_end if is_longer else content.end_date
    for known in (first,) if first is last else (first, last):
        begin = content.start_date if known is first else known.content.start_date
        end = ends if known is last else known.content.end_date
        draft.add(
            change(known, replace(wanted, content=replace(content, start_date=begin, end_date=end)), now)
        )
    for begin, until in _gaps(rest):
        _follow(draft, wanted, begin, until)
    if is_longer and known_end is not None:
        _follow(draft, wanted, known_end + _DAY, content.end_date)


def _gaps(rest: Sequence[KnownPeriod]) -> Iterator[tuple[dt.date, dt.date]]:
    for known, after in pairwise(rest):
        end, following = known.content.end_date, after.content.start_date
        if end is not None and following - end > _DAY:
            yield end + _DAY, following - _DAY


def _follow(draft: Draft, wanted: Wanted, begin: dt.date, end: dt.date | None) -> None:
    content = replace(wanted.content, start_date=begin, end_date=end)
    # A subject of its own: the first period may have a declaration open.
    subject = f"{wanted.subject} from {begin}"
    draft.planned.append(steps.declare(replace(wanted, subject=subject, content=content), Reason.FURTHER))


def _is_replaceable(known: KnownPeriod, content: DimonaIn, now: dt.datetime) -> bool:
    # A CANCEL in time, and an IN in time: a late IN is no flexi-job any more.
    return not (known.is_locked or is_past(undo_by(known.content), now) or is_past(starts_at(content), now))
