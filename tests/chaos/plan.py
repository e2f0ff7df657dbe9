"""One run, drawn from a seed: whom payroll declares, what goes wrong at the NSSO, what is killed when."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any, Literal

from include.dimona_simulator import Fault, FaultPlan, Operation, Rule
from include.payroll.sample import EMPLOYERS, Case, case_of, employment

Ledger = Literal["sqlite", "postgresql"]

SEARCH_LAG = 30.0
"""Seconds by which the search of half the runs is behind."""
AHEAD = dt.timedelta(days=2)
"""How much later than in the sample everything starts: filing again stays lawful during the whole run."""
_LATE_OR_UNNUMBERED = {Case.WARNED, Case.IDENTIFIED_LATER}
"""Cases left out: late ones may not be filed again, and an S waits for the hourly follow-up."""
_PAIRS = 3
"""Students of whom payroll has a second, equal contract: one declaration, with the hours of both."""


class Target(StrEnum):
    """What is killed."""

    WORKER = "worker"
    TRIGGERER = "triggerer"
    SCHEDULER = "scheduler"
    SIMULATOR = "simulator"


class Manner(StrEnum):
    """Which of a worker's two processes is killed: without the first, the task lives on as an orphan."""

    EXECUTOR = "executor"
    TASK = "task"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Kill:
    """A ``kill -9``: so many seconds after ``dimona_declare`` began, or its first declaration was taken."""

    target: Target
    after: float
    of_sending: bool = False
    manner: Manner = Manner.BOTH
    down: float = 0.0
    """Seconds until the component is started again."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Everything about a run that doesn't depend on how fast the machine is."""

    number: int
    """From 1."""
    seed: int
    ledger: Ledger
    is_harsh: bool
    """Whether student duplicates are accepted and the search is behind."""
    employments: list[dict[str, Any]]
    faults: FaultPlan
    kills: tuple[Kill, ...]

    @property
    def search_lag(self) -> float:
        """Seconds by which the search is behind."""
        return SEARCH_LAG if self.is_harsh else 0.0

    def words(self) -> str:
        """Describe the run in a line."""
        search = f"search {SEARCH_LAG:.0f} s late" if self.is_harsh else "search up to date"
        students = "accepted" if self.is_harsh else "refused"
        return f"run {self.number}, {self.ledger}, student duplicates {students}, {search}"


