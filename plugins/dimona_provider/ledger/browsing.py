"""
Declarations page by page in the order that a person chose, fast in a ledger of any size.

A page goes on where the one before ended (keyset), by an index that has the order; no person is in it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import sqlalchemy as sa

from dimona_provider.domain.outcome import OPEN, State
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.schema import batches, intents
from dimona_provider.ledger.store import Ledger

PAGE = 50
NO_DEADLINE = 1e12
"""Stands for none in a place of a list: what has no deadline comes last, whichever way the others go."""
_COLUMNS = [column for column in intents.columns if column is not intents.c.body]


class Sort(StrEnum):
    """What a list is ordered by."""

    CHANGED = "changed"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which declarations of one environment; what is None does not narrow. Instants are epoch seconds."""

    environment: str
    employer: str | None = None
    kind: str | None = None
    state: State | None = None
    code: str | None = None
    worker_type: str | None = None
    employment: str | None = None
    batch: str | None = None
    run: Run | None = None
    since: float | None = None
    """Changed then or later."""
    until: float | None = None
    """Changed before that."""
    due_before: float | None = None
    """With this one, only what has not ended yet and has its deadline before it."""
    due_after: float | None = None
    """And its deadline at this instant or later."""
    worker_hash: str | None = None
    batches: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: where the next one goes on."""

    value: float
    id: int

    def __str__(self) -> str:
        return f"{self.value!r}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str`` gave. Raises ValueError."""
        value, _, number = text.rpartition(".")
        # SQLite has no number beyond 64 bits.
        if not math.isfinite(float(value)) or not re.fullmatch(r"[0-9]{1,18}", number):
            raise ValueError("not a place in a list")
        return cls(float(value), int(number))


@dataclass(frozen=True, slots=True)
class Page:
    """Some declarations, without their bodies, and where to go on."""

    rows: Sequence[Any]
    following: Cursor | None


def page(
    ledger: Ledger,
    which: Filter,
    *,
    sort: Sort = Sort.CHANGED,
    descending: bool = True,
    after: Cursor | None = None,
    size: int = PAGE,
) -> Page:
    """Return the declarations of *which* after a place in the list, the first ones without one."""
    where = list(_conditions(which, ledger.engine.dialect.name))
    column = intents.c.changed_at if sort is Sort.CHANGED else intents.c.file_by
    # What is narrow is found by its own index and sorted: no index may offer its order and be read through.
    by = column + 0.0 if _is_narrow(which) else column
    rows: list[Any] = []
    with ledger.read() as connection:
        if after is None or after.value < NO_DEADLINE:
            dated = [*where, column.is_not(None)] if sort is Sort.DEADLINE else where
            query = _ordered(dated, [by, intents.c.id], after, descending=descending, most=size + 1)
            if sort is Sort.CHANGED and _is_by_employer(which):
                query = _by_states(query, descending=descending, most=size + 1)
            rows += connection.execute(query).all()
            after = None
        if sort is Sort.DEADLINE and len(rows) <= size and which.due_before is None:
            never = [*where, column.is_(None)]
            query = _ordered(never, [intents.c.id], after, descending=descending, most=size + 1 - len(rows))
            rows += connection.execute(query).all()
    shown = rows[:size]
    return Page(shown, Cursor(shown[-1].place, shown[-1].id) if len(rows) > size else None)


def every(ledger: Ledger, which: Filter, *, sort: Sort, descending: bool) -> Iterator[Any]:
    """Yield all declarations of *which* in flat memory."""
    after: Cursor | None = None
    while True:
        found = page(ledger, which, sort=sort, descending=descending, after=after, size=500)
        yield from found.rows
        after = found.following
        if after is None:
            return


def _ordered(
    where: Sequence[sa.ColumnElement[bool]],
    ends: Sequence[sa.ColumnElement[Any]],
    after: Cursor | None,
    *,
    descending: bool,
    most: int,
) -> sa.Select[Any]:
    """Select in the order of *ends*, an instant and the id, or the id alone of what has no instant."""
    conditions = list(where)
    if after is not None:
        last = [sa.literal(after.value), sa.literal(after.id)][-len(ends) :]
        place = sa.tuple_(*ends)
        conditions.append(place < sa.tuple_(*last) if descending else place > sa.tuple_(*last))
    at = ends[0] if len(ends) > 1 else sa.literal(NO_DEADLINE, sa.Double)
    order = [end.desc() for end in ends] if descending else ends
    return sa.select(*_COLUMNS, at.label("place")).where(*conditions).order_by(*order).limit(most)


def _is_narrow(which: Filter) -> bool:
    narrow = (which.batch, which.run, which.employment, which.worker_hash, which.batches)
    return any(value is not None for value in narrow)


def _is_by_employer(which: Filter) -> bool:
    # A kind that is rare among an employer's is found sooner by the index of kinds.
    is_wide = which.state is None and which.kind in {None, "IN"} and which.due_before is None
    return which.employer is not None and is_wide and not _is_narrow(which)


def _by_states(query: sa.Select[Any], *, descending: bool, most: int) -> sa.Select[Any]:
    """Read an employer state by state, as the index goes: the first of each are found at once, and merged."""
    parts = [sa.select(query.where(intents.c.state == state).subquery()) for state in State]
    merged = sa.union_all(*parts).subquery()
    ends = [merged.c.place, merged.c.id]
    return sa.select(merged).order_by(*([end.desc() for end in ends] if descending else ends)).limit(most)


def _has_code(code: str, dialect: str) -> sa.ColumnElement[bool]:
    if dialect == "postgresql":
        codes = sa.func.string_to_array(intents.c.anomalies, sa.literal_column("' '"))
        return codes.op("@>")(sa.func.string_to_array(code, sa.literal_column("' '")))
    # The first condition is that of the index, to the letter.
    return sa.and_(
        intents.c.anomalies != sa.literal_column("''"), intents.c.anomalies.contains(code, autoescape=True)
    )


def _conditions(which: Filter, dialect: str) -> Iterator[sa.ColumnElement[bool]]:
    # Without an index on it: a batch is found by its own, and SQLite can't tell which one is narrower.
    of_batches = which.batch or which.run or which.batches is not None
    environment = intents.c.environment.concat("") if of_batches else intents.c.environment
    yield environment == which.environment
    for name in ("employer", "kind", "state", "worker_type", "employment", "batch", "worker_hash"):
        if (value := getattr(which, name)) is not None:
            yield intents.c[name] == value
    if which.code is not None:
        yield _has_code(which.code, dialect)
    if which.run is not None:
        of_run = (batches.c.dag_id == which.run.dag_id, batches.c.run_id == which.run.run_id)
        yield intents.c.batch.in_(sa.select(batches.c.reference).where(*of_run))
    if which.batches is not None:
        yield intents.c.batch.in_(list(which.batches))
    yield from _between(which)


def _between(which: Filter) -> Iterator[sa.ColumnElement[bool]]:
    if which.since is not None:
        yield intents.c.changed_at >= which.since
    if which.until is not None:
        yield intents.c.changed_at < which.until
    if which.due_before is not None:
        yield intents.c.state.in_(sorted(OPEN))
        yield intents.c.file_by.between(which.due_after or 0.0, which.due_before)
