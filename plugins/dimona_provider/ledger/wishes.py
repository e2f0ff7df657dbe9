"""Payroll's latest word on each employment, kept encrypted, so that a plan needs no export to think again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.declaration import Kind
from dimona_provider.ledger.intents import insert_into
from dimona_provider.ledger.plan_schema import employments
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.slices import slices
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


def keep_all(ledger: Ledger, connection: sa.Connection, said: Iterable[Wish], *, now: float) -> None:
    """Keep *said* as the latest word on each employment; what says something else than before is planned."""
    latest = {(one.environment, one.employment): one for one in said}
    for some in slices(sorted(latest)):
        kept = _locked(connection, some)
        same = {key: row.id for key, row in kept.items() if key in latest and _is_same(row, latest[key])}
        if same:
            which = employments.c.id.in_(list(same.values()))
            connection.execute(employments.update().where(which).values(seen_at=now))
        for key in same:
            del latest[key]
    for piece in slices(list(latest.values())):  # in the order of the export
        connection.execute(_upsert(connection), [_row(ledger, connection, one, now) for one in piece])


def _locked(connection: sa.Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    """Return what is kept under *keys* so far; always locked in the same order, so that nobody deadlocks."""
    environments, names = {key[0] for key in keys}, [key[1] for key in keys]
    columns = ("id", "environment", "employment", "worker_hash", "content")
    rows = connection.execute(
        sa.select(*(employments.c[name] for name in columns))
        .where(employments.c.environment.in_(sorted(environments)), employments.c.employment.in_(names))
        .order_by(employments.c.environment, employments.c.employment)
        .with_for_update()
    )
    return {(row.environment, row.employment): row for row in rows}


def _upsert(connection: sa.Connection) -> Any:
    insert = insert_into(connection, employments)
    said = ("employer", "worker_hash", "content", "body", "plan_at", "seen_at", "changed_at")
    return insert.on_conflict_do_update(
        index_elements=["environment", "employment"], set_={name: insert.excluded[name] for name in said}
    ).returning(employments.c.id)  # with RETURNING alone SQLAlchemy sends all rows in one statement


def _is_same(row: Any, wish: Wish) -> bool:
    return (row.content, row.worker_hash) == (wish.content, wish.worker_hash)


def _row(ledger: Ledger, connection: sa.Connection, wish: Wish, now: float) -> dict[str, Any]:
    return {
        "environment": wish.environment,
        "employment": wish.employment,
        "employer": wish.employer,
        "worker_hash": wish.worker_hash,
        "content": wish.content,
        "body": ledger.encrypt(connection, wish.body),
        "plan_at": now,
        "seen_at": now,
        "changed_at": now,
    }


def plan_period_again(connection: sa.Connection, environment: str, period_id: int, *, now: float) -> None:
    """Plan whom a period belongs to again: somebody changed it without payroll."""
    of_period = sa.select(intents.c.employment).where(
        intents.c.environment == environment, intents.c.period_id == period_id, intents.c.kind == Kind.IN
    )
    which = (employments.c.environment == environment, employments.c.employment.in_(of_period))
    connection.execute(employments.update().where(*which).values(plan_at=now))


def of_workers(
    ledger: Ledger,
    connection: sa.Connection,
    environment: str,
    workers: Collection[str],
    *,
    lock: bool = False,
) -> dict[str, list[Wish]]:
    """Return all wishes for each of *workers*, with every employer; with *lock*, another planner waits."""
    which = (employments.c.environment == environment, employments.c.worker_hash.in_(list(workers)))
    query = sa.select(employments).where(*which).order_by(employments.c.employment)
    found: dict[str, list[Wish]] = {}
    for row in connection.execute(query.with_for_update() if lock else query):
        found.setdefault(row.worker_hash, []).append(_wish(ledger, row))
    return found


def plan_again(connection: sa.Connection, environment: str, when: Mapping[str, float | None]) -> None:
    """
    Write down when each employment is to be planned again; None is not before payroll changes it.

    Whoever calls has them locked (``of_workers``).
    """
    at_once: dict[float | None, list[str]] = {}
    for employment, at in when.items():
        at_once.setdefault(at, []).append(employment)
    for at, names in at_once.items():
        for some in slices(names):
            which = (employments.c.environment == environment, employments.c.employment.in_(some))
            connection.execute(employments.update().where(*which).values(plan_at=at))


def changed_since(
    connection: sa.Connection, environment: str, names: Collection[str], since: float
) -> set[str]:
    """Return those employments of *names* of which payroll has said something else after *since*."""
    found: set[str] = set()
    for some in slices(sorted(names)):
        which = (
            employments.c.environment == environment,
            employments.c.employment.in_(some),
            employments.c.changed_at > since,
        )
        found.update(connection.scalars(sa.select(employments.c.employment).where(*which)))
    return found


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
