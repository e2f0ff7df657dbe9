"""Batches: intents filed and awaited together, known to Airflow by a random reference alone."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.errors import UnknownBatch
from dimona_provider.ledger.intents import insert_once
from dimona_provider.ledger.schema import batches, intents, nearest_deadline
from dimona_provider.ledger.store import Ledger

SMALLEST_CHUNK = 500
MOST_CHUNKS = 1000
"""Airflow refuses to map over more than 1024 (``max_map_length``), after the side effects."""


@dataclass(frozen=True, slots=True)
class Run:
    """The DAG run that a batch belongs to."""

    dag_id: str
    run_id: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the ledger knows it."""

    reference: str
    environment: str
    run: Run


def find(ledger: Ledger, reference: str) -> Batch:
    """Return the batch. Raises UnknownBatch."""
    with ledger.read() as connection:
        row = connection.execute(sa.select(batches).where(batches.c.reference == reference)).first()
    if row is None:
        raise UnknownBatch(f"the ledger knows no batch {reference!r}: was it made with another ledger?")
    return Batch(row.reference, row.environment, Run(row.dag_id, row.run_id))


def create(connection: sa.Connection, run: Run, environment: str, origin: str, *, now: float) -> str:
    """Return the reference of the batch with this *origin*, made now if it is new."""
    row = {
        "reference": secrets.token_urlsafe(12),
        "environment": environment,
        "origin": origin,
        "dag_id": run.dag_id,
        "run_id": run.run_id,
        "created_at": now,
    }
    connection.execute(insert_once(connection, batches).values(row))
    found = sa.select(batches.c.reference).where(batches.c.origin == origin)
    return str(connection.scalar(found))


def assign(ledger: Ledger, run: Run, environment: str, *, now: float) -> list[str]:
    """
    Put every planned intent of this DAG that no live run holds into batches of *run*; return all of these.

    That includes what earlier runs left behind, say because the NSSO could not be reached. Called again by a
    retry it returns the same batches. Chunks hold max(500, n / 1000) intents, in order of deadline.
    """
    with ledger.write() as connection:
        waiting: list[int] = list(connection.scalars(_unassigned(run, environment)))
        size = max(SMALLEST_CHUNK, -(-len(waiting) // MOST_CHUNKS))
        made = connection.scalar(
            sa.select(sa.func.count()).where(*_of(run), batches.c.environment == environment)
        )
        for number, start in enumerate(range(0, len(waiting), size), start=int(made or 0)):
            origin = f"{run.dag_id}/{run.run_id}/{environment}/{number}"
            reference = create(connection, run, environment, origin, now=now)
            chunk = waiting[start : start + size]
            for some in _slices(chunk):
                still_planned = (intents.c.id.in_(some), intents.c.state == State.PLANNED)
                connection.execute(
                    intents.update().where(*still_planned).values(batch=reference, changed_at=now)
                )
            ledger.note(connection, now, "batched", batch=reference, detail=f"{len(chunk)} intents")
        found = sa.select(batches.c.reference).where(*_of(run), batches.c.environment == environment)
        return [
            str(reference)
            for reference in connection.scalars(found.order_by(batches.c.created_at, batches.c.origin))
        ]


def _unassigned(run: Run, environment: str) -> sa.Select[int]:
    # A run that is still going keeps its own: dimona_declare has max_active_runs=1, so others have ended.
    left_behind = sa.exists().where(
        batches.c.reference == intents.c.batch, batches.c.dag_id == run.dag_id, batches.c.run_id != run.run_id
    )
    return (
        sa.select(intents.c.id)
        .where(
            intents.c.environment == environment,
            intents.c.state == State.PLANNED,
            sa.or_(intents.c.batch.is_(None), left_behind),
        )
        .order_by(*nearest_deadline())
    )


def _of(run: Run) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return batches.c.dag_id == run.dag_id, batches.c.run_id == run.run_id


def _slices(ids: list[int], size: int = 500) -> list[list[int]]:
    # SQLite takes a limited number of bound values in one statement.
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def lease_polling(ledger: Ledger, reference: str, poller: str, *, now: float, seconds: float) -> bool | None:
    """
    Take or renew the right to poll a batch: one poller at a time asks for a declaration.

    Returns None when another poller holds it, else whether somebody has polled this batch before.
    """
    with ledger.write() as connection:
        before = connection.scalar(sa.select(batches.c.polled_by).where(batches.c.reference == reference))
        taken = connection.execute(
            batches.update()
            .where(
                batches.c.reference == reference,
                sa.or_(
                    batches.c.polled_by.is_(None),
                    batches.c.polled_by == poller,
                    batches.c.polled_until <= now,
                ),
            )
            .values(polled_by=poller, polled_until=now + seconds)
        )
    return before is not None if taken.rowcount else None


def release_polling(ledger: Ledger, reference: str, poller: str, *, now: float) -> None:
    """Give the right to poll back at once, so that the next poller need not wait for the lease to end."""
    with ledger.write() as connection:
        connection.execute(
            batches.update()
            .where(batches.c.reference == reference, batches.c.polled_by == poller)
            .values(polled_until=now)
        )
