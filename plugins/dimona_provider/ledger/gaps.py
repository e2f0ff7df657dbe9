"""The register of gaps: where the NSSO's periods differ from ours, since when, and until when."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from dimona_provider.domain.gaps import Gap
from dimona_provider.ledger.contact_schema import gaps
from dimona_provider.ledger.store import Ledger

PAGE = 500


@dataclass(frozen=True, slots=True)
class Registered:
    """What a reconciliation changed in the register."""

    new: int
    open: int
    """Gaps of the employer that are open now, the new ones included."""
    solved: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A gap in the register; names no person."""

    environment: str
    employer: str
    kind: str
    reference: str
    employment: str | None
    period_id: int | None
    detail: str
    first_seen: float
    last_seen: float
    solved: float | None


def register(
    ledger: Ledger,
    environment: str,
    employer: str,
    found: Sequence[Gap],
    pending: Collection[str],
    *,
    now: float,
) -> Registered:
    """
    Write down what a reconciliation found of an employer, and that what it did not find is solved.

    What is *pending*, by reference, stays as it is: it may pass by itself, and nobody can say yet. Called
    again with the same it changes nothing but when the gaps were last seen.
    """
    mine = (gaps.c.environment == environment, gaps.c.employer == employer, gaps.c.solved.is_(None))
    by_key = {(str(one.kind), one.reference): one for one in found}
    with ledger.write() as connection:
        known = {(row.kind, row.reference): row for row in connection.execute(sa.select(gaps).where(*mine))}
        new = [_row(environment, employer, one, now) for key, one in by_key.items() if key not in known]
        if new:
            connection.execute(gaps.insert(), new)
        for key, row in known.items():
            if key in by_key:
                seen = {"last_seen": now, "detail": by_key[key].detail}
                connection.execute(gaps.update().where(gaps.c.id == row.id).values(seen))
        over = [row.id for key, row in known.items() if key not in by_key and row.reference not in pending]
        for start in range(0, len(over), PAGE):
            some = gaps.c.id.in_(over[start : start + PAGE])
            connection.execute(gaps.update().where(some).values(solved=now))
        done = Registered(len(new), len(known) + len(new) - len(over), len(over))
        detail = f"employer {employer}: {done.open} gaps, {done.new} new, {done.solved} solved"
        ledger.note(connection, now, "reconciled", detail=detail)
    return done


def entries(ledger: Ledger, *, environments: Collection[str] | None = None) -> Iterator[Entry]:
    """Yield the gaps that are open in the order of finding, everywhere or in some environments."""
    return _select(ledger, gaps.c.solved.is_(None), environments)


def all_entries(ledger: Ledger) -> Iterator[Entry]:
    """Yield every gap there is or was, in the order of finding."""
    return _select(ledger, sa.true(), None)


def _select(
    ledger: Ledger, which: sa.ColumnElement[bool], environments: Collection[str] | None
) -> Iterator[Entry]:
    where = [which] if environments is None else [which, gaps.c.environment.in_(list(environments))]
    last = 0
    while True:
        with ledger.read() as connection:
            page = connection.execute(
                sa.select(gaps).where(*where, gaps.c.id > last).order_by(gaps.c.id).limit(PAGE)
            ).all()
        if not page:
            return
        last = page[-1].id
        for row in page:
            values = row._asdict()
            del values["id"]
            yield Entry(**values)


def _row(environment: str, employer: str, one: Gap, now: float) -> dict[str, object]:
    return {
        "environment": environment,
        "employer": employer,
        "kind": one.kind,
        "reference": one.reference,
        "employment": one.employment,
        "period_id": one.period_id,
        "detail": one.detail,
        "first_seen": now,
        "last_seen": now,
    }
