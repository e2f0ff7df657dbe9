"""
Batches of one: for what a person filed by hand before any run had taken it.

Whoever asks for outcomes goes by batches, so that what is in none would never be asked for.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.routes import Route
from dimona_provider.ledger import batches
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.schema import batches as table
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.store import Ledger


def put_in(ledger: Ledger, connection: sa.Connection, intent: Any, *, now: float) -> str | None:
    """
    Put *intent*, a row without a batch, into one of its own; return its reference.

    Its connection is the one that filed last for that employer, else in that environment. None while there
    was no such one: ``batches.assign`` takes it into the next run then.
    """
    same = intents.alias()
    of_employer = sa.exists().where(same.c.batch == table.c.reference, same.c.employer == intent.employer)
    newest = (
        sa.select(table)
        .where(table.c.environment == intent.environment)
        .order_by(sa.case((of_employer, 0), else_=1), table.c.created_at.desc(), table.c.reference)
        .limit(1)
    )
    like = connection.execute(newest).first()
    if like is None:
        return None
    route = Route(like.dimona_conn_id, like.environment)
    origin = _origin(intent)
    reference = batches.create(connection, Run(like.dag_id, origin), route, origin, now=now)
    connection.execute(intents.update().where(intents.c.id == intent.id).values(batch=reference))
    ledger.note(connection, now, "batched", intents=[intent.id], batch=reference)
    return reference


def take_out(connection: sa.Connection, intent: Any) -> None:
    """Leave *intent* to the next run, if it is in a batch of its own: it was not filed after all."""
    own = sa.select(table.c.reference).where(table.c.origin == _origin(intent))
    mine = (intents.c.id == intent.id, intents.c.batch.in_(own))
    connection.execute(intents.update().where(*mine).values(batch=None))


def _origin(intent: Any) -> str:
    return f"named {intent.reference}"
