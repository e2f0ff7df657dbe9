"""
Intents that wait for another declaration which ended without effect: held, so that a person sees them.

An IN may go only after the CANCEL of the period that it replaces. Once the NSSO has refused that CANCEL
nothing would ever free the IN: it would stay planned, unseen. It is held with the reason, until a person
releases it alone (then it waits no more), or payroll corrects it, or what it waits for turns out to be so.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.outcome import EFFECTIVE, State
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.transitions import update_to

WAITED_FOR = "it waits for "
"""How the reason of each of them begins; no other reason does."""
_IS_SO = "what it waits for is so"

_before = intents.alias()


def strand(ledger: Ledger, batch: str | None, *, now: float) -> int:
    """
    Hold what waits for something refused, in *batch*, or for one of it, or anywhere; return how many.

    What was held so is planned again once that has its effect after all. Doing it again changes nothing.
    """
    # Only what has such a prerequisite is looked at: the index on depends_on has no others.
    which = sa.true() if batch is None else sa.or_(intents.c.batch == batch, _before.c.batch == batch)
    query = (
        sa.select(intents.c.id, intents.c.state, _before.c.state.label("before"), _before.c.reference)
        .add_columns(_before.c.kind, _before.c.anomalies)
        .join(_before, _before.c.id == intents.c.depends_on)
        .where(
            intents.c.depends_on.is_not(None),
            sa.or_(
                sa.and_(intents.c.state == State.PLANNED, _before.c.state == State.REFUSED),
                sa.and_(is_stranded(), _before.c.state.in_(EFFECTIVE)),
            ),
            which,
        )
        .order_by(intents.c.id)
    )
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    if not rows:
        return 0  # hardly ever is there one: no lock for that
    with ledger.write() as connection:
        changed = [_change(ledger, connection, row, now) for row in rows]
    return sum(to is State.HELD for to in changed)


def free(ledger: Ledger, connection: sa.Connection, before: int, *, now: float) -> None:
    """Plan again at once what was held for want of the intent *before*, which has its effect after all."""
    which = (intents.c.depends_on == before, is_stranded())
    change = update_to(State.PLANNED, reason=None, changed_at=now).where(*which).returning(intents.c.id)
    freed = list(connection.scalars(change))
    ledger.note(connection, now, "planned again", intents=freed, detail=_IS_SO)


def is_stranded() -> sa.ColumnElement[bool]:
    """Return the condition that an intent is held for want of what it waits for; it never left."""
    return sa.and_(intents.c.state == State.HELD, intents.c.reason.startswith(WAITED_FOR))


def unbound() -> sa.ColumnElement[int]:
    """Return what an intent waits for once a person has released it: what strands it no more."""
    return sa.case((is_stranded(), sa.null()), else_=intents.c.depends_on)


def _change(ledger: Ledger, connection: sa.Connection, row: Any, now: float) -> State | None:
    """Hold an intent or plan it again; return its new state, None when it has changed since the look."""
    reason = None
    if row.state == State.PLANNED:
        codes = f" ({row.anomalies})" if row.anomalies else ""
        reason = f"{WAITED_FOR}the {row.kind} {row.reference}, which was refused{codes}"
    to = State.PLANNED if reason is None else State.HELD
    still = (intents.c.id == row.id, intents.c.state == row.state)
    if not connection.execute(update_to(to, reason=reason, changed_at=now).where(*still)).rowcount:
        return None
    what = "planned again" if reason is None else str(State.HELD)
    ledger.note(connection, now, what, intents=[row.id], detail=reason or _IS_SO)
    return to
