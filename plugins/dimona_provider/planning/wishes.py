"""One wish on its way into the ledger: payroll's employment or a team's declaration becomes an intent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from dimona_provider.api.wire import InvalidBody, read_filing
from dimona_provider.domain.deadlines import brussels_today
from dimona_provider.domain.employment import read_employment, read_reference
from dimona_provider.domain.record import Malformed
from dimona_provider.domain.routes import Routes
from dimona_provider.ledger import Ledger, corrections, intents, wishes
from dimona_provider.ledger.findings import Finding, FindingKind
from dimona_provider.ledger.intents import NewIntent, Recorded
from dimona_provider.planning.identity import make_intent, with_basis
from dimona_provider.planning.meeting import why_not_met
from dimona_provider.planning.taken import Taken
from dimona_provider.planning.workplans import write_wish

_WHOSE = "missing: this ledger does not know whose period it is, so name the employer"
_NOT_RECORDED = {
    Recorded.WAITING: "another declaration of this employment is still open; plan it again after its outcome",
    Recorded.SHARED: "the same declaration was already made for another employment id",
    Recorded.OTHER_WORKER: "its worker has another number or identity than when it was declared",
    Recorded.CORRECTED: "it was refused with HTTP 400, and another one of its employment took its place",
}


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A line of a source that is no JSON at all."""

    reason: str


@dataclass(frozen=True, slots=True)
class Intake:
    """One record on its way into the ledger."""

    ledger: Ledger
    connection: sa.Connection
    routes: Routes
    place: str
    batch: str | None
    now: float
    taken: Taken

    def take_employment(self, record: object) -> wishes.Wish | None:
        """Read a record of payroll's export; return what is to be kept of it, if it can be."""
        try:
            employment = read_employment(record, brussels_today(self.now), self.routes.committees_of)
        except Malformed as malformed:
            for defect in malformed.defects:
                self._find(FindingKind.MALFORMED, malformed.reference, defect.field, defect.reason)
            return None
        kept = write_wish(employment)
        filing = read_filing(kept["declaration"])
        environment = self.routes.of(filing.employer).environment
        if (reason := self._why_not_met(environment, filing.employer)) is not None:
            self._find(FindingKind.NOT_HANDLED, employment.reference, "employer", reason)
            return None
        intent = make_intent(self.ledger, self.connection, environment, employment.reference, filing)
        said = json.dumps([employment.status, intent.content])
        self.taken.places[employment.reference] = self.place
        self.taken.employers.add((environment, filing.employer))
        return wishes.Wish(
            environment=environment,
            employment=employment.reference,
            employer=filing.employer,
            worker_hash=intent.worker_hash or "",
            content=self.ledger.keys.content_hash(said),
            body=json.dumps(kept, sort_keys=True).encode(),
        )

    def _why_not_met(self, environment: str, employer: str) -> str | None:
        if (environment, employer) not in self.taken.met:
            self.taken.met[environment, employer] = why_not_met(self.connection, environment, employer)
        return self.taken.met[environment, employer]

    def take_item(self, item: object) -> None:
        """Take a declaration of a team's own."""
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
        if not intent.employer:
            self._find(FindingKind.MALFORMED, reference, "employer", _WHOSE)
            return
        recorded = self._correct(intent) or self._record(intent, corrects=False)
        self.taken.recorded[recorded] += 1
        if recorded in _NOT_RECORDED:
            self._find(FindingKind.NOT_HANDLED, intent.employment, "employment", _NOT_RECORDED[recorded])
        if intent.period_id is not None:
            wishes.plan_period_again(self.connection, intent.environment, intent.period_id, now=self.now)

    def _correct(self, intent: NewIntent) -> Recorded | None:
        """Let *intent* take the place of a refused request that it differs from; None where it can't."""
        held = corrections.refused_request(self.ledger, self.connection, intent)
        if held is None or held.id in self.taken.as_before:
            return None
        if held.body == intent.body:
            self.taken.as_before.add(held.id)
            return None
        with self.connection.begin_nested() as both:  # never the one closed without the other recorded
            if corrections.close(self.connection, held, now=self.now) and (
                self._record(intent, corrects=True) is Recorded.NEW
            ):
                corrections.note_successor(self.ledger, self.connection, held, intent, now=self.now)
                self.taken.corrected += 1
                return Recorded.NEW
            both.rollback()
        return None

    def _record(self, intent: NewIntent, *, corrects: bool) -> Recorded:
        # What stands may build on a refused one that a purge has deleted: without its basis it would be new.
        based = with_basis(self.connection, intent)
        if based is None:
            return Recorded.WAITING
        return intents.record(
            self.ledger, self.connection, based, batch=self.batch, now=self.now, corrects=corrects
        )

    def _find(self, kind: FindingKind, employment: str | None, field_name: str, reason: str) -> None:
        self.taken.findings.append(Finding(kind, self.place, employment, field_name, reason))
