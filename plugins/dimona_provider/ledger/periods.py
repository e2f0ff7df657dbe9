"""Periods as the NSSO showed them when an employer was imported; a worker is a keyed hash, without a name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.imported import ImportedPeriod
from dimona_provider.domain.terms import Terms
from dimona_provider.ledger.contact_schema import contacts, periods
from dimona_provider.ledger.store import Ledger

_MOST_VALUES = 500  # SQLite takes a limited number of bound values in one statement


@dataclass(frozen=True, slots=True)
class SeenPeriod:
    """A period as a search showed it."""

    period_id: int
    worker_hash: str | None = field(repr=False)
    terms: Terms
    """With a start date."""
    is_cancelled: bool
    is_locked: bool
    is_late: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A period as the ledger keeps it."""

    seen: SeenPeriod
    employment: str | None
    """The employment that it was matched to."""
    seen_at: float


@dataclass(frozen=True, slots=True)
class Counts:
    """The periods of an employer after a reading."""

    shown: int
    """Periods that this reading was shown."""
    new: int
    changed: int
    """Known before, and otherwise."""
    gone: int
    """Known before, and not shown any more; they are kept."""


def put(
    connection: sa.Connection, environment: str, employer: str, page: Sequence[SeenPeriod], *, now: float
) -> None:
    """Write down the periods of a page, as they are shown now."""
    # Pages may move while they are read, and show a period twice: the later one counts.
    shown = {one.period_id: one for one in page}
    found = {row.period_id: row for row in connection.execute(_of(environment, employer, shown))}
    for number, one in shown.items():
        values = _values(one)
        row = found.get(number)
        if row is None:
            key = {"environment": environment, "employer": employer, "period_id": number}
            seen = {"first_seen_at": now, "changed_at": now, "seen_at": now}
            connection.execute(periods.insert().values({**key, **values, **seen}))
            continue
        is_same = all(row._mapping[name] == value for name, value in values.items())  # noqa: SLF001 - public
        changed = {} if is_same else {**values, "changed_at": now}
        connection.execute(periods.update().where(periods.c.id == row.id).values(seen_at=now, **changed))


def counts(ledger: Ledger, environment: str, employer: str, *, since: float) -> Counts:
    """Count the periods of an employer by what a reading that began at *since* made of them."""
    p = periods.c
    mine = (p.environment == environment, p.employer == employer)

    def number(*which: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return sa.select(sa.func.count()).where(*mine, *which).scalar_subquery()

    with ledger.read() as connection:
        row = connection.execute(
            sa.select(
                number(p.seen_at >= since),
                number(p.first_seen_at >= since),
                number(p.first_seen_at < since, p.changed_at >= since),
                number(p.seen_at < since),
            )
        ).one()
    return Counts(*row)


def imported_periods(
    connection: sa.Connection, environment: str, worker_hash: str, *, employer: str | None = None
) -> list[ImportedPeriod]:
    """
    Return the imported periods of a worker with an employer, or with all, in the order of their ids.

    Of a reading that has not come to its end yet nothing is returned. What was declared since a period was
    seen is not in it: see ``intents``.
    """
    imported = sa.exists().where(
        contacts.c.environment == periods.c.environment,
        contacts.c.employer == periods.c.employer,
        contacts.c.imported_at.is_not(None),
    )
    of_employer = sa.true() if employer is None else periods.c.employer == employer
    query = (
        sa.select(periods)
        .where(
            periods.c.environment == environment, periods.c.worker_hash == worker_hash, of_employer, imported
        )
        .order_by(periods.c.period_id)
    )
    return [_imported(row) for row in connection.execute(query)]


def workers_with_imported(connection: sa.Connection, environment: str, workers: Collection[str]) -> set[str]:
    """Return those of *workers* of whom a reading brought periods."""
    which = (periods.c.environment == environment, periods.c.worker_hash.in_(list(workers)))
    return set(connection.scalars(sa.select(periods.c.worker_hash).where(*which).distinct()))


def assign(
    connection: sa.Connection, environment: str, employer: str, employments: Mapping[int, str]
) -> None:
    """Write down which employment each of some periods belongs to."""
    for number, employment in employments.items():
        which = (
            periods.c.environment == environment,
            periods.c.employer == employer,
            periods.c.period_id == number,
        )
        connection.execute(periods.update().where(*which).values(employment=employment))


def by_worker(ledger: Ledger, environment: str, employer: str) -> Iterator[list[Kept]]:
    """Yield an employer's periods in groups, all periods of a worker in one; those of nobody come first."""
    mine = (periods.c.environment == environment, periods.c.employer == employer)
    worker = sa.func.coalesce(periods.c.worker_hash, "")
    last: str | None = None
    while True:
        after = sa.true() if last is None else worker > last
        with ledger.read() as connection:
            some = sa.select(worker).where(*mine, after).distinct().order_by(worker).limit(_MOST_VALUES)
            workers = list(connection.scalars(some))
            if not workers:
                return
            rows = connection.execute(
                sa.select(periods).where(*mine, worker.in_(workers)).order_by(worker, periods.c.period_id)
            ).all()
        last = workers[-1]
        yield [_kept(row) for row in rows]


def _of(environment: str, employer: str, numbers: Collection[int]) -> sa.Select[Any]:
    return sa.select(periods).where(
        periods.c.environment == environment,
        periods.c.employer == employer,
        periods.c.period_id.in_(list(numbers)),
    )


def _values(one: SeenPeriod) -> dict[str, Any]:
    terms = one.terms
    return {
        "worker_hash": one.worker_hash,
        "worker_type": terms.worker_type,
        "joint_committee": terms.joint_committee,
        "start_date": terms.start.isoformat() if terms.start else "",
        "end_date": terms.end.isoformat() if terms.end else None,
        "start_hour": terms.start_hour,
        "end_hour": terms.end_hour,
        "planned_hours": terms.planned_hours,
        "is_cancelled": one.is_cancelled,
        "is_locked": one.is_locked,
        "is_late": one.is_late,
    }


def _kept(row: Any) -> Kept:
    days = (dt.date.fromisoformat(row.start_date), _day(row.end_date))
    hours = (row.start_hour, row.end_hour, row.planned_hours)
    terms = Terms(row.worker_type, row.joint_committee, *days, *hours)
    seen = SeenPeriod(row.period_id, row.worker_hash, terms, row.is_cancelled, row.is_locked, row.is_late)
    return Kept(seen, row.employment, row.seen_at)


def _imported(row: Any) -> ImportedPeriod:
    return ImportedPeriod(
        employer=row.employer,
        period_id=row.period_id,
        worker_type=row.worker_type,
        joint_committee=row.joint_committee,
        start_date=dt.date.fromisoformat(row.start_date),
        end_date=_day(row.end_date),
        start_hour=row.start_hour,
        end_hour=row.end_hour,
        planned_hours=row.planned_hours,
        is_cancelled=row.is_cancelled,
        is_locked=row.is_locked,
        employments=(row.employment,) if row.employment else (),
        seen_at=row.seen_at,
    )


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
