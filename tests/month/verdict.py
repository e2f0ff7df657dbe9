"""Payroll's wishes beside the NSSO's periods, day by day; what differs needs a reason that was told."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from dimona_provider.api.codec import read_declaration
from dimona_provider.domain.planning.values import Decision, Unplanned
from dimona_provider.ledger import Ledger, agenda
from dimona_provider.ledger.plan_schema import decisions, employments
from dimona_provider.ledger.schema import intents
from dimona_provider.planning.workplans import think
from support.parts import Json
from tests.month.payroll import UNKNOWN_EMPLOYER
from tests.month.truth import Period, Truth, worker_key

_FAR = dt.date(2027, 12, 31)
"""Days after it are not compared: open ends look alike there."""
_FREE = frozenset({"STU", "EXT"})
"""Types whose periods may hold days between contracts, or be declared as ordinary work."""


@dataclass(slots=True)
class Verdict:
    """What the month came to."""

    periods: int = 0
    equal: int = 0
    wishes: int = 0
    wishes_equal: int = 0
    by_decision: Counter[str] = field(default_factory=Counter)
    """Employments and periods that differ because a question about them is open, by its kind."""
    by_finding: Counter[str] = field(default_factory=Counter)
    """Employments and periods that differ because of what the planner told of them."""
    decisions: list[tuple[str, str]] = field(default_factory=list)
    """Every open decision: payroll's ids, and the reason in words."""
    unexplained: list[str] = field(default_factory=list)
    still_planned: int = 0
    unasked: list[str] = field(default_factory=list)
    """Questions of the planner that nobody was asked."""
    refusals: int = 0
    seeded_refusals: int = 0
    late_cancels: int = 0


def judge(ledger: Ledger, environment: str, truth: Truth, records: Iterable[Json], now: float) -> Verdict:
    """Compare; *records* is payroll's last export."""
    verdict = Verdict(late_cancels=len(truth.late_cancels))
    for one in truth.refusals:
        verdict.seeded_refusals += one.employer == UNKNOWN_EMPLOYER
        verdict.refusals += one.employer != UNKNOWN_EMPLOYER
    told = _told(ledger, environment, now, verdict)
    wished = defaultdict(list)
    for record in _as_kept(ledger, records):
        if record["status"] != "withdrawn" and record["employer"] != UNKNOWN_EMPLOYER:
            wished[worker_key(record["worker"])].append(record)
    stands = defaultdict(list)
    for period in truth.periods:
        stands[period.worker].append(period)
    for worker in sorted({*wished, *stands}):
        _compare(verdict, wished[worker], stands[worker], told)
    return verdict


@dataclass(slots=True)
class _Told:
    """What the planner says of each employment and each period."""

    asked: dict[str | int, str] = field(default_factory=dict)
    found: dict[str | int, str] = field(default_factory=dict)


def _told(ledger: Ledger, environment: str, now: float, verdict: Verdict) -> _Told:
    """Return what is asked and what is found of each employment, by planning everybody once more."""
    told = _Told()
    due = agenda.due_workers(ledger, {environment}, now=now, scope=agenda.Scope())
    with ledger.read() as connection:
        thoughts = think(ledger, connection, due, now)
        open_ones = connection.execute(sa.select(decisions).where(decisions.c.answer.is_(None))).all()
    in_ledger = {(one.kind, tuple(sorted(json.loads(one.employments)))) for one in open_ones}
    for thought in thoughts:
        refused = thought.plan.planned and _is_refused(ledger, thought.employments)
        verdict.still_planned += 0 if refused else len(thought.plan.planned)
        for decision in thought.plan.decisions:
            told.asked |= dict.fromkeys(_subjects(decision), decision.kind.value)
            verdict.decisions.append((", ".join(decision.employments), decision.kind.sentence))
            if (decision.kind.value, tuple(sorted(decision.employments))) not in in_ledger:
                verdict.unasked.append(f"{decision.kind}: {', '.join(decision.employments)}")
        for one in thought.plan.findings:
            told.found |= dict.fromkeys(_subjects(one), one.problem.value)
    return told


def _subjects(said: Decision | Unplanned) -> list[str | int]:
    return [*said.employments, *(one.number for one in said.periods)]


