"""What we declared of an employer, as far as it has or may still have its effect: with bodies, in clear."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import OPEN, State
from dimona_provider.ledger.contact_schema import periods
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.store import Ledger

PAGE = 500


@dataclass(frozen=True, slots=True)
class Declared:
    """An intent that counts at the NSSO, or is still open."""

    employment: str
    kind: str
    state: str
    worker_hash: str | None = field(repr=False)
    worker_type: str | None
    period_id: int | None
    at: float
    """When it last changed, in epoch seconds."""
    body: bytes = field(repr=False)
    """Empty when a purge has stripped it."""

    @property
    def is_open(self) -> bool:
        """Whether its effect is still to come."""
        return self.state in OPEN


def declared(
    ledger: Ledger, environment: str, employer: str, *, workers: Collection[str] | None = None
) -> Iterator[Declared]:
    """
    Yield what was declared of an employer in the order of planning, or of *workers* (keyed hashes) alone.

    What was refused is left out. Follow-ups may name a period and no employer: they belong to who has the
    period.
    """
    which = [intents.c.environment == environment, intents.c.state != State.REFUSED, _is_of(employer)]
    if workers is not None:
        which.append(intents.c.worker_hash.in_(list(workers)))
    last = 0
    while True:
        with ledger.read() as connection:
            page = connection.execute(
                sa.select(intents).where(*which, intents.c.id > last).order_by(intents.c.id).limit(PAGE)
            ).all()
        if not page:
            return
        last = page[-1].id
        yield from (_declared(ledger, row) for row in page)


def owners(ledger: Ledger, environment: str, period_ids: Collection[int]) -> set[int]:
    """Return which of *period_ids* an IN of ours made, for whichever employer number it was filed."""
    found: set[int] = set()
    numbers = sorted(period_ids)
    for start in range(0, len(numbers), PAGE):
        some = numbers[start : start + PAGE]
        which = (
            intents.c.environment == environment,
            intents.c.kind == Kind.IN,
            intents.c.period_id.in_(some),
        )
        with ledger.read() as connection:
            found |= set(connection.scalars(sa.select(intents.c.period_id).where(*which)))
    return found


def employers(ledger: Ledger) -> list[tuple[str, str]]:
    """Return every environment and employer of which something was declared or imported, in order."""
    of_intents = sa.select(intents.c.environment, intents.c.employer).where(intents.c.employer != "")
    of_periods = sa.select(periods.c.environment, periods.c.employer)
    both = sa.union(of_intents, of_periods).subquery()
    with ledger.read() as connection:
        rows = connection.execute(sa.select(both).order_by(both.c.environment, both.c.employer))
        return [(row.environment, row.employer) for row in rows]


def first_declared(ledger: Ledger, environment: str, employer: str) -> float | None:
    """Return when the first declaration of an employer was planned, in epoch seconds; None for never."""
    which = (intents.c.environment == environment, intents.c.employer == employer)
    with ledger.read() as connection:
        at: float | None = connection.scalar(sa.select(sa.func.min(intents.c.created_at)).where(*which))
    return at


def _is_of(employer: str) -> sa.ColumnElement[bool]:
    other = intents.alias()
    its_own = sa.exists().where(
        other.c.environment == intents.c.environment,
        other.c.employer == employer,
        other.c.kind == Kind.IN,
        other.c.period_id == intents.c.period_id,
    )
    imported = sa.exists().where(
        periods.c.environment == intents.c.environment,
        periods.c.employer == employer,
        periods.c.period_id == intents.c.period_id,
    )
    nameless = sa.and_(intents.c.employer == "", sa.or_(its_own, imported))
    # First what an index finds: most of a ledger may be of other employers.
    return sa.and_(intents.c.employer.in_([employer, ""]), sa.or_(intents.c.employer == employer, nameless))


def _declared(ledger: Ledger, row: Any) -> Declared:
    return Declared(
        employment=row.employment,
        kind=row.kind,
        state=row.state,
        worker_hash=row.worker_hash,
        worker_type=row.worker_type,
        period_id=row.period_id,
        at=row.changed_at,
        body=ledger.keys.decrypt(row.body) if row.body else b"",
    )
