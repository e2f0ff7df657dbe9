"""
Use case: plan every worker of whom payroll said something new, or of whom something has come due.

A worker is planned with all employments and with every employer, because students, flexi-jobs and occasional
work depend on each other. What can't be written down yet, because an earlier declaration has no outcome, is
planned again by the next plan, without payroll.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from dimona_provider.api.codec import write_declaration
from dimona_provider.api.wire import read_filing
from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.domain.declaration import DimonaIn, Kind
from dimona_provider.domain.employment import Employment
from dimona_provider.domain.planning.clashes import clash, is_near
from dimona_provider.domain.planning.differences import has_same_times
from dimona_provider.domain.planning.planner import plan_worker
from dimona_provider.domain.planning.values import KnownPeriod, Plan, Planned
from dimona_provider.domain.worker_types import quarter_of
from dimona_provider.ledger import Ledger, agenda
from dimona_provider.planning.gathering import Known, gather, with_periods
from dimona_provider.planning.histories import Standing, is_assumed, stand
from dimona_provider.planning.identity import make_intent
from dimona_provider.planning.recording import employer_of


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """What was found out about one worker."""

    environment: str
    worker_hash: str
    employments: tuple[str, ...]
    plan: Plan
    waiting: frozenset[str]
    """Keys of what waits for the outcome of something that is open."""
    under_way: frozenset[str]
    """Keys of what is filed already and has no outcome yet."""
    others: frozenset[str]
    """Employments that stand for another worker."""
    unknown: frozenset[str]
    """Employments whose period the ledger can't describe any more."""
    is_new: bool
    """Whether nothing was ever declared of the worker, nor for his employments."""
    is_open: bool
    """Whether something has no outcome yet: what is said of the rest may then change without payroll."""
    known: tuple[KnownPeriod, ...] = field(repr=False)
    """The periods of which nothing is under way."""
    busy: bool
    """Whether a period changes without payroll, as a team or a person declares it."""


def write_wish(employment: Employment) -> dict[str, Any]:
    """Return an employment as the ledger keeps it, encrypted."""
    return {"status": employment.status, "declaration": write_declaration(employment.start)}


def think(
    ledger: Ledger,
    connection: sa.Connection,
    due: Sequence[agenda.Due],
    now: float,
    *,
    lock: bool = False,
) -> list[WorkerPlan]:
    """Plan each worker by what the ledger knows; nothing is written. With *lock* no other planner can."""
    return [_think(ledger, connection, known, now) for known in gather(ledger, connection, due, lock=lock)]


def _think(ledger: Ledger, connection: sa.Connection, known: Known, now: float) -> WorkerPlan:
    standing = stand(known.declared, known.shown, _recognised(ledger, connection, known))
    left_out = known.others | standing.unknown
    plannable = [one for one in known.wanted if one.reference not in left_out]
    plan = plan_worker(plannable, standing.known, dt.datetime.fromtimestamp(now, BRUSSELS))
    names = tuple(one.reference for one in known.wanted)
    return WorkerPlan(
        environment=known.environment,
        worker_hash=known.worker_hash,
        employments=names,
        plan=_without(plan, left_out),
        waiting=frozenset(_waiting(plan, standing)),
        under_way=frozenset(_under_way(plan, standing)),
        others=known.others,
        unknown=frozenset(standing.unknown.intersection(names)),
        is_new=known.is_new,
        is_open=standing.has_open,
        known=tuple(one for number, one in standing.periods.items() if number not in standing.busy),
        busy=bool(standing.busy),
    )


def _recognised(ledger: Ledger, connection: sa.Connection, known: Known) -> dict[str, DimonaIn]:
    """Return wishes by the content of their INs, where a purge has left declarations without bodies."""
    if all(one.body for one in known.declared):
        return {}
    found = {}
    for one in known.wanted:
        filing = read_filing(write_declaration(one.start))
        intent = make_intent(ledger, connection, known.environment, one.reference, filing)
        found[intent.content] = one.start
    return found


def _without(plan: Plan, left_out: frozenset[str]) -> Plan:
    """Drop the findings about employments that are left out: what is wrong with these is said otherwise."""
    findings = tuple(one for one in plan.findings if not left_out.issuperset(one.employments))
    return replace(plan, findings=findings)


def _waiting(plan: Plan, standing: Standing) -> set[str]:
    """Return the keys of what can't be written down before something else has its outcome."""
    waits: set[str] = set()
    for one in plan.planned:
        if not waits.isdisjoint(one.depends_on) or _is_in_the_way(one, standing):
            waits.add(one.key)
    return waits


def _is_in_the_way(one: Planned, standing: Standing) -> bool:
    if is_assumed(one.period_id) or (one.period_id is not None and one.period_id.number in standing.busy):
        return True
    busy = [period.content for periods in standing.busy.values() for period in periods]
    return one.after is not None and any(_meet(one.after, content) for content in busy)


def _under_way(plan: Plan, standing: Standing) -> Iterator[str]:
    """Yield the keys of what is open already, and only has no outcome yet."""
    for one in plan.planned:
        for period in standing.busy.get(one.period_id.number, ())[1:] if one.period_id else ():
            is_cancel = one.after is None and period.is_cancelled
            if is_cancel or (one.after is not None and has_same_times(one.after, period.content)):
                yield one.key


def _meet(one: DimonaIn, busy: DimonaIn) -> bool:
    """Tell whether what becomes of a period may matter to another: its days, or hours that are added up."""
    if clash(one, busy) or is_near(one, busy):
        return True
    is_combined = one.worker_type == busy.worker_type and one.worker_type in _COMBINED
    return is_combined and quarter_of(one.start_date) == quarter_of(busy.start_date)


_COMBINED = frozenset({"STU", "FLX", "EXT"})
"""Types whose periods of one quarter depend on each other."""


def count_ends(ledger: Ledger, due: Sequence[agenda.Due], *, now: float) -> Counter[tuple[str, str]]:
    """
    Count the OUT and CANCEL that planning *due* would file, by environment and employer.

    Only who has a period already is thought about: of the others nothing can end.
    """
    found: Counter[tuple[str, str]] = Counter()
    for some in in_slices(due):
        with ledger.read() as connection:
            for thought in think(ledger, connection, with_periods(connection, some), now):
                found.update((thought.environment, employer_of(one)) for one in _ends(thought))
    return found


def _ends(thought: WorkerPlan) -> list[Planned]:
    planned = (one for one in thought.plan.planned if one.key not in thought.waiting)
    return [one for one in planned if one.kind in {Kind.OUT, Kind.CANCEL}]


_WORKERS, _EMPLOYMENTS = 200, 1000
"""How many may be in one transaction, and in memory at once."""


def in_slices(due: Iterable[agenda.Due]) -> Iterator[list[agenda.Due]]:
    """Yield the workers of one transaction after the other; one worker is never divided."""
    some: list[agenda.Due] = []
    count = 0
    for one in due:
        if some and (len(some) == _WORKERS or count + one.employments > _EMPLOYMENTS):
            yield some
            some, count = [], 0
        some.append(one)
        count += one.employments
    if some:
        yield some
