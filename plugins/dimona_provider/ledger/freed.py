"""Intents that waited for another declaration, and may go since that has its effect."""

from __future__ import annotations

import sqlalchemy as sa

from dimona_provider.domain.outcome import EFFECTIVE, State
from dimona_provider.domain.routes import Route
from dimona_provider.ledger import switch
from dimona_provider.ledger.schema import batches, intents
from dimona_provider.ledger.store import Ledger

_before = intents.alias()


def freed_by(ledger: Ledger, batch: str, *, now: float) -> list[str]:
    """Return the batches with intents that may go now: they are in *batch*, or waited for one of it."""
    return _batches(ledger, sa.or_(intents.c.batch == batch, _before.c.batch == batch), now)


def freed_on(ledger: Ledger, route: Route, *, now: float) -> list[str]:
    """Return the batches of *route* with intents that may go now; their runs may have ended."""
    of_route = (batches.c.dimona_conn_id == route.dimona_conn_id, batches.c.environment == route.environment)
    return _batches(ledger, intents.c.batch.in_(sa.select(batches.c.reference).where(*of_route)), now)


def _batches(ledger: Ledger, which: sa.ColumnElement[bool], now: float) -> list[str]:
    query = (
        sa.select(intents.c.batch)
        .join(_before, _before.c.id == intents.c.depends_on)
        .where(
            intents.c.depends_on.is_not(None),
            intents.c.state == State.PLANNED,
            intents.c.batch.is_not(None),
            sa.or_(intents.c.not_before.is_(None), intents.c.not_before <= now),
            _before.c.state.in_(EFFECTIVE),
            switch.not_switched_off(),
            which,
        )
        .distinct()
    )
    with ledger.read() as connection:
        return sorted(connection.scalars(query))
