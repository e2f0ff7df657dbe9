"""The ledger's declarations for people and programs: page by page, in flat memory, without persons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.schema import attempts, batches, intents
from dimona_provider.ledger.store import Ledger

PAGE = 500


@dataclass(frozen=True, slots=True)
class Which:
    """Which intents; what is None or empty does not narrow."""

    states: Sequence[str] = ()
    employer: str | None = None
    batch: str | None = None
    run: Run | None = None
    since: float | None = None
    """Those that changed at or after this instant."""
    reference: str | None = None
    employments: Sequence[str] = ()
    """Payroll's own ids."""


def count(ledger: Ledger, which: Which) -> int:
    """Return how many intents these are."""
    query = sa.select(sa.func.count()).select_from(intents).where(*_conditions(which))
    with ledger.read() as connection:
        return int(connection.scalar(query) or 0)


def entries(ledger: Ledger, which: Which) -> Iterator[dict[str, Any]]:
    """
    Yield one object for each attempt, and one for each intent without any.

    What became of the intent stands with its last attempt; an earlier one has its own declaration id alone.
    """
    for page in pages(ledger, which):
        tried = children(ledger, attempts, page)
        for intent in page:
            of_intent = tried.get(intent.id, [])
            for number, attempt in enumerate(of_intent, 1):
                yield _entry(intent, attempt, number, is_last=number == len(of_intent))
            if not of_intent:
                yield _entry(intent, None, None, is_last=True)


def _entry(intent: Any, attempt: Any, number: int | None, *, is_last: bool) -> dict[str, Any]:
    own_id = attempt.declaration_id if attempt else None
    return {
        "reference": intent.reference,
        "attempt": number,
        "kind": intent.kind,
        "state": intent.state,
        "environment": intent.environment,
        "employer": intent.employer,
        "employment": intent.employment,
        "worker_type": intent.worker_type,
        "batch": intent.batch,
        "declaration_id": (intent.declaration_id or own_id) if is_last else own_id,
        "period_id": intent.period_id if is_last else None,
        "result": intent.result if is_last else None,
        "anomalies": intent.anomalies.split() if is_last else [],
        "verdict": attempt.verdict if attempt else None,
        "detail": attempt.detail if attempt else None,
        "reason": intent.reason if is_last else None,
        "planned_at": iso(intent.created_at),
        "claimed_at": iso(attempt.claimed_at) if attempt else None,
        "sent_at": iso(attempt.sent_at) if attempt else None,
        "read_at": iso(attempt.read_at) if attempt else None,
        "filed_at": iso(intent.filed_at) if is_last else None,
        "answered_at": iso(intent.answered_at) if is_last else None,
        "file_by": iso(intent.file_by),
    }


def iso(at: float | None) -> str | None:
    """
    Return an instant as text.

    >>> iso(1_800_000_000.25)
    '2027-01-15T08:00:00.250Z'
    """
    if at is None:
        return None
    return dt.datetime.fromtimestamp(at, tz=dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pages(ledger: Ledger, which: Which, *, with_bodies: bool = False) -> Iterator[Sequence[Any]]:
    """Yield the intents in order of planning, without the encrypted body unless it is asked for."""
    last = 0
    columns = [column for column in intents.columns if with_bodies or column is not intents.c.body]
    while True:
        with ledger.read() as connection:
            page = connection.execute(
                sa.select(*columns)
                .where(intents.c.id > last, *_conditions(which))
                .order_by(intents.c.id)
                .limit(PAGE)
            ).all()
        if not page:
            return
        last = page[-1].id
        yield page


def _conditions(which: Which) -> Iterator[sa.ColumnElement[bool]]:
    if which.states:
        yield intents.c.state.in_(which.states)
    if which.employer is not None:
        yield intents.c.employer == which.employer
    if which.batch is not None:
        yield intents.c.batch == which.batch
    if which.run is not None:
        of_run = (batches.c.dag_id == which.run.dag_id, batches.c.run_id == which.run.run_id)
        yield intents.c.batch.in_(sa.select(batches.c.reference).where(*of_run))
    if which.since is not None:
        yield intents.c.changed_at >= which.since
    if which.reference is not None:
        yield intents.c.reference == which.reference
    if which.employments:
        yield intents.c.employment.in_(which.employments)


def children(
    ledger: Ledger, table: sa.Table, page: Sequence[Any], *, with_bodies: bool = False
) -> dict[int, list[Any]]:
    """Return the rows of *table* that hang on the intents of *page*, by intent and in order."""
    found: dict[int, list[Any]] = {}
    ids = [row.id for row in page]
    columns = [column for column in table.columns if with_bodies or column.name != "body"]
    with ledger.read() as connection:
        rows = connection.execute(sa.select(*columns).where(table.c.intent.in_(ids)).order_by(table.c.id))
        for row in rows:
            found.setdefault(row.intent, []).append(row)
    return found