def _is_refused(ledger: Ledger, names: Iterable[str]) -> bool:
    """Tell whether the NSSO refused an employment and payroll still says the same: it is not filed again."""
    which = (intents.c.employment.in_(list(names)), intents.c.state == "refused")
    with ledger.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).where(*which)) > 0


def _as_kept(ledger: Ledger, records: Iterable[Json]) -> Iterable[Json]:
    """Yield the records with the dates that the ledger holds: a malformed export leaves the word before."""
    with ledger.read() as connection:
        rows = connection.execute(sa.select(employments)).all()
    kept = {row.employment: json.loads(ledger.keys.decrypt(row.body)) for row in rows}
    for record in records:
        if (known := kept.get(record["employment_id"])) is None:
            continue
        said = read_declaration(known["declaration"])
        yield {
            **record,
            "status": known["status"],
            "employer": str(said.employer.enterprise_number),
            "worker_type": said.worker_type,
            "start_date": said.start_date.isoformat(),
            "end_date": said.end_date.isoformat() if said.end_date else None,
            "start_hour": said.start_hour,
            "end_hour": said.end_hour,
            "planned_hours": said.planned_hours,
        }


def _compare(verdict: Verdict, wished: list[Json], stands: list[Period], told: _Told) -> None:
    odd_periods = [one for one in stands if not _is_wished(one, wished)]
    verdict.periods += len(stands)
    verdict.equal += len(stands) - len(odd_periods)
    odd_wishes = [one for one in wished if not _is_declared(one, wished, stands)]
    verdict.wishes += len(wished)
    verdict.wishes_equal += len(wished) - len(odd_wishes)
    odd = [*(one["employment_id"] for one in odd_wishes), *(one.number for one in odd_periods)]
    verdict.by_decision.update({told.asked[one] for one in odd if one in told.asked})
    verdict.by_finding.update({told.found[one] for one in odd if one in told.found and one not in told.asked})
    verdict.unexplained += [str(one) for one in odd if one not in told.asked and one not in told.found]


def _days(first: str, last: str | None) -> set[dt.date]:
    start, end = dt.date.fromisoformat(first), min(dt.date.fromisoformat(last) if last else _FAR, _FAR)
    return {start + dt.timedelta(days=number) for number in range((end - start).days + 1)}


def _of(period: Period) -> set[dt.date]:
    return _days(period.span.start.isoformat(), period.span.end.isoformat() if period.span.end else None)


def _wanted(record: Json) -> set[dt.date]:
    return _days(record["start_date"], record["end_date"])


def _lawful(record: Json) -> set[str]:
    return {"EXT", "OTH"} if record["worker_type"] == "EXT" else {record["worker_type"]}


def _is_declared(record: Json, wished: list[Json], stands: list[Period]) -> bool:
    serving = [
        one for one in stands if one.employer == record["employer"] and one.worker_type in _lawful(record)
    ]
    if not _wanted(record) <= {day for one in serving for day in _of(one)}:
        return False
    if record["worker_type"] == "STU":
        quarter = _quarter(dt.date.fromisoformat(record["start_date"]))
        wanted = sum(
            math.ceil(one["planned_hours"])
            for one in wished
            if one["worker_type"] == "STU"
            and one["employer"] == record["employer"]
            and _quarter(dt.date.fromisoformat(one["start_date"])) == quarter
        )
        return wanted == sum(
            one.span.planned_hours or 0 for one in serving if _quarter(one.span.start) == quarter
        )
    if record["start_hour"] and not any(one.worker_type == "OTH" for one in serving):
        hours = (record["start_hour"], record["end_hour"])
        return any((one.span.start_hour, one.span.end_hour) == hours for one in serving)
    return True


def _is_wished(period: Period, wished: list[Json]) -> bool:
    mine = [
        one for one in wished if one["employer"] == period.employer and period.worker_type in _lawful(one)
    ]
    days = {day for one in mine for day in _wanted(one)}
    if period.worker_type == "STU" and days:
        starts = [
            _wanted(one)
            for one in mine
            if _quarter(dt.date.fromisoformat(one["start_date"])) == _quarter(period.span.start)
        ]
        days = (
            _days(min(map(min, starts)).isoformat(), max(map(max, starts)).isoformat()) if starts else set()
        )
    return bool(days) and _of(period) <= days


def _quarter(day: dt.date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3
