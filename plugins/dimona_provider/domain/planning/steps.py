"""The single declarations that a plan is made of, each with its deadline."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from dimona_provider.domain.deadlines import cancel_by, file_out_by
from dimona_provider.domain.declaration import (
    OPEN_END,
    DimonaCancel,
    DimonaIn,
    DimonaOut,
    DimonaUpdate,
)
from dimona_provider.domain.planning.differences import TIMES
from dimona_provider.domain.planning.lawful import change_by, starts_at, undo_by
from dimona_provider.domain.planning.values import KnownPeriod, Planned, Wanted
from dimona_provider.domain.planning.words import Reason


def declare(wanted: Wanted, reason: Reason | None = None, depends_on: tuple[str, ...] = ()) -> Planned:
    """Return the IN of a wanted period."""
    return Planned(
        subject=wanted.subject,
        declaration=wanted.content,
        employments=wanted.employments,
        reason=reason or wanted.reason,
        file_by=starts_at(wanted.content),
        after=wanted.content,
        depends_on=depends_on,
    )


def cancel(known: KnownPeriod, employments: tuple[str, ...], reason: Reason) -> Planned:
    """Return the CANCEL of a period."""
    is_withdrawn = reason is Reason.WITHDRAWN
    return Planned(
        subject=_subject(known),
        declaration=DimonaCancel(known.period_id, employer=known.content.employer),
        employments=employments,
        reason=reason,
        # Who never came is withdrawn until midnight; what gives way to other work only until work starts.
        file_by=cancel_by(known.content.start_date) if is_withdrawn else undo_by(known.content),
        after=None,
    )


def end(known: KnownPeriod, employments: tuple[str, ...], last_day: dt.date) -> Planned:
    """Return the OUT of a period that has no end yet."""
    return Planned(
        subject=_subject(known),
        declaration=DimonaOut(known.period_id, last_day, employer=known.content.employer),
        employments=employments,
        reason=Reason.ENDED,
        file_by=file_out_by(last_day),
        after=replace(known.content, end_date=last_day),
    )


def update(known: KnownPeriod, employments: tuple[str, ...], after: DimonaIn) -> Planned:
    """Return the UPDATE that makes a period *after*: it names only what changes."""
    before = known.content
    changed = {name: getattr(after, name) for name in TIMES if getattr(after, name) != getattr(before, name)}
    is_reopened = "end_date" in changed and changed["end_date"] is None
    if is_reopened:
        changed["end_date"] = OPEN_END
    return Planned(
        subject=_subject(known),
        declaration=DimonaUpdate(known.period_id, **changed, employer=before.employer),
        employments=employments,
        reason=Reason.REOPENED if is_reopened else Reason.MOVED,
        file_by=change_by(before, after),
        after=after,
    )


def _subject(known: KnownPeriod) -> str:
    # An IN that takes its place has another subject, so that both can be written down at once.
    return f"period {known.period_id.number}"