def draw(seed: int, number: int, employments: int, today: dt.date) -> RunPlan:
    """Draw run *number* of *seed*: each second has another ledger, and four have all combinations."""
    chance = Random(f"chaos:{seed}:{number}")  # noqa: S311 - reproducible on purpose
    index = number - 1
    records = list(_people(chance, employments, today))
    return RunPlan(
        number=number,
        seed=seed,
        ledger="postgresql" if index % 2 else "sqlite",
        is_harsh=(index // 2 + index) % 2 == 1,
        employments=records,
        faults=FaultPlan(tuple(_rules(chance, len(records))), seed=chance.randrange(10**6)),
        kills=tuple(_kills(chance)),
    )


def later(seed: int, employer: str, count: int, today: dt.date) -> dict[str, Any]:
    """Give somebody else whom the same employer declares later, and nobody twice."""
    committees = dict(EMPLOYERS)
    people = itertools.count(10_000 * (1 + count))
    number = next(k for k in people if _is_ordinary(employment(k, today + AHEAD, seed)))
    record = employment(number + _digits(employer), today + AHEAD, seed)
    return {**record, "employer": employer, "joint_committee": committees.get(employer, "200")}


def _digits(employer: str) -> int:
    # A hundred apart, so that the case of the record stays the same.
    return 100 * (int(employer) % 83)


def _is_ordinary(record: dict[str, Any]) -> bool:
    number = int(str(record["employment_id"]).partition("-")[2])
    return case_of(number) is Case.ACCEPTED and record["worker_type"] == "OTH" and number % 100 > 94


def _people(chance: Random, count: int, today: dt.date) -> Iterator[dict[str, Any]]:
    seed = chance.randrange(1, 10**6)
    pairs = 0
    for number in range(1, count + 1):
        if case_of(number) in _LATE_OR_UNNUMBERED:
            continue
        record = employment(number, today + AHEAD, seed)
        yield record
        if record["worker_type"] == "STU" and case_of(number) is Case.ACCEPTED and pairs < _PAIRS:
            pairs += 1
            yield {**record, "employment_id": f"{record['employment_id']}-more"}


def _kills(chance: Random) -> Iterator[Kill]:
    """Draw each target once, and some twice."""
    yield Kill(Target.WORKER, chance.uniform(0.1, 7), of_sending=True, manner=chance.choice(list(Manner)))
    yield Kill(Target.SIMULATOR, chance.uniform(0.1, 6), of_sending=True, down=chance.uniform(0, 2))
    yield Kill(Target.TRIGGERER, chance.uniform(5, 40), down=chance.uniform(0, 3))
    yield Kill(Target.SCHEDULER, chance.uniform(3, 40), down=chance.uniform(0, 3))
    if chance.random() < 0.5:
        yield Kill(Target.SIMULATOR, chance.uniform(10, 60), down=chance.uniform(0, 2))
    if chance.random() < 0.3:
        yield Kill(Target.WORKER, chance.uniform(15, 60), manner=chance.choice(list(Manner)))


def _rules(chance: Random, posts: int) -> Iterator[Rule]:
    """
    Draw what goes wrong. The first rule that meets a request decides, so the rare ones come first.

    No 403 and no 400: they hold an employer until a person releases him, and end the run for him.
    """
    yield from _when_posting(chance, posts)
    yield from _when_asking(chance)
    yield from _when_searching(chance)
    yield from _when_fetching_a_token(chance)


def _when_posting(chance: Random, posts: int) -> Iterator[Rule]:
    post = Operation.POST
    twentieth = -(-posts // 20)
    # Taken, and not answered: a twentieth at least, and first, for a kill may end sending soon.
    yield _some(chance, Fault.ACCEPTED_THEN_CLOSED, post, twentieth)
    # Not received: they stop a window, so they are few.
    yield _some(chance, Fault.STATUS, post, 1, status=429, retry_after=chance.randint(1, 2))
    yield _some(chance, Fault.STATUS, post, 1, status=503, retry_after=chance.randint(1, 3))
    # One of the two: a token that is refused twice running fails the task for good.
    if chance.random() < 0.5:
        yield _some(chance, Fault.STATUS, post, 1, status=401)
    else:
        yield _some(chance, Fault.EXPIRED_TOKEN, post, 1)
    # Unclear, and not taken.
    yield _some(chance, Fault.STATUS, post, 1, status=503, body=chance.choice(["html", "none"]))
    yield _some(chance, Fault.STATUS, post, 1, status=chance.choice([302, 307, 408, 409, 500, 502, 504]))
    yield _some(chance, Fault.CLOSED_BEFORE, post, chance.randint(1, 3))
    # Unclear, and taken.
    yield _some(chance, Fault.ACCEPTED_THEN_500, post, chance.randint(1, 3))
    yield _some(chance, Fault.MISSING_LOCATION, post, chance.randint(1, 2))
    yield _some(chance, Fault.DELAY, post, 1, seconds=chance.uniform(15.5, 18))  # beyond the read time-out
    # Taken, and odd.
    yield _some(chance, Fault.MALFORMED_BODY, post, 2)
    yield _some(chance, Fault.HTML_BODY, post, 2)
    yield Rule(Fault.DELAY, post, share=0.05, seconds=chance.uniform(0.3, 2))


def _when_asking(chance: Random) -> Iterator[Rule]:
    get = Operation.GET
    # Few: what is not answered within 30 s is asked for once a minute.
    yield _some(chance, Fault.STATUS, get, 1, status=429, retry_after=1)
    yield _some(chance, Fault.STATUS, get, 1, status=chance.choice([500, 502, 503, 504]))
    yield _some(chance, Fault.EXPIRED_TOKEN, get, 1)
    for fault in (Fault.CLOSED_BEFORE, Fault.MALFORMED_BODY, Fault.HTML_BODY, Fault.MISSING_RESULT):
        yield _some(chance, fault, get, chance.randint(1, 2))
    yield _some(chance, Fault.SLOW_BODY, get, 2, seconds=chance.uniform(0.5, 2))
    yield Rule(Fault.DELAY, get, share=0.03, seconds=chance.uniform(0.3, 2))


def _when_searching(chance: Random) -> Iterator[Rule]:
    search = Operation.SEARCH
    kinds: list[tuple[Fault, dict[str, Any]]] = [
        (Fault.STATUS, {"status": chance.choice([429, 500, 503])}),
        (Fault.CLOSED_BEFORE, {}),
        (Fault.MALFORMED_BODY, {}),
        (Fault.HTML_BODY, {}),
        (Fault.EXPIRED_TOKEN, {}),
        (Fault.SLOW_BODY, {"seconds": chance.uniform(0.5, 2)}),
        (Fault.DELAY, {"seconds": chance.uniform(0.3, 2)}),
    ]
    chance.shuffle(kinds)
    for fault, parameters in kinds:
        yield Rule(fault, search, share=0.4, count=1, **parameters)
    # Shorter than what filing again waits for: replicas that are further apart than that are no NSSO.
    yield Rule(Fault.SEARCH_LAG, search, seconds=chance.uniform(2, 10))


def _when_fetching_a_token(chance: Random) -> Iterator[Rule]:
    token = Operation.TOKEN
    kinds: list[tuple[Fault, dict[str, Any]]] = [
        (Fault.STATUS, {"status": chance.choice([500, 502, 503])}),
        (Fault.CLOSED_BEFORE, {}),
        (Fault.MALFORMED_BODY, {}),
        (Fault.HTML_BODY, {}),
        (Fault.SLOW_BODY, {"seconds": chance.uniform(0.3, 1)}),
        (Fault.DELAY, {"seconds": chance.uniform(0.3, 1)}),
    ]
    # Some at a time: a token that can't be had stops everything.
    for fault, parameters in chance.sample(kinds, 2):
        yield Rule(fault, token, count=1, **parameters)


def _some(chance: Random, fault: Fault, operation: Operation, count: int, **parameters: Any) -> Rule:
    """Draw a rule that hits *count* of the first requests, scattered among them."""
    first = chance.randint(1, 8)
    return Rule(fault, operation, share=0.5, first=first, count=count, **parameters)
