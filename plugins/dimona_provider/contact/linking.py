"""Which employment of the ledger each imported period belongs to, by what was declared; never by a guess."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dimona_provider.api.terms import read_effect
from dimona_provider.contact.effects import effect_of
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.matching import Fitting, Matched, match
from dimona_provider.ledger import Ledger, periods, wishes
from dimona_provider.ledger.contacts import Reading
from dimona_provider.ledger.declared import declared
from dimona_provider.ledger.periods import Counts, SeenPeriod

_WORKERS = 500


@dataclass(slots=True)
class Imported:
    """What an import came to; holds no person."""

    pages: int = 0
    counts: Counts = field(default_factory=lambda: Counts(0, 0, 0, 0))
    cancelled: int = 0
    """Periods that do not count any more; they are kept, and matched to nothing."""
    matched: int = 0
    unmatched: int = 0
    """Periods of no employment that the ledger knows."""
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The employments that fit equally well, by period id."""

    def line(self) -> str:
        """Return the counts in words."""
        gone = f", {self.counts.gone} not shown any more" if self.counts.gone else ""
        return (
            f"{self.counts.shown} periods ({self.counts.new} new, {self.counts.changed} changed{gone}): "
            f"{self.matched} matched to an employment, {len(self.ambiguous)} fit several, "
            f"{self.unmatched} fit none, {self.cancelled} cancelled"
        )

    def add(self, shown: Sequence[SeenPeriod], found: Matched, linked: Mapping[int, str]) -> dict[int, str]:
        """Count the periods of some workers; return those whose employment is new, those *linked* stay."""
        standing = {one.period_id for one in shown if not one.is_cancelled}
        matched = {int(name): employment for name, employment in found.employments.items()}
        belong = matched.keys() | (standing & linked.keys())
        fit_several = {name: fit for name, fit in found.ambiguous.items() if int(name) not in belong}
        self.cancelled += len(shown) - len(standing)
        self.matched += len(belong)
        self.ambiguous |= fit_several
        self.unmatched += len(standing) - len(belong) - len(fit_several)
        return {number: name for number, name in matched.items() if linked.get(number) != name}


def link_all(ledger: Ledger, reading: Reading) -> Imported:
    """Match all periods that a reading was shown, and write down the employment of each that has one."""
    where = (reading.environment, reading.employer)
    done = Imported(reading.pages, periods.counts(ledger, *where, since=reading.began_at))
    for group in periods.by_worker(ledger, *where):
        kept = [one for one in group if one.seen_at >= reading.began_at]
        shown = [one.seen for one in kept]
        linked = {one.seen.period_id: one.employment for one in kept if one.employment}
        new = done.add(shown, _match(ledger, *where, shown), linked)
        if new:
            with ledger.write() as connection:
                periods.assign(connection, *where, new)
    return done


def try_links(
    ledger: Ledger, environment: str, employer: str, shown: Mapping[int, SeenPeriod], done: Imported
) -> None:
    """Count what matching and keeping *shown* would come to."""
    groups = periods.by_worker(ledger, environment, employer)
    kept = {one.seen.period_id: one for group in groups for one in group}
    linked = {number: one.employment for number, one in kept.items() if one.employment}
    done.counts = Counts(
        len(shown),
        len(shown.keys() - kept.keys()),
        sum(number in kept and kept[number].seen != one for number, one in shown.items()),
        len(kept.keys() - shown.keys()),
    )
    for some in _by_worker(shown.values()):
        done.add(some, _match(ledger, environment, employer, some), linked)


def _match(ledger: Ledger, environment: str, employer: str, shown: Sequence[SeenPeriod]) -> Matched:
    standing = [one for one in shown if not one.is_cancelled]
    workers = {one.worker_hash for one in standing if one.worker_hash}
    return match([_fitting(one) for one in standing], _employments(ledger, environment, employer, workers))


def _fitting(one: SeenPeriod) -> Fitting:
    terms = one.terms
    return Fitting(str(one.period_id), one.worker_hash, terms.worker_type, terms.start, terms.end)


def _employments(ledger: Ledger, environment: str, employer: str, workers: set[str]) -> Iterable[Fitting]:
    """Yield the employments of some workers, by what was declared of them, or else by what payroll wishes."""
    told = set()
    for one in declared(ledger, environment, employer, workers=workers):
        effect = effect_of(one)
        if effect.kind is Kind.IN:
            told.add(one.employment)
            start, end = (effect.terms.start, effect.terms.end) if effect.terms else (None, None)
            yield Fitting(one.employment, one.worker_hash, one.worker_type, start, end, one.period_id)
    with ledger.read() as connection:
        wished = wishes.of_workers(ledger, connection, environment, workers)
    for wish in itertools.chain.from_iterable(wished.values()):
        if wish.employer != employer or wish.employment in told:
            continue
        kept = json.loads(wish.body)
        _, terms, _ = read_effect(kept["declaration"])
        if terms is not None and kept["status"] != "withdrawn":
            yield Fitting(wish.employment, wish.worker_hash, terms.worker_type, terms.start, terms.end)


def _by_worker(shown: Iterable[SeenPeriod]) -> Iterator[list[SeenPeriod]]:
    """Yield periods in groups, all periods of a worker in one; a query takes a limited number of workers."""
    by_worker: dict[str | None, list[SeenPeriod]] = {}
    for one in shown:
        by_worker.setdefault(one.worker_hash, []).append(one)
    workers = iter(by_worker.values())
    while some := list(itertools.islice(workers, _WORKERS)):
        yield [one for group in some for one in group]
