"""
The hold switch: a person, or the service's own 403, stops sending for an employer or a connection.

It is read with each claim and again before each POST. What is held back stays planned; nothing is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger.intents import insert_once
from dimona_provider.ledger.schema import batches, holds, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.stranded import is_stranded, unbound
from dimona_provider.ledger.transitions import update_to

EVERY = ""
"""Stands for every connection, or for every employer."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One switch that is on."""

    dimona_conn_id: str
    """Empty for every connection."""
    employer: str
    """Empty for every employer."""
    reason: str
    placed_by: str
    placed_at: float


def not_switched_off() -> sa.ColumnElement[bool]:
    """Return the condition that no switch holds an intent back."""
    own = (
        sa.select(batches.c.dimona_conn_id)
        .where(batches.c.reference == intents.c.batch)
        .correlate(intents)
        .scalar_subquery()
    )
    switched_off = (
        sa.select(holds.c.id)
        .where(
            sa.or_(holds.c.dimona_conn_id == EVERY, holds.c.dimona_conn_id == own),
            # Of a row of old nobody knows the employer: any switch may mean it.
            sa.or_(
                holds.c.employer == EVERY,
                holds.c.employer == intents.c.employer,
                intents.c.employer == EVERY,
            ),
        )
        .correlate(intents)
        .exists()
    )
    return sa.not_(switched_off)


def place(
    ledger: Ledger, reason: str, *, dimona_conn_id: str = EVERY, employer: str = EVERY, now: float
) -> bool:
    """Turn a switch on; return whether it was off before. Nothing more is sent under it from now on."""
    with ledger.write() as connection:
        return place_in(ledger, connection, reason, dimona_conn_id=dimona_conn_id, employer=employer, now=now)


def place_in(
    ledger: Ledger,
    connection: sa.Connection,
    reason: str,
    *,
    dimona_conn_id: str,
    employer: str,
    now: float,
) -> bool:
    """Do as ``place``, within a transaction."""
    row = {
        "dimona_conn_id": dimona_conn_id,
        "employer": employer,
        "reason": reason,
        "placed_by": ledger.actor,
        "placed_at": now,
    }
    insert = insert_once(connection, holds).values(row).returning(holds.c.id)
    is_new = connection.scalar(insert) is not None
    if is_new:
        detail = f"{_scope(dimona_conn_id, employer)}: {reason}"
        ledger.note(connection, now, "hold placed", detail=detail)
    return is_new


def remove(
    ledger: Ledger,
    *,
    dimona_conn_id: str = EVERY,
    employer: str = EVERY,
    reason: str,
    now: float,
    placed_at: float | None = None,
) -> tuple[bool, int]:
    """
    Turn a switch off, and plan again what is held of its scope.

    Returns whether the switch was on, and how many intents were planned again. Other switches stay. With
    *placed_at* only the one that was placed then: raises DecisionRefused when that is not on any more.
    """
    which = [holds.c.dimona_conn_id == dimona_conn_id, holds.c.employer == employer]
    if placed_at is not None:
        which.append(holds.c.placed_at == placed_at)
    with ledger.write() as connection:
        was_on = connection.execute(holds.delete().where(*which)).rowcount > 0
        if placed_at is not None and not was_on:
            raise DecisionRefused("this switch is not on any more, or was placed anew: look at it again")
        of_connection = sa.select(batches.c.reference).where(batches.c.dimona_conn_id == dimona_conn_id)
        released = list(
            connection.scalars(
                update_to(State.PLANNED, reason=None, claim=None, changed_at=now)
                .where(
                    intents.c.state == State.HELD,
                    sa.not_(is_stranded()),  # no switch and no mandate is what it lacks
                    sa.true() if employer == EVERY else intents.c.employer == employer,
                    sa.true() if dimona_conn_id == EVERY else intents.c.batch.in_(of_connection),
                )
                .returning(intents.c.id)
            )
        )
        if was_on:
            ledger.note(
                connection, now, "hold removed", detail=f"{_scope(dimona_conn_id, employer)}: {reason}"
            )
        ledger.note(connection, now, "released", intents=released, detail=reason)
    return was_on, len(released)


def release_intent(ledger: Ledger, reference: str, *, reason: str, now: float) -> bool:
    """
    Plan one held intent again; return whether there was such a one.

    What is held because something that it waits for was refused waits no more: a person knows better.
    """
    with ledger.write() as connection:
        released = connection.scalar(
            update_to(State.PLANNED, reason=None, claim=None, depends_on=unbound(), changed_at=now)
            .where(intents.c.reference == reference, intents.c.state == State.HELD)
            .returning(intents.c.id)
        )
        if released is not None:
            ledger.note(connection, now, "released", intents=[released], detail=reason)
    return released is not None


def current(ledger: Ledger) -> Sequence[Hold]:
    """Return every switch that is on, oldest first."""
    with ledger.read() as connection:
        rows = connection.execute(sa.select(holds).order_by(holds.c.id))
        return [Hold(r.dimona_conn_id, r.employer, r.reason, r.placed_by, r.placed_at) for r in rows]


def _scope(dimona_conn_id: str, employer: str) -> str:
    return f"connection {dimona_conn_id or 'any'}, employer {employer or 'any'}"
