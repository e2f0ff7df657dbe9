"""What the ledger knows of the workers of one slice: read in a few statements, whatever their number."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from dimona_provider.api.codec import read_declaration
from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.employment import Employment
from dimona_provider.ledger import Ledger, agenda, history, periods, wishes
from dimona_provider.ledger.history import Declared
from dimona_provider.planning.shown import ShownPeriod, shown_periods


@dataclass(frozen=True, slots=True)
class Known:
    """One worker, before planning."""

    environment: str
    worker_hash: str
    wanted: tuple[Employment, ...]
    declared: Sequence[Declared]
    shown: Sequence[ShownPeriod]
    """Periods as the NSSO showed them."""
    others: frozenset[str]
    """Employments that stand for another worker."""
    is_new: bool
    """Whether nothing was ever written down or shown of the worker, nor of these employments."""


def gather(
    ledger: Ledger, connection: sa.Connection, due: Sequence[agenda.Due], *, lock: bool
) -> list[Known]:
    """Return what the ledger knows of each of *due*, in their order; with *lock*, other planners wait."""
    found: dict[tuple[str, str], Known] = {}
    for environment in sorted({one.environment for one in due}):  # locked in the same order by everybody
        workers = [one.worker_hash for one in due if one.environment == environment]
        for known in _of_environment(ledger, connection, environment, workers, lock=lock):
            found[environment, known.worker_hash] = known
    return [found[one.environment, one.worker_hash] for one in due]


def with_periods(connection: sa.Connection, due: Sequence[agenda.Due]) -> list[agenda.Due]:
    """Return those of *due* who have a period that could end."""
    found: set[tuple[str, str]] = set()
    for environment in {one.environment for one in due}:
        workers = [one.worker_hash for one in due if one.environment == environment]
        having = history.with_periods(connection, environment, workers)
        having |= periods.workers_with_imported(connection, environment, workers)
        found.update((environment, worker) for worker in having)
    return [one for one in due if (one.environment, one.worker_hash) in found]


def _of_environment(
    ledger: Ledger, connection: sa.Connection, environment: str, workers: Sequence[str], *, lock: bool
) -> Iterable[Known]:
    kept = wishes.of_workers(ledger, connection, environment, workers, lock=lock)
    declared = history.of_workers(ledger, connection, environment, workers)
    imported = periods.workers_with_imported(connection, environment, workers)
    owners = {one.employment: worker for worker, wanted in kept.items() for one in wanted}
    ever = history.ever_declared(connection, environment, list(owners))
    others = history.of_somebody_else(connection, environment, {name: owners[name] for name in ever})
    for worker in workers:
        names = {one.employment for one in kept.get(worker, ())}
        wanted = tuple(map(_read_wish, kept.get(worker, ())))
        shown = shown_periods(connection, environment, worker, wanted) if worker in imported else ()
        yield Known(
            environment=environment,
            worker_hash=worker,
            wanted=wanted,
            declared=declared.get(worker, ()),
            shown=tuple(shown),
            others=frozenset(names & others),
            is_new=not (worker in declared or worker in imported or names & ever),
        )


def _read_wish(wish: wishes.Wish) -> Employment:
    kept = json.loads(wish.body)
    start = read_declaration(kept["declaration"])
    if not isinstance(start, DimonaIn):
        raise AssertionError("a wish is kept as an IN")
    return Employment(wish.employment, kept["status"], start, is_too_early=False)
