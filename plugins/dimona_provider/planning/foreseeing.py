"""Use case: say what a plan would file, with reason and deadline; nothing is kept and nothing is filed."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial

import sqlalchemy as sa

from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.domain.planning.brake import Brake, count_ends, hold_ends
from dimona_provider.domain.planning.window import hold_early
from dimona_provider.domain.routes import Routes
from dimona_provider.ledger import Ledger, agenda, history, staging, wishes
from dimona_provider.ledger.intents import Recorded
from dimona_provider.ledger.said import Said
from dimona_provider.ledger.said import said as heard
from dimona_provider.planning.decided import is_allowed, with_answers, without_kept
from dimona_provider.planning.recording import Recorder, in_chain
from dimona_provider.planning.taken import Taken
from dimona_provider.planning.wishes import Intake
from dimona_provider.planning.workplans import WorkerPlan, in_slices, think

_WAITS = "waits for the outcome of another declaration"
_NOT_AGAIN = "it was filed or refused just so before"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One line of a plan: a declaration, a question for a person, or what becomes neither. No person."""

    employment: str
    kind: str
    """``IN``, ``OUT``, ``UPDATE``, ``CANCEL``, ``question`` or ``none``."""
    reason: str
    file_by: str | None
    """The deadline in Brussels, ISO 8601; None where there is none."""
    environment: str

    def as_json(self) -> str:
        """Return it as a line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False) + "\n"


def foresee(
    ledger: Ledger, routes: Routes, *, now: float, scope: agenda.Scope | None = None
) -> list[Foreseen]:
    """
    Return what a plan at *now* would come to, of every staged export and of what is due.

    It is worked out in transactions that are undone: exports stay staged, and no intent, question or wish is
    written down. With a *scope* only what it names is planned.
    """
    said, taken = _staged(ledger, routes, now)
    found = [
        Foreseen(
            one.employment or one.place,
            "none",
            f"{one.field}: {one.reason}",
            None,
            routes.default.environment,
        )
        for one in taken.findings
        if scope is None
    ]
    moment = dt.datetime.fromtimestamp(now, BRUSSELS)
    thoughts: list[tuple[WorkerPlan, dict[str, Recorded]]] = []
    of_people: dict[str, Said] = {}
    for some in in_slices(_due(ledger, routes, said, now, scope)):
        of_slice = {(one.environment, one.worker_hash) for one in some}
        with ledger.write() as connection, connection.begin_nested() as undone:
            kept = [one for one in said if (one.environment, one.worker_hash) in of_slice]
            wishes.keep_all(ledger, connection, kept, now=now)
            for thought in think(ledger, connection, some, now):
                plan = hold_early(thought.plan, routes.days_ahead_of, moment.date())
                if thought.environment not in of_people:
                    of_people[thought.environment] = heard(ledger, connection, thought.environment)
                of_those = of_people[thought.environment]
                plan = with_answers(plan, of_those, thought.known, moment)
                within = replace(thought, plan=plan)
                thoughts.append((within, _recorded(ledger, connection, within, of_those, now)))
            undone.rollback()
    stopped = _stopped(ledger, [one for one, _ in thoughts])
    for thought, recorded in thoughts:
        of_environment = {name for where, name in stopped if where == thought.environment}
        found += _lines(thought, recorded, of_environment, of_people[thought.environment])
    return found


def _staged(ledger: Ledger, routes: Routes, now: float) -> tuple[list[wishes.Wish], Taken]:
    latest: dict[tuple[str, str], wishes.Wish] = {}
    taken = Taken()
    for _, place, records in staging.pages(ledger):
        with ledger.read() as connection:
            for number, record in enumerate(records, start=1):
                intake = Intake(ledger, connection, routes, f"{place} record {number}", None, now, taken)
                if (wish := intake.take_employment(record)) is not None:
                    latest[wish.environment, wish.employment] = wish
    return list(latest.values()), taken


def _due(
    ledger: Ledger, routes: Routes, said: Iterable[wishes.Wish], now: float, scope: agenda.Scope | None
) -> list[agenda.Due]:
    environments = {one.environment for one in (routes.default, *routes.by_employer.values())}
    kept = agenda.due_workers(ledger, environments, now=now, scope=scope)
    counts = Counter({(one.environment, one.worker_hash): one.employments for one in kept})
    for wish in said:
        if scope is None or scope.holds(wish.employer, wish.employment):
            counts[wish.environment, wish.worker_hash] += 1
    return [agenda.Due(where, worker, count) for (where, worker), count in counts.items()]


def _recorded(
    ledger: Ledger, connection: sa.Connection, thought: WorkerPlan, of_people: Said, now: float
) -> dict[str, Recorded]:
    recorder = Recorder(
        ledger,
        connection,
        thought.environment,
        thought.worker_hash,
        now,
        again=of_people.to_file_again,
    )
    return {
        one.key: Recorded.WAITING if one.key in thought.waiting else recorder.record(one)
        for one in in_chain(thought.plan.planned)
        if one.key not in thought.under_way
    }


def _stopped(ledger: Ledger, thoughts: Iterable[WorkerPlan]) -> set[tuple[str, str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for thought in thoughts:
        counts[thought.environment] += count_ends(thought.plan)
    return {
        (environment, employer)
        for environment, of_employers in counts.items()
        for employer, count in of_employers.items()
        if not Brake().allows(count, history.standing_periods(ledger, environment, employer))
    }


def _lines(
    thought: WorkerPlan, recorded: dict[str, Recorded], stopped: set[str], of_people: Said
) -> Iterator[Foreseen]:
    plan, held = hold_ends(thought.plan, stopped, partial(is_allowed, said=of_people))
    plan, kept = without_kept(plan, of_people)
    keys = {one.key for some in (*held.values(), kept) for one in some}
    for one in thought.plan.planned:
        if one.key not in recorded:  # under way already
            continue
        by = one.file_by.isoformat(timespec="minutes") if one.file_by else None
        came = recorded[one.key]
        reason = {Recorded.NEW: one.reason.sentence, Recorded.WAITING: _WAITS}.get(came, _NOT_AGAIN)
        kind = str(one.kind) if came is Recorded.NEW else "none"
        if one.key in keys:
            kind, reason = "question", "unusually many ends and cancels of this employer at once"
        yield Foreseen(one.employments[0], kind, reason, by, thought.environment)
    for asked in plan.decisions:
        by = asked.answer_by.isoformat(timespec="minutes")
        yield Foreseen(asked.employments[0], "question", asked.kind.sentence, by, thought.environment)
    for finding in plan.findings:
        code = f" ({finding.code})" if finding.code else ""
        yield Foreseen(
            finding.employments[0], "none", finding.problem.sentence + code, None, thought.environment
        )
