"""What was declared of one worker, in the order of planning, with bodies: what periods are made of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import EFFECTIVE, OPEN, State
from dimona_provider.ledger import corrections
from dimona_provider.ledger.contact_schema import periods
from dimona_provider.ledger.plan_schema import served
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class Declared:
    """One intent."""

    id: int
    employer: str
    subject: str
    employment: str
    kind: Kind
    state: State
    content: str
    period_id: int | None
    declaration_id: int | None
    anomalies: str
    body: bytes = field(repr=False)
    """In clear; empty when a purge has stripped it."""
    at: float = 0.0
    """When it last changed, in epoch seconds."""
    is_refused_request: bool = False
    """Whether the service refused it with HTTP 400: it has no effect, and gives way to a corrected one."""
    serves: frozenset[str] = frozenset()
    """The employments that its period serves afterwards; empty for a declaration that no plan made."""

    @property
    def is_open(self) -> bool:
        """Whether its effect is still to come."""
        return self.state in OPEN and not self.is_refused_request

    @property
    def is_effective(self) -> bool:
        """Whether what it says is so at the NSSO."""
        return self.state in EFFECTIVE


def of_worker(
    ledger: Ledger, connection: sa.Connection, environment: str, worker_hash: str
) -> list[Declared]:
    """Return everything declared of a worker with any employer, also what names only a period of his."""
    own = sa.select(intents.c.period_id).where(
        intents.c.environment == environment,
        intents.c.worker_hash == worker_hash,
        intents.c.kind == Kind.IN,
        intents.c.period_id.is_not(None),
    )
    imported = sa.select(periods.c.period_id).where(
        periods.c.environment == environment, periods.c.worker_hash == worker_hash
    )
    which = sa.or_(
        intents.c.worker_hash == worker_hash,
        intents.c.period_id.in_(own),
        intents.c.period_id.in_(imported),
    )
    rows = connection.execute(
        sa.select(intents, corrections.is_refused_request().label("is_refused_request"))
        .where(intents.c.environment == environment, which)
        .order_by(intents.c.id)
    ).all()
    serves: dict[int, set[str]] = {}
    of_these = served.c.intent.in_([row.id for row in rows])
    for intent, employment in connection.execute(sa.select(served).where(of_these)):
        serves.setdefault(intent, set()).add(employment)
    return [_declared(ledger, row, frozenset(serves.get(row.id, ()))) for row in rows]


def of_somebody_else(
    connection: sa.Connection, environment: str, worker_hash: str, employments: Collection[str]
) -> set[str]:
    """Return which of *employments* stand, or may come to stand, for another worker."""
    cancel = intents.alias()
    cancelled = sa.exists().where(
        cancel.c.environment == environment,
        cancel.c.period_id == intents.c.period_id,
        cancel.c.kind == Kind.CANCEL,
        cancel.c.state.in_(EFFECTIVE),
    )
    which = (
        intents.c.environment == environment,
        intents.c.employment.in_(list(employments)),
        intents.c.kind == Kind.IN,
        intents.c.worker_hash != worker_hash,
        intents.c.state.in_([*OPEN, *EFFECTIVE]),
        sa.not_(corrections.is_refused_request()),
        sa.not_(cancelled),
    )
    return set(connection.scalars(sa.select(intents.c.employment).where(*which)))


def standing_periods(ledger: Ledger, environment: str, employer: str) -> int:
    """Return how many periods of an employer were made here or imported, and not cancelled."""
    which = (
        intents.c.environment == environment,
        intents.c.employer == employer,
        intents.c.state.in_(EFFECTIVE),
    )
    made = sa.select(sa.func.count()).where(*which, intents.c.kind == Kind.IN)
    gone = sa.select(sa.func.count()).where(*which, intents.c.kind == Kind.CANCEL)
    ours = intents.alias()
    is_ours = sa.exists().where(
        ours.c.environment == environment, ours.c.kind == Kind.IN, ours.c.period_id == periods.c.period_id
    )
    imported = sa.select(sa.func.count()).where(
        periods.c.environment == environment,
        periods.c.employer == employer,
        sa.not_(periods.c.is_cancelled),
        sa.not_(is_ours),
    )
    with ledger.read() as connection:
        count = [int(connection.scalar(one) or 0) for one in (made, imported, gone)]
    return max(0, count[0] + count[1] - count[2])


def _declared(ledger: Ledger, row: Any, serves: frozenset[str]) -> Declared:
    return Declared(
        id=row.id,
        employer=row.employer,
        subject=row.subject,
        employment=row.employment,
        kind=Kind(row.kind),
        state=State(row.state),
        content=row.content,
        period_id=row.period_id,
        declaration_id=row.declaration_id,
        anomalies=row.anomalies,
        body=ledger.keys.decrypt(row.body) if row.body else b"",
        at=row.changed_at,
        is_refused_request=bool(row.is_refused_request),
        serves=serves,
    )
