"""
Declarations page by page in the order that a person chose, fast in a ledger of any size.

A page goes on where the one before ended (keyset), by an index that has the order; no person is in it.
"""

from __future__ import annotations

import math
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
"""Stands for none in the order; the index ``ix_intents_deadline`` has the same expression."""
_DEADLINE = sa.func.coalesce(intents.c.file_by, sa.literal_column("1e12"))
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
    due_after: float | None = None
    due_before: float | None = None
    """With either of these, only what has not ended yet and has its deadline between them."""
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
        if not math.isfinite(float(value)) or not number.isascii() or not number.isdecimal():
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
    query = _query(which, where, sort, descending=descending, after=after, most=size + 1)
    with ledger.read() as connection:
        rows = connection.execute(query).all()
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


def _query(
    which: Filter,
    where: list[sa.ColumnElement[bool]],
    sort: Sort,
    *,
    descending: bool,
    after: Cursor | None,
    most: int,
) -> sa.Select[Any]:
    by = intents.c.changed_at if sort is Sort.CHANGED else _DEADLINE
    if after is not None:
        place = sa.tuple_(by, intents.c.id)
        last = sa.tuple_(sa.literal(after.value), sa.literal(after.id))
        where.append(place < last if descending else place > last)
    order = (by.desc(), intents.c.id.desc()) if descending else (by, intents.c.id)
    query = sa.select(*_COLUMNS, by.label("place")).where(*where).order_by(*order).limit(most)
    if sort is Sort.DEADLINE or which.employer is None or which.state or which.due_before or which.due_after:
        return query
    # The index of an employer goes by state: the first of each state are found at once, and merged.
    parts = [sa.select(query.where(intents.c.state == state).subquery()) for state in State]
    merged = sa.union_all(*parts).subquery()
    ends = (merged.c.place, merged.c.id)
    return sa.select(merged).order_by(*((end.desc() for end in ends) if descending else ends)).limit(most)


def _has_code(code: str, dialect: str) -> sa.ColumnElement[bool]:
    if dialect == "postgresql":
        codes = sa.func.string_to_array(intents.c.anomalies, sa.literal_column("' '"))
        return codes.op("@>")(sa.func.string_to_array(code, sa.literal_column("' '")))
    return intents.c.anomalies.contains(code, autoescape=True)


def _conditions(which: Filter, dialect: str) -> Iterator[sa.ColumnElement[bool]]:
    yield intents.c.environment == which.environment
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
    if which.due_after is None and which.due_before is None:
        return
    yield intents.c.state.in_(sorted(OPEN))
    yield _DEADLINE < (NO_DEADLINE if which.due_before is None else which.due_before)
    if which.due_after is not None:
        yield _DEADLINE >= which.due_after
