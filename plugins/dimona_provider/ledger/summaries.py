"""Reading the ledger for people: counts, findings and outcomes, never a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from dimona_provider.domain.outcome import Result, State, state_after
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.findings import Finding, FindingKind
from dimona_provider.ledger.schema import IS_OPEN, answers, batches, findings, intents, nearest_deadline
from dimona_provider.ledger.store import Ledger

_NOTABLE = (State.REFUSED, State.WARNED, State.IDENTIFYING, State.UNCLEAR, State.HELD)


@dataclass(frozen=True, slots=True)
class Group:
    """How many declarations of one employer, kind and worker type stand in one state."""

    employer: str
    kind: str
    worker_type: str
    state: State
    count: int


@dataclass(frozen=True, slots=True)
class Notable:
    """A declaration that a person should look at."""

    reference: str
    employment: str
    kind: str
    state: State
    anomalies: str
    """Codes, separated by spaces."""
    reason: str
    file_by: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an employment's declaration, for payroll to take over."""

    id: int
    employment: str
    kind: str
    state: State
    declaration_id: int | None
    period_id: int | None
    anomalies: tuple[str, ...]
    changed_at: float


def states_of_batch(ledger: Ledger, batch: str) -> dict[str, int]:
    """Count the intents of *batch* by state."""
    return _states(ledger, intents.c.batch == batch)


def states_of_run(ledger: Ledger, run: Run) -> dict[str, int]:
    """Count the intents of all batches of *run* by state."""
    return _states(ledger, _in_run(run))


def groups(ledger: Ledger, environment: str) -> list[Group]:
    """Count all intents of *environment* by employer, kind, type and state, answers at hand included."""
    newest = (
        sa.select(answers.c.result)
        .where(answers.c.intent == intents.c.id)
        .order_by(sa.case((answers.c.result == Result.IDENTIFYING, 1), else_=0))
        .limit(1)
        .scalar_subquery()
    )
    # A trigger adds answers while its batch goes on; the task that it resumes brings the states up to date.
    result = sa.case((intents.c.state.in_([State.SENT, State.IDENTIFYING]), newest), else_=None).label(
        "result"
    )
    each = sa.select(intents.c.employer, intents.c.kind, intents.c.worker_type, intents.c.state, result)
    rows_of = each.where(intents.c.environment == environment).subquery()
    by = (rows_of.c.employer, rows_of.c.kind, rows_of.c.worker_type, rows_of.c.state, rows_of.c.result)
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(*by, sa.func.count().label("n")).group_by(*by).order_by(*by)
        ).all()
    return [
        Group(
            r.employer,
            r.kind,
            r.worker_type or "-",
            state_after(r.result) if r.result else State(r.state),
            r.n,
        )
        for r in rows
    ]


def notable(ledger: Ledger, references: Sequence[str]) -> list[Notable]:
    """Return what of some batches is refused, warned, identifying, unclear or held, by deadline."""
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(intents)
            .where(intents.c.batch.in_(references), intents.c.state.in_(_NOTABLE))
            .order_by(intents.c.state, *nearest_deadline())
        )
        return [
            Notable(
                reference=r.reference,
                employment=r.employment,
                kind=r.kind,
                state=State(r.state),
                anomalies=r.anomalies,
                reason=r.reason or "",
                file_by=r.file_by,
            )
            for r in rows
        ]


def batches_of_run(ledger: Ledger, run: Run) -> list[str]:
    """Return the references of a run's batches."""
    of_run = (batches.c.dag_id == run.dag_id, batches.c.run_id == run.run_id)
    with ledger.read() as connection:
        return [str(one) for one in connection.scalars(sa.select(batches.c.reference).where(*of_run))]


def left_open(ledger: Ledger, run: Run) -> dict[str, int]:
    """Count by state what other runs have left open: planned, filed without an answer, unclear, held."""
    others = sa.or_(intents.c.batch.is_(None), sa.not_(_in_run(run)))
    return _states(ledger, sa.and_(IS_OPEN, others))


def findings_of_run(ledger: Ledger, run: Run) -> list[Finding]:
    """Return what of *run* became no declaration."""
    return _findings(ledger, sa.and_(findings.c.dag_id == run.dag_id, findings.c.run_id == run.run_id))


def newest_findings(ledger: Ledger, environment: str) -> list[Finding]:
    """Return the findings of the newest run that had some in *environment*."""
    with ledger.read() as connection:
        newest = connection.execute(
            sa.select(findings.c.dag_id, findings.c.run_id)
            .where(findings.c.environment == environment)
            .order_by(findings.c.id.desc())
            .limit(1)
        ).first()
    return findings_of_run(ledger, Run(newest.dag_id, newest.run_id)) if newest else []


def outcomes(
    ledger: Ledger, environment: str, *, after: tuple[float, int], limit: int = 500
) -> Iterator[list[Outcome]]:
    """
    Yield pages of what changed after the cursor *after* (instant, id), oldest change first.

    Intents that are only planned or being sent are left out: nothing is known of them yet.
    """
    silent = (State.PLANNED, State.SENDING)
    while True:
        later = sa.tuple_(intents.c.changed_at, intents.c.id) > sa.tuple_(*after)
        with ledger.read() as connection:
            rows = connection.execute(
                sa.select(intents)
                .where(intents.c.environment == environment, later, intents.c.state.not_in(silent))
                .order_by(intents.c.changed_at, intents.c.id)
                .limit(limit)
            ).all()
        if not rows:
            return
        yield [
            Outcome(
                id=r.id,
                employment=r.employment,
                kind=r.kind,
                state=State(r.state),
                declaration_id=r.declaration_id,
                period_id=r.period_id,
                anomalies=tuple(r.anomalies.split()),
                changed_at=r.changed_at,
            )
            for r in rows
        ]
        after = (rows[-1].changed_at, rows[-1].id)


def _states(ledger: Ledger, which: sa.ColumnElement[bool]) -> dict[str, int]:
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(intents.c.state, sa.func.count()).where(which).group_by(intents.c.state)
        )
        return {str(state): int(count) for state, count in rows}


def _in_run(run: Run) -> sa.ColumnElement[bool]:
    of_run = sa.select(batches.c.reference).where(
        batches.c.dag_id == run.dag_id, batches.c.run_id == run.run_id
    )
    return intents.c.batch.in_(of_run)


def _findings(ledger: Ledger, which: sa.ColumnElement[bool]) -> list[Finding]:
    with ledger.read() as connection:
        rows = connection.execute(sa.select(findings).where(which).order_by(findings.c.id))
        return [Finding(FindingKind(r.kind), r.place, r.employment, r.field, r.reason) for r in rows]
