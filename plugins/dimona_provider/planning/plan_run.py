"""Use case: write down what planning comes to, the brake included."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import sqlalchemy as sa

from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.domain.planning.brake import Brake, hold_ends, question
from dimona_provider.domain.planning.values import Decision, Plan, Planned, Unplanned
from dimona_provider.domain.planning.window import hold_early
from dimona_provider.domain.planning.words import Problem
from dimona_provider.domain.routes import Routes
from dimona_provider.ledger import Ledger, agenda, history, wishes
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.findings import note_findings
from dimona_provider.ledger.intents import Recorded
from dimona_provider.ledger.said import Said, said
from dimona_provider.planning.beginnings import Begun, begin
from dimona_provider.planning.choosing import ask
from dimona_provider.planning.decided import is_allowed, with_answers, without_kept
from dimona_provider.planning.histories import is_assumed
from dimona_provider.planning.recording import Recorder, employer_of, in_chain
from dimona_provider.planning.taken import Taken
from dimona_provider.planning.workplans import WorkerPlan, count_ends, in_slices, think

_WAITING = "another declaration of this employment is still open; a later plan goes on after its outcome"
_REASONS = {
    Recorded.WAITING: _WAITING,
    Recorded.CORRECTED: "it was refused with HTTP 400, and another one of its employment took its place",
    Recorded.SHARED: "the same declaration was already made for another employment id",
    Recorded.OTHER_WORKER: "its worker has another number or identity than when it was declared",
}
_OTHER_WORKER = _REASONS[Recorded.OTHER_WORKER]
_REFUSED = "the NSSO refused the very same before: correct it, or its cause"
_UNKNOWN = "the content of its declaration was purged: import the employer's periods from the NSSO"
_KEPT = "held with unusually many others of its employer: until a person lets it go, or payroll changes it"
_START = frozenset({Problem.TOO_EARLY, Problem.WINDOW})


@dataclass(slots=True)
class PlanRun:
    """One run of the planner over all workers of whom something is to be planned."""

    ledger: Ledger
    run: Run
    routes: Routes
    taken: Taken
    now: float
    brake: Brake = field(default_factory=Brake)
    scope: agenda.Scope | None = None
    """Whom alone to plan, due or not; None is everybody who is due."""
    _held: dict[tuple[str, str], list[Planned]] = field(default_factory=lambda: defaultdict(list))
    _begun: Begun = frozenset()
    """What of the slice at hand was written down at once."""
    _again: dict[str, dict[str, float | None]] = field(default_factory=lambda: defaultdict(dict))
    """When the employments of the slice at hand are to be planned again, by environment."""
    _said: dict[str, Said] = field(default_factory=dict)
    """What people said by the time of the slice at hand, by environment."""

    def plan_due(self) -> None:
        """Plan all of them, some hundred in each transaction, so that a run that dies loses nothing."""
        environments = {
            route.environment for route in (self.routes.default, *self.routes.by_employer.values())
        }
        due = agenda.due_workers(self.ledger, environments, now=self.now, scope=self.scope)
        stopped = self._stopped(due)
        for some in in_slices(due):
            before = len(self.taken.findings)
            with self.ledger.write() as connection:
                self._said.clear()  # somebody may have answered, or payroll changed, since the last slice
                thoughts = self._within_window(think(self.ledger, connection, some, self.now, lock=True))
                self._begun = begin(self.ledger, connection, thoughts, now=self.now)
                for thought in thoughts:
                    of_environment = {name for where, name in stopped if where == thought.environment}
                    self._write(connection, thought, frozenset(of_environment))
                for environment, again in self._again.items():
                    wishes.plan_again(connection, environment, again)
                self._again.clear()
                note = self.taken.findings[before:]
                note_findings(connection, self.run, self.routes.default.environment, note, now=self.now)
        with self.ledger.write() as connection:
            for (environment, employer), held in sorted(self._held.items()):
                self._ask(connection, environment, question(held, self._moment), employer)

    def _within_window(self, thoughts: list[WorkerPlan]) -> list[WorkerPlan]:
        ahead, today = self.routes.days_ahead_of, self._moment.date()
        return [replace(one, plan=hold_early(one.plan, ahead, today)) for one in thoughts]

    @property
    def _moment(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.now, BRUSSELS)

    def _stopped(self, due: list[agenda.Due]) -> set[tuple[str, str]]:
        counts = count_ends(self.ledger, due, now=self.now)
        return {
            (environment, employer)
            for (environment, employer), count in counts.items()
            if not self.brake.allows(count, history.standing_periods(self.ledger, environment, employer))
        }

    def _write(self, connection: sa.Connection, thought: WorkerPlan, stopped: frozenset[str]) -> None:
        of_people = self._of_people(connection, thought.environment)
        plan = with_answers(thought.plan, of_people, thought.known, self._moment)
        plan, held = hold_ends(plan, stopped, partial(is_allowed, said=of_people))
        for employer, found in held.items():
            self._held[thought.environment, employer] += found
        # What is open may be refused, and then what it was in the way of has to be planned again.
        is_clear = not (thought.is_open and (plan.findings or plan.decisions or thought.busy))
        at = None if is_clear else self.now
        again: dict[str, float | None] = dict.fromkeys(thought.employments, at)
        plan, kept = without_kept(plan, of_people)
        waiting = {name for one in (*held.values(), kept) for planned in one for name in planned.employments}
        for planned in kept:
            self.taken.find(planned.employments[0], "employment", _KEPT)
        waiting |= self._record(connection, thought, plan)
        for decision in plan.decisions:
            if any(map(is_assumed, decision.periods)):  # nothing is at the NSSO yet that could be decided on
                waiting |= set(decision.employments)
                self.taken.find(decision.employments[0], "employment", _WAITING)
            else:
                self._decide(connection, thought, decision)
        again |= {name: self.now for name in waiting if name in again}
        again |= self._later(plan.findings, again)
        for name in sorted(thought.others):
            self.taken.find(name, "employment", _OTHER_WORKER)
        for name in sorted(thought.unknown):
            self.taken.find(name, "employment", _UNKNOWN)
        self._again[thought.environment] |= again

    def _of_people(self, connection: sa.Connection, environment: str) -> Said:
        if environment not in self._said:
            self._said[environment] = said(self.ledger, connection, environment)
        return self._said[environment]

    def _record(self, connection: sa.Connection, thought: WorkerPlan, plan: Plan) -> set[str]:
        """Write declarations down; return the employments that have to be planned again."""
        again = self._of_people(connection, thought.environment).to_file_again
        recorder = Recorder(
            self.ledger, connection, thought.environment, thought.worker_hash, self.now, again=again
        )
        waiting: set[str] = set()
        for planned in in_chain(plan.planned):
            if planned.key in thought.under_way:
                continue
            if (thought.environment, thought.worker_hash, planned.key) in self._begun:
                self.taken.recorded[Recorded.NEW] += 1
                self.taken.filed |= set(planned.employments)
                continue
            waits = planned.key in thought.waiting
            recorded = Recorded.WAITING if waits else recorder.record(planned)
            self.taken.recorded[recorded] += 1
            if recorded is Recorded.NEW:
                self.taken.filed |= set(planned.employments)
            if recorded in _REASONS:
                self.taken.find(planned.employments[0], "employment", _REASONS[recorded])
            elif not waits and recorder.was_refused:
                self.taken.find(planned.employments[0], "employment", _REFUSED)
            if recorded is Recorded.WAITING:
                waiting |= set(planned.employments)
        self.taken.corrected += recorder.corrected
        return waiting

    def _later(self, findings: Iterable[Unplanned], again: dict[str, float | None]) -> dict[str, float]:
        """Note what became no declaration; return when the NSSO will take it."""
        opens: dict[str, float] = {}
        for one in findings:
            why = f"{one.problem.sentence} ({one.code})" if one.code else one.problem.sentence
            self.taken.find(one.employments[0], "start_date" if one.problem in _START else "employment", why)
            if one.opens_on is None:
                continue
            at = dt.datetime.combine(one.opens_on, dt.time(), tzinfo=BRUSSELS).timestamp()
            opens |= {name: at for name in one.employments if again.get(name) is None}
        return opens

    def _decide(self, connection: sa.Connection, thought: WorkerPlan, decision: Decision) -> None:
        employers = [employer_of(one) for one in decision.held] or [""]
        self._ask(connection, thought.environment, decision, employers[0])

    def _ask(self, connection: sa.Connection, environment: str, decision: Decision, employer: str) -> None:
        new, answer = ask(self.ledger, connection, environment, decision, employer=employer, now=self.now)
        self.taken.questions += new
        how = f"decided to {answer}" if answer else "to be decided"
        self.taken.find(decision.employments[0], "employment", f"{how}: {decision.kind.sentence}")
