"""What of a run, or of everything that changed since an instant, people should hear of; never a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.schema import batches, intents, nearest_deadline
from dimona_provider.ledger.store import Ledger

UNSENT = (State.PLANNED, State.SENDING, State.UNCLEAR, State.HELD)
"""States in which nobody can say that the declaration is with the NSSO: its deadline goes on."""

Which = Run | float
"""A run, or the instant since which something changed."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """A declaration as the ledger has it, for people."""

    environment: str
    reference: str
    employer: str
    employment: str
    kind: str
    state: State
    anomalies: tuple[str, ...]
    reason: str
    file_by: float | None


def states(ledger: Ledger, which: Which) -> dict[str, dict[str, int]]:
    """Count declarations by environment and state."""
    by = (intents.c.environment, intents.c.state)
    found: dict[str, dict[str, int]] = {}
    with ledger.read() as connection:
        rows = connection.execute(sa.select(*by, sa.func.count().label("n")).where(*_is(which)).group_by(*by))
        for row in rows:
            found.setdefault(row.environment, {})[row.state] = row.n
    return found


def noticed(ledger: Ledger, which: Which, state: State, *, limit: int) -> Sequence[Noticed]:
    """Return declarations in *state*, nearest deadline first."""
    return _read(ledger, [*_is(which), intents.c.state == state], limit)


def at_risk(ledger: Ledger, *, after: float, before: float, limit: int) -> Sequence[Noticed]:
    """Return what of the whole ledger is not with the NSSO and has its deadline between two instants."""
    return _read(
        ledger,
        [intents.c.state.in_(UNSENT), intents.c.file_by > after, intents.c.file_by <= before],
        limit,
    )


def _is(which: Which) -> tuple[sa.ColumnElement[bool], ...]:
    if isinstance(which, Run):
        of_run = sa.select(batches.c.reference).where(
            batches.c.dag_id == which.dag_id, batches.c.run_id == which.run_id
        )
        return (intents.c.batch.in_(of_run),)
    # By environment, because the index begins with it.
    environments = sa.select(batches.c.environment).distinct()
    return (intents.c.environment.in_(environments), intents.c.changed_at > which)


def _read(ledger: Ledger, where: Sequence[sa.ColumnElement[bool]], limit: int) -> Sequence[Noticed]:
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(intents).where(*where).order_by(*nearest_deadline()).limit(limit)
        ).all()
    return [
        Noticed(
            environment=row.environment,
            reference=row.reference,
            employer=row.employer,
            employment=row.employment,
            kind=row.kind,
            state=State(row.state),
            anomalies=tuple(row.anomalies.split()),
            reason=row.reason or "",
            file_by=row.file_by,
        )
        for row in rows
    ]
