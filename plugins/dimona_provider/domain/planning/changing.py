"""From one known period to the one that is wanted instead: UPDATE, OUT, or CANCEL and IN, if still lawful."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.planning import steps
from dimona_provider.domain.planning.differences import (
    has_other_blocks,
    has_other_features,
    has_same_times,
    why_no_update,
    with_times_of,
)
from dimona_provider.domain.planning.lawful import (
    SPOILT_BY_LATENESS,
    answer_by,
    is_past,
    undo_by,
)
from dimona_provider.domain.planning.values import (
    Decision,
    Draft,
    KnownPeriod,
    Planned,
    Unplanned,
    Wanted,
)
from dimona_provider.domain.planning.words import DecisionKind, Option, Problem, Reason
from dimona_provider.domain.worker_types import earliest_filing, worker_types


def change(known: KnownPeriod, wanted: Wanted, now: dt.datetime) -> Draft:
    """Return what makes *known* what is *wanted*; nothing when it is that already."""
    other = has_other_features(known, wanted.content)
    if not other and has_same_times(known.content, wanted.content):
        draft = Draft()
        if has_other_blocks(known, wanted.content):
            draft.findings.append(Unplanned(Problem.FIXED, wanted.employments, (known.period_id,)))
        return draft
    if known.is_locked:
        return Draft(findings=[Unplanned(Problem.LOCKED, wanted.employments, (known.period_id,))])
    reason = Reason.OTHER_FEATURES if other else why_no_update(known.content, wanted.content)
    if reason is None and _waits_for_its_window(known, wanted, now):
        # An UPDATE to a start that is too early is refused, and meanwhile the declared start would pass.
        reason = Reason.OTHER_START
    if reason is not None:
        return replace_period(known, wanted, reason, now)
    return _move(known, wanted, now)


def is_too_early(content: DimonaIn, now: dt.datetime) -> bool:
    """Tell whether the lead time of its type forbids an IN of this on the day of *now* (in Brussels)."""
    return now.date() < earliest_filing(worker_types()[content.worker_type], content.start_date)


def _waits_for_its_window(known: KnownPeriod, wanted: Wanted, now: dt.datetime) -> bool:
    moved = known.content.start_date != wanted.content.start_date
    return moved and is_too_early(wanted.content, now)


def replace_period(known: KnownPeriod, wanted: Wanted, reason: Reason, now: dt.datetime) -> Draft:
    """Return CANCEL, then IN, or the question whether that is to be done although it is too late."""
    cancelled = steps.cancel(known, wanted.employments, reason)
    declared = steps.declare(wanted, Reason.REPLACEMENT, (cancelled.key,))
    if not is_past(undo_by(known.content), now):
        return Draft([cancelled, declared])
    held = (cancelled, declared)
    return Draft(decisions=[ask(DecisionKind.LATE_REPLACEMENT, known, wanted.employments, held, now)])


def ask(
    kind: DecisionKind,
    known: KnownPeriod,
    employments: tuple[str, ...],
    held: tuple[Planned, ...],
    now: dt.datetime,
) -> Decision:
    """Return the question whether *held* is to be filed after all; the harmless answer is to leave it."""
    options = (Option.KEEP, Option.CORRECT, Option.FILE)
    concerned = tuple(dict.fromkeys((*employments, *sorted(known.employments))))
    return Decision(kind, concerned, (known.period_id,), options, answer_by(now), held)


def _move(known: KnownPeriod, wanted: Wanted, now: dt.datetime) -> Draft:
    draft = Draft()
    before, after = known.content, with_times_of(known.content, wanted.content)
    if after.start_date > before.start_date and is_past(undo_by(before), now):
        # Taking back days that have passed is a late CANCEL of these days.
        held = (steps.update(known, wanted.employments, _closed_as_now(before, after)),)
        draft.decisions.append(ask(DecisionKind.LATE_START, known, wanted.employments, held, now))
        after = replace(after, start_date=before.start_date, start_hour=before.start_hour)
        if not _is_in_order(after) or has_same_times(before, after):
            return draft
    if _is_lasting(before, after):
        return draft
    _update(draft, known, wanted, _closed_as_now(before, after), now)
    if before.end_date is None and after.end_date is not None:
        _end(draft, known, wanted, after)
    return draft


def _closed_as_now(before: DimonaIn, after: DimonaIn) -> DimonaIn:
    """Return *after* without an end that only an OUT can give."""
    return replace(after, end_date=None) if before.end_date is None else after


def _is_in_order(content: DimonaIn) -> bool:
    is_one_day = worker_types()[content.worker_type].one_day
    if is_one_day and content.end_date != content.start_date:
        return False
    if content.end_date is None or content.end_date > content.start_date:
        return True
    if content.end_date < content.start_date:
        return False
    return content.start_hour is None or (content.end_hour or "2400") > content.start_hour


def _is_lasting(before: DimonaIn, after: DimonaIn) -> bool:
    return has_same_times(before, after)


def _update(draft: Draft, known: KnownPeriod, wanted: Wanted, after: DimonaIn, now: dt.datetime) -> None:
    if has_same_times(known.content, after):
        return
    planned = steps.update(known, wanted.employments, after)
    if planned.is_late(now) and after.worker_type in SPOILT_BY_LATENESS:
        draft.decisions.append(ask(DecisionKind.LATE_CHANGE, known, wanted.employments, (planned,), now))
    else:
        draft.planned.append(planned)


def _end(draft: Draft, known: KnownPeriod, wanted: Wanted, after: DimonaIn) -> None:
    if after.end_date is None:
        return
    # The OUT is judged by the period as the UPDATE before it leaves it.
    moved = draft.planned[-1] if draft.planned else None
    as_moved = replace(known, content=moved.after) if moved and moved.after else known
    planned = steps.end(as_moved, wanted.employments, after.end_date)
    draft.planned.append(replace(planned, depends_on=(moved.key,) if moved else ()))
