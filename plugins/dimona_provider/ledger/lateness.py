"""What is still open at the service or with us, and how near its deadline is: for people, never a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.ledger import due
from dimona_provider.ledger.attempts import TAKEN_BESIDES
from dimona_provider.ledger.schema import IS_OPEN, events, intents, nearest_deadline
from dimona_provider.ledger.store import Ledger

STUCK = (State.UNCLEAR, State.HELD)
"""States that no machine may leave in time: a person has to look."""

SENDING = 600.0
"""Seconds after which a claim should have ended, whatever became of its sender."""

_SHOWN_BESIDES = 7 * 86_400.0

ALERTS_AFTER = 86_400.0
"""Seconds after which something without a deadline needs a person as if it had one."""

PATIENCE = 300.0
"""Seconds since it was due after which a look that did not happen is called late."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """A declaration that no machine settles in time."""

    environment: str
    reference: str
    kind: str
    employment: str
    state: State
    reason: str
    file_by: float | None


def open_states(ledger: Ledger) -> dict[str, dict[str, int]]:
    """Count by environment and state what has not ended yet."""
    by = (intents.c.environment, intents.c.state)
    found: dict[str, dict[str, int]] = {}
    with ledger.read() as connection:
        rows = connection.execute(sa.select(*by, sa.func.count().label("n")).where(IS_OPEN).group_by(*by))
        for row in rows.all():
            found.setdefault(row.environment, {})[row.state] = row.n
    return found


def late(ledger: Ledger, *, now: float) -> dict[str, int]:
    """Count by environment what should have been asked for some minutes ago and was not."""
    found: dict[str, int] = {}
    for route in due.routes(ledger):
        count = sum(one.is_free and one.due <= now - PATIENCE for one in due.owed(ledger, route, now=now))
        found[route.environment] = found.get(route.environment, 0) + count
    return found


def stuck(
    ledger: Ledger,
    *,
    now: float,
    after: float | None = None,
    before: float | None = None,
    limit: int | None = None,
) -> Sequence[Stuck]:
    """
    Return what a person has to look at, nearest deadline first.

    That is what is unclear or held, what has been sending for longer than any sender does, and for a week
    what the service took besides. With *after* and *before*, only what has its deadline between these two
    instants; what came to this later than its deadline counts from then, and what has none from a day after.
    """
    sending = sa.or_(intents.c.changed_at < now - SENDING, intents.c.changed_at > now + SENDING)
    besides = (
        sa.select(sa.func.max(events.c.detail))
        .where(
            events.c.intent == intents.c.id,
            events.c.what == TAKEN_BESIDES,
            events.c.at > now - _SHOWN_BESIDES,
        )
        .correlate(intents)
        .scalar_subquery()
    )
    is_stuck = sa.or_(
        intents.c.state.in_(STUCK), sa.and_(intents.c.state == State.SENDING, sending), besides.is_not(None)
    )
    which: list[sa.ColumnElement[bool]] = [is_stuck]
    if after is not None and before is not None:
        which.append(_is_urgent(now, after, before))
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(intents, besides.label("besides"))
            .where(*which)
            .order_by(*nearest_deadline())
            .limit(limit)
        ).all()
    return [
        Stuck(
            environment=row.environment,
            reference=row.reference,
            kind=row.kind,
            employment=row.employment,
            state=State(row.state),
            reason=_reason(row),
            file_by=row.file_by,
        )
        for row in rows
    ]


def _is_urgent(now: float, after: float, before: float) -> sa.ColumnElement[bool]:
    came_so = (events.c.intent == intents.c.id, events.c.what.in_(STUCK))
    latest = sa.select(sa.func.max(events.c.at)).where(*came_so).correlate(intents).scalar_subquery()
    since = sa.func.coalesce(latest, intents.c.created_at)
    return sa.or_(
        sa.and_(intents.c.file_by <= before, sa.or_(intents.c.file_by > after, since > after)),
        # No deadline to be too late for: until somebody has seen to it.
        sa.and_(intents.c.file_by.is_(None), since <= now - ALERTS_AFTER),
    )


def _reason(row: sa.Row[Any]) -> str:
    if row.besides:
        return f"{row.besides}: see whether both count, and cancel one if so"
    return row.reason or ("its sender does not report back" if row.state == State.SENDING else "")
