"""From a plan to intents in the ledger, in the order in which they may go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from dimona_provider.api.codec import write_declaration
from dimona_provider.api.wire import read_filing
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import OPEN, State
from dimona_provider.domain.planning.values import Planned, employer_key
from dimona_provider.domain.planning.words import Reason
from dimona_provider.ledger import Ledger, corrections, intents, overdue, standing
from dimona_provider.ledger.intents import NewIntent, Recorded, insert_once
from dimona_provider.ledger.plan_schema import served
from dimona_provider.planning.identity import basis_of, make_intent


class Recorder:
    """Writes the plan of one worker down."""

    def __init__(
        self,
        ledger: Ledger,
        connection: sa.Connection,
        environment: str,
        worker_hash: str,
        now: float,
        *,
        again: Mapping[int, str] | None = None,
    ) -> None:
        self._ledger = ledger
        self._connection = connection
        self._environment = environment
        self._worker = worker_hash
        self._now = now
        self._again = again or {}
        """Refused intents that a person wants filed once more: their references by number."""
        self._done: dict[str, int | None] = {}
        """The intents of this plan by their keys in it; None for what is effective already."""
        self.corrected = 0
        self.was_refused = False
        """Whether the NSSO has refused the very same before."""

    def record(self, planned: Planned) -> Recorded:
        """Write one declaration down; WAITING when what has to go before it is not written down either."""
        if not all(key in self._done for key in planned.depends_on):
            return Recorded.WAITING
        waits_for = [number for key in planned.depends_on if (number := self._done[key]) is not None]
        intent = intent_of(self._ledger, self._connection, self._environment, self._worker, planned)
        intent = replace(intent, basis=self._basis(intent), depends_on=waits_for[-1] if waits_for else None)
        intent = self._once_more(intent)
        recorded = self._correct(intent) or self._write(intent, corrects=False)
        found = intents.id_and_state(self._connection, intent)
        if found is None:
            return Recorded.WAITING
        number, state = found
        self.was_refused = recorded is Recorded.KNOWN and state is State.REFUSED
        # What a person cancelled is no wish of payroll's: serving nobody, it is not declared again by itself.
        if recorded is Recorded.NEW and planned.reason is not Reason.DECIDED:
            serve(self._connection, [(number, planned)])
        if state in OPEN:
            self._done[planned.key] = number
        return recorded

    def _once_more(self, intent: NewIntent) -> NewIntent:
        """
        Return *intent* as one that builds on a refused one that is to be filed again.

        Because a person wants so, or because it was given up before it left: what is planned after that is in
        time, or what a person wants.
        """
        while (found := intents.id_and_state(self._connection, intent)) and found[1] is State.REFUSED:
            before = self._again.get(found[0]) or overdue.was_given_up(self._connection, found[0])
            if before is None:
                break
            intent = intent.on(intents.after_refusal(before))
        return intent

    def _write(self, intent: NewIntent, *, corrects: bool) -> Recorded:
        return intents.record(
            self._ledger, self._connection, intent, batch=None, now=self._now, corrects=corrects
        )

    def _correct(self, intent: NewIntent) -> Recorded | None:
        """Let *intent* take the place of a refused request that it differs from; None where it can't."""
        held = corrections.refused_request(self._ledger, self._connection, intent)
        if held is None or held.body == intent.body:
            return None
        with self._connection.begin_nested() as both:  # never the one closed without the other recorded
            if corrections.close(self._connection, held, now=self._now) and (
                self._write(intent, corrects=True) is Recorded.NEW
            ):
                corrections.note_successor(self._ledger, self._connection, held, intent, now=self._now)
                self.corrected += 1
                return Recorded.NEW
            both.rollback()
        return None

    def _basis(self, intent: NewIntent) -> str:
        """
        Return the last effective declaration that *intent* builds on.

        The plan says that it is not so at the NSSO: an equal one that was effective has been changed since,
        by the declaration that this one builds on.
        """
        number = intent.period_id
        if intent.kind is Kind.IN:
            same = standing.of_subject(self._connection, intent, same_content=True)
            if same is None:
                return ""
            number = same.period_id
            if number is None:
                return same.basis
        last = standing.on_period(self._connection, self._environment, number) if number else None
        if last is None:
            return ""
        if last.content == intent.content and last.kind == intent.kind:
            return last.basis
        return basis_of(last)


def intent_of(
    ledger: Ledger, connection: sa.Connection, environment: str, worker_hash: str, planned: Planned
) -> NewIntent:
    """Return the intent that files *planned* for a worker, without a basis."""
    filing = read_filing(write_declaration(planned.declaration))
    made = make_intent(ledger, connection, environment, planned.employments[0], filing)
    subject = planned.subject
    if planned.kind is Kind.IN:
        subject = subject.replace("student ", f"student {worker_hash} ", 1)
    return replace(
        made,
        subject=subject,
        worker_hash=worker_hash,
        worker_type=made.worker_type or (planned.after.worker_type if planned.after else None),
        file_by=planned.file_by.timestamp() if planned.file_by else None,
    )


def serve(connection: sa.Connection, written: Iterable[tuple[int, Planned]]) -> None:
    """Write down which employments the periods of new intents, given by number, serve afterwards."""
    rows = [
        {"intent": number, "employment": one}
        for number, planned in written
        for one in dict.fromkeys(planned.employments)
    ]
    if rows:
        # With RETURNING alone SQLAlchemy sends all rows in one statement.
        connection.execute(insert_once(connection, served).returning(served.c.intent), rows)


def in_chain(planned: Sequence[Planned]) -> list[Planned]:
    """
    Return *planned* with one prerequisite for each at most, because an intent waits for one other alone.

    Several prerequisites are made to wait for each other; those that wait for something else already leave
    what needs them to the next plan.
    """
    made = {one.key: one for one in planned}
    for one in planned:
        for before, after in zip(one.depends_on, one.depends_on[1:], strict=False):
            if after in made and not made[after].depends_on:
                made[after] = replace(made[after], depends_on=(before,))
    order: list[Planned] = []
    waiting = list(made.values())
    while ready := [one for one in waiting if {other.key for other in order}.issuperset(one.depends_on)]:
        order += ready
        waiting = [one for one in waiting if one not in ready]
    return order + waiting


def employer_of(planned: Planned) -> str:
    """Return the number of the employer for whom it is filed."""
    employer = planned.declaration.employer
    return employer_key(employer) if employer is not None else ""
