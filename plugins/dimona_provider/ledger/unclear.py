"""Intents that may have arrived at the NSSO: which have to be looked for, and which wait to be sent again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.domain.routes import Route
from dimona_provider.ledger.attempts import awaits_a_look, may_have_arrived
from dimona_provider.ledger.claims import SENDER_ENDED
from dimona_provider.ledger.schema import attempts, batches, events, in_batch, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.unreadable import HAS_CONTENT, note_unreadable, opened

COMPARED = "compared"
"""The event of a refused intent that needs no comparing any more."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """An intent of which nobody can say whether its POST arrived; or one refused as "there already"."""

    id: int
    reference: str
    batch: str
    dimona_conn_id: str
    environment: str
    employer: str
    subject: str
    kind: str
    worker_type: str | None
    worker_hash: str | None
    period_id: int | None
    file_by: float | None
    body: bytes = field(repr=False)
    claim: str
    known_up_to: int
    """The highest declaration id that was known before the first POST that may have arrived; 0: unknown."""
    sent_until: float
    """When its claim ended: nothing left later."""
    is_decided: bool = False
    """Whether a person said that it was not filed: looked for once more before it is sent."""
    declaration_id: int | None = None
    """Of one that was refused."""
    answered_at: float | None = None
    anomalies: tuple[str, ...] = ()
    detail: str = ""
    """How its last attempt ended, in words."""

    def is_of(self, route: Route) -> bool:
        """Whether it was filed over this connection."""
        return (self.dimona_conn_id, self.environment) == (route.dimona_conn_id, route.environment)


def unclear(ledger: Ledger, batch: str | None) -> list[Unclear]:
    """
    Return what is unclear in *batch*, or anywhere, and has no declaration id, in the order of sending.

    With it comes what a person called not filed: it has to be looked for before it is sent.
    """
    is_unclear = sa.and_(intents.c.state == State.UNCLEAR, intents.c.declaration_id.is_(None))
    is_decided = sa.and_(intents.c.state == State.PLANNED, awaits_a_look())
    return _select(ledger, in_batch(batch), sa.or_(is_unclear, is_decided))


def refused_as_known(ledger: Ledger, batch: str | None, codes: Iterable[str]) -> list[Unclear]:
    """Return what was refused with one of *codes* and not compared with the NSSO's periods since."""
    compared = sa.exists().where(events.c.intent == intents.c.id, events.c.what == COMPARED)
    any_code = sa.or_(*(intents.c.anomalies.contains(code) for code in codes))
    return _select(ledger, in_batch(batch), intents.c.state == State.REFUSED, any_code, sa.not_(compared))


def _select(ledger: Ledger, *which: sa.ColumnElement[bool]) -> list[Unclear]:
    # What was refused or not received can't be found. A first ledger did not write down what was known.
    known = sa.case((may_have_arrived(), sa.func.coalesce(attempts.c.known_up_to, 0)))
    tries = (
        sa.select(
            attempts.c.intent,
            # What the first POST made may be found after the second one left.
            sa.func.min(known).label("known_up_to"),
            sa.func.max(attempts.c.id).label("newest"),
        )
        .group_by(attempts.c.intent)
        .subquery()
    )
    query = (
        sa.select(intents, batches.c.dimona_conn_id, tries.c.known_up_to, attempts.c.detail)
        .join(batches, batches.c.reference == intents.c.batch)
        .join(tries, tries.c.intent == intents.c.id)
        .join(attempts, attempts.c.id == tries.c.newest)
        .where(*which, HAS_CONTENT)
        .order_by(tries.c.newest)
    )
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    readable, unreadable = opened(ledger, rows)
    note_unreadable(ledger, unreadable)
    return [_unclear(row, body) for row, body in readable]


def _unclear(row: Any, body: bytes) -> Unclear:
    return Unclear(
        id=row.id,
        reference=row.reference,
        batch=row.batch,
        dimona_conn_id=row.dimona_conn_id,
        environment=row.environment,
        employer=row.employer,
        subject=row.subject,
        kind=row.kind,
        worker_type=row.worker_type,
        worker_hash=row.worker_hash,
        period_id=row.period_id,
        file_by=row.file_by,
        body=body,
        claim=row.claim or "",
        known_up_to=row.known_up_to or 0,
        sent_until=row.claimed_until or 0.0,
        is_decided=row.state == State.PLANNED,
        declaration_id=row.declaration_id,
        answered_at=row.answered_at,
        anomalies=tuple(row.anomalies.split()),
        detail=row.detail or SENDER_ENDED,
    )


def planned_again(ledger: Ledger, route: Route, *, before: float) -> list[str]:
    """
    Return the batches of *route* with intents that were tried, and are planned again since before *before*.

    Their runs may have ended: whoever settles then files them.
    """
    again = sa.exists().where(attempts.c.intent == intents.c.id)
    query = (
        sa.select(intents.c.batch)
        .join(batches, batches.c.reference == intents.c.batch)
        .where(
            batches.c.dimona_conn_id == route.dimona_conn_id,
            batches.c.environment == route.environment,
            intents.c.state == State.PLANNED,
            intents.c.changed_at < before,
            again,
        )
        .distinct()
    )
    with ledger.read() as connection:
        return sorted(str(batch) for batch in connection.scalars(query))


def routes_to_settle(ledger: Ledger) -> list[Route]:
    """Return the connections that have something unclear, refused or planned."""
    columns = (batches.c.dimona_conn_id, batches.c.environment)
    query = (
        sa.select(*columns)
        .join(intents, intents.c.batch == batches.c.reference)
        .where(intents.c.state.in_([State.UNCLEAR, State.REFUSED, State.PLANNED]))
    )
    with ledger.read() as connection:
        rows = connection.execute(query.distinct().order_by(*columns))
        return [Route(row.dimona_conn_id, row.environment) for row in rows]
