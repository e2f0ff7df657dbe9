"""One wish on its way into the ledger: payroll's employment or a team's declaration becomes an intent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import sqlalchemy as sa

from dimona_provider.api.codec import write_declaration
from dimona_provider.api.wire import InvalidBody, read_filing
from dimona_provider.domain.deadlines import brussels_today
from dimona_provider.domain.employment import read_employment, read_reference
from dimona_provider.domain.planning import NotHandled, plan_employment
from dimona_provider.domain.record import Malformed
from dimona_provider.domain.routes import Routes
from dimona_provider.identity import make_intent, with_basis
from dimona_provider.ledger import Ledger, corrections, intents, standing
from dimona_provider.ledger.findings import Finding, FindingKind
from dimona_provider.ledger.intents import NewIntent, Recorded
from dimona_provider.meeting import why_not_met

_CHANGED = "its dates, hours or features changed since it was declared; changes are not declared yet"
_SECOND_CONTRACT = "this student has another contract with this employer in this quarter; not added up yet"
_CANCELLED = (
    "its declaration was cancelled, yet payroll still has it: withdraw it there, or declare it yourself"
)
_WHOSE = "missing: this ledger does not know whose period it is, so name the employer"
_NOT_RECORDED = {
    Recorded.WAITING: "another declaration of this employment is still open; plan it again after its outcome",
    Recorded.SHARED: "the same declaration was already made for another employment id",
    Recorded.OTHER_WORKER: "its worker has another number or identity than when it was declared",
    Recorded.CORRECTED: "it was refused with HTTP 400, and another one of its employment took its place",
}


class _WishFor(Protocol):
    """Records an intent, or says why it can't."""

    def __call__(self, intent: NewIntent, *, corrects: bool) -> Recorded | NotHandled: ...


@dataclass(slots=True)
class Taken:
    """What became of the records of one intake."""

    records: int = 0
    recorded: Counter[Recorded] = field(default_factory=Counter)
    corrected: int = 0
    """How many of the new intents took the place of one that was refused with HTTP 400."""
    findings: list[Finding] = field(default_factory=list)
    as_before: set[int] = field(default_factory=set)
    """Refused intents that are still wished for as they are: another item does not correct them."""


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

    def take_employment(self, record: object) -> None:
        """Take a record of payroll's export."""
        try:
            employment = read_employment(record, brussels_today(self.now), self.routes.committees_of)
        except Malformed as malformed:
            for defect in malformed.defects:
                self._find(FindingKind.MALFORMED, malformed.reference, defect.field, defect.reason)
            return
        planned = plan_employment(employment)
        if isinstance(planned, NotHandled):
            self._find(FindingKind.NOT_HANDLED, employment.reference, planned.field, planned.reason)
            return
        filing = read_filing(write_declaration(planned))
        environment = self.routes.of(filing.employer).environment
        if (reason := why_not_met(self.connection, environment, filing.employer)) is not None:
            self._find(FindingKind.NOT_HANDLED, employment.reference, "employer", reason)
            return
        intent = make_intent(self.ledger, self.connection, environment, employment.reference, filing)
        self._take(intent, self._wish_for_employment)

    def _why_not(self, intent: NewIntent) -> str | None:
        """Return why payroll's wish, beside what stands already, needs more than an IN."""
        stands = standing.of_subject(self.connection, intent)
        if stands is None:
            return None
        if stands.content != intent.content:
            return _CHANGED if stands.employment == intent.employment else _SECOND_CONTRACT
        if stands.worker_hash != intent.worker_hash and stands.employment == intent.employment:
            return _NOT_RECORDED[Recorded.OTHER_WORKER]
        based = with_basis(self.connection, intent)
        return _CANCELLED if based is None or based.basis != stands.basis else None

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
        self._take(intent, self._wish_for_item)

    def _take(self, intent: NewIntent, wish: _WishFor) -> None:
        came_to = self._correct(intent, wish) or wish(intent, corrects=False)
        if isinstance(came_to, Recorded):
            self.taken.recorded[came_to] += 1
        reason = _NOT_RECORDED.get(came_to) if isinstance(came_to, Recorded) else came_to.reason
        if reason is not None:
            self._find(FindingKind.NOT_HANDLED, intent.employment, "employment", reason)

    def _correct(self, intent: NewIntent, wish: _WishFor) -> Recorded | None:
        """Let *intent* take the place of a refused request that it differs from; None where it can't."""
        held = corrections.refused_request(self.ledger, self.connection, intent)
        if held is None or held.id in self.taken.as_before:
            return None
        if held.body == intent.body:
            self.taken.as_before.add(held.id)
            return None
        with self.connection.begin_nested() as both:  # never the one closed without the other recorded
            if corrections.close(self.connection, held, now=self.now) and (
                wish(intent, corrects=True) is Recorded.NEW
            ):
                corrections.note_successor(self.ledger, self.connection, held, intent, now=self.now)
                self.taken.corrected += 1
                return Recorded.NEW
            both.rollback()
        return None

    def _wish_for_employment(self, intent: NewIntent, *, corrects: bool) -> Recorded | NotHandled:
        if (reason := self._why_not(intent)) is not None:
            return NotHandled("employment", reason)
        return self._wish_for_item(intent, corrects=corrects)

    def _wish_for_item(self, intent: NewIntent, *, corrects: bool) -> Recorded | NotHandled:
        # What stands may build on a refused one that a purge has deleted: without its basis it would be new.
        based = with_basis(self.connection, intent)
        if based is None:
            return Recorded.WAITING
        return intents.record(
            self.ledger, self.connection, based, batch=self.batch, now=self.now, corrects=corrects
        )

    def _find(self, kind: FindingKind, employment: str | None, field_name: str, reason: str) -> None:
        self.taken.findings.append(Finding(kind, self.place, employment, field_name, reason))
