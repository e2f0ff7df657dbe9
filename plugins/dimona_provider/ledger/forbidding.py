"""What a 403 means for the other declarations of its employer: no more leave until a person lets them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.ledger import switch
from dimona_provider.ledger.schema import batches, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.transitions import update_to

FORBIDDEN = "the service says that we may not file for this employer"


def forbid(ledger: Ledger, connection: sa.Connection, refused: Sequence[int], *, now: float) -> None:
    """Turn the switch on for the employers of what was refused with 403, and hold what is planned there."""
    which = sa.select(intents.c.batch, intents.c.employer).where(intents.c.id.in_(list(refused)))
    for row in connection.execute(which.distinct()).all() if refused else []:
        hold_in(ledger, connection, row.batch, row.employer, FORBIDDEN, now=now)


def hold_in(
    ledger: Ledger, connection: sa.Connection, batch: str, employer: str, reason: str, *, now: float
) -> int:
    """Do as ``claims.hold_employer``, within a transaction."""
    conn_id = connection.scalar(sa.select(batches.c.dimona_conn_id).where(batches.c.reference == batch))
    if employer != switch.EVERY:  # a row of old without an employer must not stop all of them
        switch.place_in(ledger, connection, reason, dimona_conn_id=str(conn_id), employer=employer, now=now)
    return _hold_planned(ledger, connection, reason, now, intents.c.batch == batch, _of(employer))


def hold_rest(ledger: Ledger, batch: str, employer: str, *, now: float) -> int:
    """Hold what was given back since the 403, unless a person has turned its switch off already."""
    with ledger.write() as connection:
        which = (intents.c.batch == batch, _of(employer), sa.not_(switch.not_switched_off()))
        return _hold_planned(ledger, connection, FORBIDDEN, now, *which)


def _of(employer: str) -> sa.ColumnElement[bool]:
    return intents.c.employer == employer


def _hold_planned(
    ledger: Ledger, connection: sa.Connection, reason: str, now: float, *which: sa.ColumnElement[bool]
) -> int:
    planned = (*which, intents.c.state == State.PLANNED)
    held = update_to(State.HELD, reason=reason, changed_at=now).where(*planned).returning(intents.c.id)
    stopped = list(connection.scalars(held))
    ledger.note(connection, now, "held", intents=stopped)
    return len(stopped)
