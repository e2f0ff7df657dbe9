"""The numbers of one environment at a glance: outcomes, deadlines at risk, open questions and last runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.outcome import OPEN, State
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.contact_schema import gaps
from dimona_provider.ledger.lateness import SENDING, STUCK
from dimona_provider.ledger.plan_schema import decisions
from dimona_provider.ledger.schema import batches, events, intents, nearest_deadline
from dimona_provider.ledger.store import Ledger

RISK = 24 * 3600.0
"""Seconds before its deadline from which an open declaration is called at risk."""
RUNS = 8


@dataclass(frozen=True, slots=True)
class Figures:
    """What the overview counts."""

    by_employer: dict[str, dict[State, int]]
    at_risk: int
    """Open ones whose deadline has passed or comes within a day."""
    decisions: int
    gaps: int

    def total(self, *states: State) -> int:
        """Count the declarations in some states, of all employers."""
        return sum(counts.get(state, 0) for counts in self.by_employer.values() for state in states)


@dataclass(frozen=True, slots=True)
class RunFigures:
    """How a DAG run filed, and how long the NSSO took to answer it."""

    run: Run
    filed: int
    seconds: float
    """Between its first and its last POST."""
    mean_wait: float | None
    """Seconds from filing to the answer; None while nothing was answered."""
    longest_wait: float | None

    @property
    def per_minute(self) -> float:
        """How many declarations it filed in a minute; what took less than a second counts as one."""
        return self.filed * 60 / max(self.seconds, 1.0)


def figures(ledger: Ledger, environment: str, *, now: float) -> Figures:
    """Count what the ledger has of *environment*."""
    by = (intents.c.employer, intents.c.state)
    counted = sa.select(*by, sa.func.count().label("n")).where(intents.c.environment == environment)
    at_risk = (
        intents.c.environment == environment,
        intents.c.state.in_(sorted(OPEN)),
        intents.c.file_by < now + RISK,
    )
    asked = (decisions.c.environment == environment, decisions.c.answered_at.is_(None))
    found: dict[str, dict[State, int]] = {}
    with ledger.read() as connection:
        for row in connection.execute(counted.group_by(*by)):
            found.setdefault(row.employer, {})[State(row.state)] = row.n
        return Figures(
            found,
            _count(connection, intents, *at_risk),
            _count(connection, decisions, *asked),
            _count(connection, gaps, gaps.c.environment == environment, gaps.c.solved.is_(None)),
        )


def last_runs(ledger: Ledger, environment: str) -> list[RunFigures]:
    """Return the newest runs that filed something, the oldest of them first."""
    newest = sa.func.max(batches.c.created_at)
    query = (
        sa.select(batches.c.dag_id, batches.c.run_id)
        .where(batches.c.environment == environment)
        .group_by(batches.c.dag_id, batches.c.run_id)
        .order_by(newest.desc())
        .limit(RUNS)
    )
    with ledger.read() as connection:
        runs = [Run(row.dag_id, row.run_id) for row in connection.execute(query)]
        return [one for run in reversed(runs) if (one := _run(connection, run)).filed]


def _run(connection: sa.Connection, run: Run) -> RunFigures:
    wait = intents.c.answered_at - intents.c.filed_at
    of_run = sa.select(batches.c.reference).where(
        batches.c.dag_id == run.dag_id, batches.c.run_id == run.run_id
    )
    row = connection.execute(
        sa.select(
            sa.func.count(intents.c.filed_at).label("filed"),
            sa.func.min(intents.c.filed_at).label("first"),
            sa.func.max(intents.c.filed_at).label("last"),
            sa.func.avg(wait).label("mean"),
            sa.func.max(wait).label("longest"),
        ).where(intents.c.batch.in_(of_run))
    ).one()
    seconds = row.last - row.first if row.filed else 0.0
    return RunFigures(run, row.filed, seconds, row.mean, row.longest)


def needing_a_person(ledger: Ledger, environment: str, *, now: float, most: int) -> Sequence[Any]:
    """Return what is unclear, held, or has been sending for too long, the nearest deadline first."""
    long_sending = sa.and_(intents.c.state == State.SENDING, intents.c.changed_at < now - SENDING)
    query = (
        sa.select(
            intents.c.reference, intents.c.kind, intents.c.employment, intents.c.state, intents.c.file_by
        )
        .where(
            intents.c.environment == environment,
            # Said twice, so that an index finds them.
            intents.c.state.in_([*STUCK, State.SENDING]),
            sa.or_(intents.c.state.in_(STUCK), long_sending),
        )
        .order_by(*nearest_deadline())
        .limit(most)
    )
    with ledger.read() as connection:
        return connection.execute(query).all()


def environments(ledger: Ledger) -> Sequence[str]:
    """Return the base URLs that batches were made for, the newest first."""
    query = sa.select(batches.c.environment).group_by(batches.c.environment)
    with ledger.read() as connection:
        return list(connection.scalars(query.order_by(sa.func.max(batches.c.created_at).desc())))


def connections(ledger: Ledger, environment: str) -> Sequence[str]:
    """Return the ids of the connections that file in *environment*."""
    query = sa.select(batches.c.dimona_conn_id).where(batches.c.environment == environment).distinct()
    with ledger.read() as connection:
        return sorted(connection.scalars(query))


def batches_of_task(ledger: Ledger, run: Run, actor: str) -> list[str]:
    """Return the batches of a run that a task, named as in events, has recorded something about."""
    of_run = sa.select(batches.c.reference).where(
        batches.c.dag_id == run.dag_id, batches.c.run_id == run.run_id
    )
    by_intent = (
        sa.select(intents.c.batch)
        .join(events, events.c.intent == intents.c.id)
        .where(intents.c.batch.in_(of_run), events.c.actor == actor)
    )
    by_batch = sa.select(events.c.batch).where(events.c.batch.in_(of_run), events.c.actor == actor)
    with ledger.read() as connection:
        return sorted(connection.scalars(sa.union(by_intent, by_batch)))


def _count(connection: sa.Connection, table: sa.Table, *which: sa.ColumnElement[bool]) -> int:
    return int(connection.scalar(sa.select(sa.func.count()).select_from(table).where(*which)) or 0)


def environment_of(ledger: Ledger, run: Run) -> str | None:
    """Return the environment that a run filed in, None for a run without batches."""
    which = (batches.c.dag_id == run.dag_id, batches.c.run_id == run.run_id)
    with ledger.read() as connection:
        found = connection.scalar(sa.select(batches.c.environment).where(*which).limit(1))
    return None if found is None else str(found)
