"""Payroll's latest word on each employment, kept encrypted, so that a plan needs no export to think again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.declaration import Kind
from dimona_provider.ledger.intents import insert_once
from dimona_provider.ledger.plan_schema import employments
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class Wish:
    """What payroll says of one employment."""

    environment: str
    employment: str
    employer: str
    worker_hash: str = field(repr=False)
    content: str
    """Keyed hash of the wish without its worker."""
    body: bytes = field(repr=False)
    """In clear; encrypted on the way in."""


def keep(ledger: Ledger, connection: sa.Connection, wish: Wish, *, now: float) -> bool:
    """Keep *wish* as the latest word on its employment; tell whether it says something else than before."""
    same_employment = (
        employments.c.environment == wish.environment,
        employments.c.employment == wish.employment,
    )
    found = sa.select(employments).where(*same_employment).with_for_update()
    row = connection.execute(found).first()
    if row is not None and (row.content, row.worker_hash) == (wish.content, wish.worker_hash):
        connection.execute(employments.update().where(*same_employment).values(seen_at=now))
        return False
    values = {
        "employer": wish.employer,
        "worker_hash": wish.worker_hash,
        "content": wish.content,
        "body": ledger.keys.encrypt(wish.body),
        "plan_at": now,
        "seen_at": now,
        "changed_at": now,
    }
    if row is not None:
        connection.execute(employments.update().where(*same_employment).values(values))
        return True
    key = {"environment": wish.environment, "employment": wish.employment}
    connection.execute(insert_once(connection, employments).values({**key, **values}))
    return True


def due_workers(ledger: Ledger, environments: Collection[str], *, now: float) -> list[tuple[str, str]]:
    """Return environment and keyed hash of every worker of whom something is to be planned by *now*."""
    which = (employments.c.environment.in_(list(environments)), employments.c.plan_at <= now)
    worker = (employments.c.environment, employments.c.worker_hash)
    # In the order in which payroll named them first, so that a plan can be read beside its export.
    query = sa.select(*worker).where(*which).group_by(*worker).order_by(sa.func.min(employments.c.id))
    with ledger.read() as connection:
        return [(row.environment, row.worker_hash) for row in connection.execute(query)]


def plan_period_again(connection: sa.Connection, environment: str, period_id: int, *, now: float) -> None:
    """Plan whom a period belongs to again: somebody changed it without payroll."""
    of_period = sa.select(intents.c.employment).where(
        intents.c.environment == environment, intents.c.period_id == period_id, intents.c.kind == Kind.IN
    )
    which = (employments.c.environment == environment, employments.c.employment.in_(of_period))
    connection.execute(employments.update().where(*which).values(plan_at=now))


def of_worker(
    ledger: Ledger, connection: sa.Connection, environment: str, worker_hash: str, *, lock: bool = False
) -> list[Wish]:
    """Return all wishes for a worker, with every employer; with *lock*, another planner has to wait."""
    which = (employments.c.environment == environment, employments.c.worker_hash == worker_hash)
    query = sa.select(employments).where(*which).order_by(employments.c.employment)
    rows = connection.execute(query.with_for_update() if lock else query)
    return [
        Wish(
            environment,
            row.employment,
            row.employer,
            row.worker_hash,
            row.content,
            ledger.keys.decrypt(row.body),
        )
        for row in rows
    ]


def plan_again(
    connection: sa.Connection, environment: str, worker_hash: str, when: Mapping[str, float | None]
) -> None:
    """Write down when each employment is to be planned again; None is not before payroll changes it."""
    for employment, at in when.items():
        which = (
            employments.c.environment == environment,
            employments.c.worker_hash == worker_hash,
            employments.c.employment == employment,
        )
        connection.execute(employments.update().where(*which).values(plan_at=at))


def unseen_since(ledger: Ledger, environment: str, employer: str, since: float) -> list[Wish]:
    """Return the wishes that no export has named since: absence is reported, and never a wish."""
    which = (
        employments.c.environment == environment,
        employments.c.employer == employer,
        employments.c.seen_at < since,
    )
    with ledger.read() as connection:
        rows = connection.execute(sa.select(employments).where(*which).order_by(employments.c.employment))
        return [_wish(ledger, row) for row in rows]


def _wish(ledger: Ledger, row: Any) -> Wish:
    body = ledger.keys.decrypt(row.body)
    return Wish(row.environment, row.employment, row.employer, row.worker_hash, row.content, body)
