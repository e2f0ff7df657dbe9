"""What was declared of one worker, in the order of planning, with bodies: what periods are made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import EFFECTIVE, OPEN, State
from dimona_provider.ledger import corrections
from dimona_provider.ledger.contact_schema import periods
from dimona_provider.ledger.plan_schema import served
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.slices import slices
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


def of_workers(
    ledger: Ledger, connection: sa.Connection, environment: str, workers: Collection[str]
) -> dict[str, list[Declared]]:
    """Return everything declared of each of *workers*, with any employer, also what names only a period."""
    in_environment = intents.c.environment == environment
    found: dict[str, dict[int, Any]] = {}
    owners: dict[int, set[str]] = {}
    for row in _rows(connection, in_environment, intents.c.worker_hash.in_(list(workers))):
        found.setdefault(row.worker_hash, {})[row.id] = row
        if row.kind == Kind.IN and row.period_id is not None:
            owners.setdefault(row.period_id, set()).add(row.worker_hash)
    shown = sa.select(periods.c.period_id, periods.c.worker_hash).where(
        periods.c.environment == environment, periods.c.worker_hash.in_(list(workers))
    )
    for number, worker in connection.execute(shown):
        owners.setdefault(number, set()).add(worker)
    for some in slices(sorted(owners)):
        for row in _rows(connection, in_environment, intents.c.period_id.in_(some)):
            for worker in owners[row.period_id]:
                found.setdefault(worker, {}).setdefault(row.id, row)
    serves = _served(connection, sorted({number for rows in found.values() for number in rows}))
    return {
        worker: [
            _declared(ledger, row, serves.get(number, frozenset())) for number, row in sorted(rows.items())
        ]
        for worker, rows in found.items()
    }


def _rows(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> Sequence[Any]:
    refused = corrections.is_refused_request().label("is_refused_request")
    return connection.execute(sa.select(intents, refused).where(*which)).all()


def _served(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    for some in slices(numbers):
        for intent, employment in connection.execute(sa.select(served).where(served.c.intent.in_(some))):
            found[intent] = found.get(intent, frozenset()) | {employment}
    return found


def with_periods(connection: sa.Connection, environment: str, workers: Collection[str]) -> set[str]:
    """Return those of *workers* with a period that was made here: of the others none can end."""
    which = (
        intents.c.environment == environment,
        intents.c.worker_hash.in_(list(workers)),
        intents.c.kind == Kind.IN,
        intents.c.period_id.is_not(None),
    )
    return set(connection.scalars(sa.select(intents.c.worker_hash).where(*which).distinct()))


def ever_declared(connection: sa.Connection, environment: str, employments: Sequence[str]) -> set[str]:
    """Return those of *employments* for which anything was ever written down, whatever became of it."""
    found: set[str] = set()
    for some in slices(employments):
        which = (intents.c.environment == environment, intents.c.employment.in_(some))
        found.update(connection.scalars(sa.select(intents.c.employment).where(*which).distinct()))
    return found


def of_somebody_else(connection: sa.Connection, environment: str, workers: Mapping[str, str]) -> set[str]:
    """Return which employments, given with their workers, stand or may come to stand for another worker."""
    cancel = intents.alias()
    cancelled = sa.exists().where(
        cancel.c.environment == environment,
        cancel.c.period_id == intents.c.period_id,
        cancel.c.kind == Kind.CANCEL,
        cancel.c.state.in_(EFFECTIVE),
    )
    stand = sa.select(intents.c.employment, intents.c.worker_hash).where(
        intents.c.environment == environment,
        intents.c.kind == Kind.IN,
        intents.c.worker_hash.is_not(None),
        intents.c.state.in_([*OPEN, *EFFECTIVE]),
        sa.not_(corrections.is_refused_request()),
        sa.not_(cancelled),
    )
    found: set[str] = set()
    for some in slices(sorted(workers)):
        rows = connection.execute(stand.where(intents.c.employment.in_(some)))
        found |= {employment for employment, worker in rows if worker != workers[employment]}
    return found


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
