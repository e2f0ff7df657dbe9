"""Batches: intents filed and awaited together, known to Airflow by a random reference alone."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.domain.routes import Route, Routes
from dimona_provider.errors import UnknownBatch
from dimona_provider.ledger.agenda import Scope
from dimona_provider.ledger.intents import insert_once
from dimona_provider.ledger.plan_schema import employments
from dimona_provider.ledger.schema import batches, intents, nearest_deadline
from dimona_provider.ledger.slices import slices
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
    route: Route
    run: Run


def find(ledger: Ledger, reference: str) -> Batch:
    """Return the batch. Raises UnknownBatch."""
    with ledger.read() as connection:
        row = connection.execute(sa.select(batches).where(batches.c.reference == reference)).first()
    if row is None:
        raise UnknownBatch(f"the ledger knows no batch {reference!r}: was it made with another ledger?")
    return Batch(row.reference, Route(row.dimona_conn_id, row.environment), Run(row.dag_id, row.run_id))


def create(connection: sa.Connection, run: Run, route: Route, origin: str, *, now: float) -> str:
    """Return the reference of the batch with this *origin*, made now if it is new."""
    row = {
        "reference": secrets.token_urlsafe(12),
        "environment": route.environment,
        "dimona_conn_id": route.dimona_conn_id,
        "origin": origin,
        "dag_id": run.dag_id,
        "run_id": run.run_id,
        "created_at": now,
    }
    connection.execute(insert_once(connection, batches).values(row))
    found = sa.select(batches.c.reference).where(batches.c.origin == origin)
    return str(connection.scalar(found))


def assign(ledger: Ledger, run: Run, routes: Routes, *, now: float, scope: Scope | None = None) -> list[str]:
    """
    Put every planned intent of this DAG that no live run holds into batches of *run*; return all of these.

    That includes what earlier runs left behind, say because the NSSO could not be reached, and what a person
    filed before any run had taken it, so that somebody asks for its outcome. Called again by a
    retry it returns the same batches. A batch has one route; chunks hold max(500, n / 1000) intents, in order
    of deadline. With a *scope*, nothing outside it is handed out.
    """
    with ledger.write() as connection:
        waiting = _unassigned(connection, run, routes, scope or Scope())
        size = max(SMALLEST_CHUNK, -(-sum(map(len, waiting.values())) // MOST_CHUNKS))
        number = connection.scalar(sa.select(sa.func.count()).where(*_of(run))) or 0
        for route, ids in waiting.items():
            for chunk in slices(ids, size):
                origin = f"{run.dag_id}/{run.run_id}/{number}"
                number += 1
                reference = create(connection, run, route, origin, now=now)
                _put(connection, reference, chunk, now)
                ledger.note(connection, now, "batched", batch=reference, detail=f"{len(chunk)} intents")
        environments = {route.environment for route in (routes.default, *routes.by_employer.values())}
        found = sa.select(batches.c.reference).where(*_of(run), batches.c.environment.in_(environments))
        in_order = found.order_by(batches.c.created_at, sa.func.length(batches.c.origin), batches.c.origin)
        return [str(reference) for reference in connection.scalars(in_order)]


def _unassigned(connection: sa.Connection, run: Run, routes: Routes, scope: Scope) -> dict[Route, list[int]]:
    # A run that is still going keeps its own: dimona_declare has max_active_runs=1, so others have ended.
    left_behind = sa.exists().where(
        batches.c.reference == intents.c.batch, batches.c.dag_id == run.dag_id, batches.c.run_id != run.run_id
    )
    rows = connection.execute(
        sa.select(intents.c.id, intents.c.employer, intents.c.environment)
        .where(
            sa.or_(sa.and_(intents.c.state == State.PLANNED, left_behind), _is_nobodys()),
            *_within(scope),
        )
        .order_by(*nearest_deadline())
    )
    found: dict[Route, list[int]] = {}
    for row in rows:
        route = routes.of(row.employer)
        if route.environment == row.environment:  # what was planned for another one must never go there
            found.setdefault(route, []).append(row.id)
    return found


def _is_nobodys() -> sa.ColumnElement[bool]:
    return sa.and_(intents.c.state.in_([State.PLANNED, State.SENT]), intents.c.batch.is_(None))


def _within(scope: Scope) -> list[sa.ColumnElement[bool]]:
    which = [intents.c.employer == scope.employer] if scope.employer else []
    if scope.employments:
        named = employments.c.employment.in_(sorted(scope.employments))
        mine = (employments.c.environment == intents.c.environment) & named
        which += [sa.exists().where(mine, employments.c.worker_hash == intents.c.worker_hash)]
    return which


def _put(connection: sa.Connection, reference: str, ids: Sequence[int], now: float) -> None:
    for some in slices(ids):
        still = (intents.c.id.in_(some), sa.or_(intents.c.state == State.PLANNED, _is_nobodys()))
        connection.execute(intents.update().where(*still).values(batch=reference, changed_at=now))


def _of(run: Run) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return batches.c.dag_id == run.dag_id, batches.c.run_id == run.run_id


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
