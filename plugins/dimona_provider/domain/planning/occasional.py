"""Occasional work: a period for each spell, and one ordinary period for more than two days in a row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.employment import Employment
from dimona_provider.domain.planning.lawful import answer_by, is_past, undo_by
from dimona_provider.domain.planning.values import Decision, Draft, KnownPeriod, Wanted, employer_key
from dimona_provider.domain.planning.words import DecisionKind, Option, Reason

_DAY = dt.timedelta(days=1)
_MOST = 2
"""Days in a row that occasional work may go on (00910-459); a spell counts on the day it starts."""


@dataclass(frozen=True, slots=True)
class _Spell:
    employment: Employment
    days: frozenset[dt.date]
    begun: KnownPeriod | None
    """Its period, if that can't be taken back any more."""


def occasional_periods(
    employments: Sequence[Employment],
    known: Sequence[KnownPeriod],
    references: Set[str],
    draft: Draft,
    now: dt.datetime,
) -> Iterator[Wanted]:
    """
    Yield the periods of occasional work with one employer; *references* are those that payroll still has.

    What was declared as occasional and has begun stays so, and a question is put into *draft*: it can't be
    cancelled, and the days around it are declared all the same.
    """
    if not employments:
        return
    employer = employer_key(employments[0].start.employer)
    ours = [one for one in known if employer_key(one.content.employer) == employer]
    occasional = [one for one in ours if one.content.worker_type == "EXT"]
    yield from _go_on_as_ordinary(employments, ours, now)
    rest = [one for one in employments if _ordinary_of(one, ours, now) is None]
    spells = [_spell(one, occasional, now) for one in rest]
    stays = [
        one
        for one in occasional
        if one.is_locked or not one.employments <= references or is_past(undo_by(one.content), now)
    ]
    standing = {one.content.start_date for one in stays}
    for run in _runs({day for one in spells for day in one.days} | standing):
        yield from _of_run(run, [one for one in spells if one.days & run], stays, draft, now)


def _ordinary_of(one: Employment, known: Iterable[KnownPeriod], now: dt.datetime) -> KnownPeriod | None:
    """Return the ordinary period that stands for a spell already and has begun."""
    serving = (
        period
        for period in known
        if one.reference in period.employments
        and period.content.worker_type == "OTH"
        and _touches(period.content, one.start)
        and is_past(undo_by(period.content), now)
    )
    return min(serving, key=lambda period: period.period_id.number, default=None)


def _touches(period: DimonaIn, wish: DimonaIn) -> bool:
    """Tell whether a spell lies in a period or next to it; one that was moved away is none of it any more."""
    last = period.end_date or dt.date.max - _DAY
    return period.start_date - _DAY <= (wish.end_date or wish.start_date) and wish.start_date <= last + _DAY


def _go_on_as_ordinary(
    employments: Sequence[Employment], known: Sequence[KnownPeriod], now: dt.datetime
) -> Iterator[Wanted]:
    joined: dict[int, list[Employment]] = {}
    for one in employments:
        period = _ordinary_of(one, known, now)
        if period is not None:
            joined.setdefault(period.period_id.number, []).append(one)
    for members in joined.values():
        yield _ordinary(members)


def _spell(one: Employment, known: Sequence[KnownPeriod], now: dt.datetime) -> _Spell:
    serving = [period for period in known if one.reference in period.employments]
    begun = [period for period in serving if period.is_locked or is_past(undo_by(period.content), now)]
    if begun:
        first = min(begun, key=lambda period: period.period_id.number)
        return _Spell(one, frozenset({first.content.start_date}), first)
    start, end = one.start.start_date, one.start.end_date or one.start.start_date
    length = (end - start).days + 1
    days = range(length if length > _MOST else 1)  # a night counts on the day it starts
    return _Spell(one, frozenset(start + number * _DAY for number in days), None)


def _runs(days: Set[dt.date]) -> Iterator[frozenset[dt.date]]:
    run: list[dt.date] = []
    for day in sorted(days):
        if run and day - run[-1] > _DAY:
            yield frozenset(run)
            run = []
        run.append(day)
    if run:
        yield frozenset(run)


def _of_run(
    run: frozenset[dt.date],
    spells: Sequence[_Spell],
    stays: Sequence[KnownPeriod],
    draft: Draft,
    now: dt.datetime,
) -> Iterator[Wanted]:
    if len(run) <= _MOST:
        yield from (_alone(one.employment) for one in spells)
        return
    yield from (_alone(one.employment) for one in spells if one.begun)
    free = [one for one in spells if one.begun is None]
    for stretch in _runs({day for one in free for day in one.days}):
        yield _ordinary([one.employment for one in free if one.days & stretch])
    begun = [one for one in stays if one.content.start_date in run]
    if free and begun:
        draft.decisions.append(
            Decision(
                DecisionKind.RUN_BEGUN,
                tuple(sorted(one.employment.reference for one in spells)),
                tuple(sorted((one.period_id for one in begun), key=lambda number: number.number)),
                (Option.KEEP, Option.CORRECT),
                answer_by(now),
            )
        )


def _alone(one: Employment) -> Wanted:
    return Wanted(f"employment {one.reference}", one.start, (one.reference,))


def _ordinary(members: Sequence[Employment]) -> Wanted:
    ordered = sorted(members, key=lambda one: (one.start.start_date, one.reference))
    ends = (one.start.end_date for one in ordered if one.start.end_date)
    content = replace(
        ordered[0].start, worker_type="OTH", end_date=max(ends, default=None), start_hour=None, end_hour=None
    )
    references = tuple(one.reference for one in ordered)
    return Wanted(f"run {references[0]}", content, references, Reason.RUN)
