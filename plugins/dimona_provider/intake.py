"""
Use case: write down what is to be filed, before anything is sent.

Wishes come from payroll's staged exports (plan) or from a team's own declarations (source). What becomes no
declaration is written down as a finding, and the others go on.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dimona_provider.api.wire import InvalidBody, read_filing
from dimona_provider.domain.deadlines import brussels_today
from dimona_provider.domain.employment import read_employment, read_reference
from dimona_provider.domain.record import Malformed
from dimona_provider.domain.routes import Route, Routes
from dimona_provider.identity import make_intent, with_basis
from dimona_provider.ledger import Ledger, batches, intents, staging, wishes
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.findings import Finding, FindingKind, note_findings
from dimona_provider.ledger.intents import NewIntent, Recorded
from dimona_provider.plan_run import PlanRun
from dimona_provider.taken import Taken
from dimona_provider.workplans import write_wish

_PAGE = 500
_NOT_RECORDED = {
    Recorded.WAITING: "another declaration of this employment is still open; plan it again after its outcome",
    Recorded.SHARED: "the same declaration was already made for another employment id",
    Recorded.OTHER_WORKER: "its worker has another number or identity than when it was declared",
}


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A line of a source that is no JSON at all."""

    reason: str


def plan_exports(
    ledger: Ledger,
    run: Run,
    routes: Routes,
    *,
    now: float,
) -> Taken:
    """
    Keep every staged page of payroll as wishes, delete the page in the same transaction, then plan.

    What is new among the wishes is planned, and what has come due since. The intents have no batch yet:
    ``batches.assign`` hands them out, also those of a plan that died half-way.
    """
    total = Taken()
    for page, place, records in staging.pages(ledger):
        taken = Taken(len(records))
        with ledger.write() as connection:
            if not staging.delete_page(connection, page):
                continue  # another plan took it
            for number, record in enumerate(records, start=1):
                at = f"{place} record {number}"
                intake = _Intake(ledger, connection, routes, at, None, now, taken)
                intake.take_employment(record)
            note_findings(connection, run, routes.default.environment, taken.findings, now=now)
        total.records += taken.records
        total.findings.extend(taken.findings)
        total.places |= taken.places
    PlanRun(ledger, run, routes, total, now).plan_due()
    _count_known(total)
    return total


def _count_known(taken: Taken) -> None:
    """Count the records after which nothing was left to do."""
    told = {one.employment for one in taken.findings}
    if known := taken.places.keys() - told - taken.filed:
        taken.recorded[Recorded.KNOWN] = len(known)


def take_source(
    ledger: Ledger, run: Run, route: Route, origin: str, items: Iterable[Any], *, now: float
) -> tuple[str, Taken]:
    """
    Turn a team's own declarations into intents of one batch; return its reference.

    Each item is ``{"reference": payroll's own id, "declaration": REST body}``. *origin* names the task: a
    retry finds its batch again and adds only what is missing.
    """
    taken = Taken()
    with ledger.write() as connection:
        batch = batches.create(connection, run, route, origin, now=now)
    for page in _pages(enumerate(items, start=1)):
        before = len(taken.findings)
        with ledger.write() as connection:
            for number, item in page:
                taken.records += 1
                place = f"{origin} item {number}"
                _Intake(ledger, connection, Routes(route), place, batch, now, taken).take_item(item)
            note_findings(connection, run, route.environment, taken.findings[before:], now=now)
    return batch, taken


def _pages(items: Iterable[tuple[int, Any]]) -> Iterator[list[tuple[int, Any]]]:
    iterator = iter(items)
    while page := list(itertools.islice(iterator, _PAGE)):
        yield page


@dataclass(frozen=True, slots=True)
class _Intake:
    """One record on its way into the ledger."""

    ledger: Ledger
    connection: sa.Connection
    routes: Routes
    place: str
    batch: str | None
    now: float
    taken: Taken

    def take_employment(self, record: object) -> None:
        try:
            employment = read_employment(record, brussels_today(self.now), self.routes.committees_of)
        except Malformed as malformed:
            for defect in malformed.defects:
                self._find(FindingKind.MALFORMED, malformed.reference, defect.field, defect.reason)
            return
        kept = write_wish(employment)
        filing = read_filing(kept["declaration"])
        environment = self.routes.of(filing.employer).environment
        intent = make_intent(self.ledger, self.connection, environment, employment.reference, filing)
        said = json.dumps([employment.status, intent.content])
        wish = wishes.Wish(
            environment=environment,
            employment=employment.reference,
            employer=filing.employer,
            worker_hash=intent.worker_hash or "",
            content=self.ledger.keys.content_hash(said),
            body=json.dumps(kept, sort_keys=True).encode(),
        )
        self.taken.places[employment.reference] = self.place
        wishes.keep(self.ledger, self.connection, wish, now=self.now)

    def take_item(self, item: object) -> None:
        reference = None
        if isinstance(item, BadRecord) or not isinstance(item, Mapping):
            reason = item.reason if isinstance(item, BadRecord) else "not a JSON object"
            self._find(FindingKind.MALFORMED, None, "item", reason)
            return
        try:
            reference = read_reference(item.get("reference"))
            filing = read_filing(item.get("declaration"))
        except InvalidBody as invalid:
            for defect in invalid.defects:
                self._find(FindingKind.MALFORMED, reference, defect.field, defect.reason)
            return
        except ValueError as error:
            self._find(FindingKind.MALFORMED, None, "reference", str(error))
            return
        intent = make_intent(self.ledger, self.connection, self.routes.default.environment, reference, filing)
        based = with_basis(self.connection, intent)
        if based is None:
            self._find(FindingKind.NOT_HANDLED, reference, "employment", _NOT_RECORDED[Recorded.WAITING])
            self.taken.recorded[Recorded.WAITING] += 1
            return
        self._record(based)
        if based.period_id is not None:
            wishes.plan_period_again(self.connection, based.environment, based.period_id, now=self.now)

    def _record(self, intent: NewIntent) -> None:
        recorded = intents.record(self.ledger, self.connection, intent, batch=self.batch, now=self.now)
        self.taken.recorded[recorded] += 1
        if (reason := _NOT_RECORDED.get(recorded)) is not None:
            self._find(FindingKind.NOT_HANDLED, intent.employment, "employment", reason)

    def _find(self, kind: FindingKind, employment: str | None, field_name: str, reason: str) -> None:
        self.taken.findings.append(Finding(kind, self.place, employment, field_name, reason))
