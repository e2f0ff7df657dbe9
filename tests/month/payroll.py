"""A synthetic employer: workers of all types, changes every day, withdrawals that come too late; seeded."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from support import people
from support.histories import BRUSSELS, History
from support.parts import Json

UNKNOWN_EMPLOYER = "0999990123"
"""A right number that the simulated NSSO doesn't know: whoever works there is refused, and is seeded."""
DAYS = 31
"""Days on which payroll changes."""
TYPES = tuple(people.GOOD)
_FIRST = dt.datetime(2027, 3, 8, 5, 30, tzinfo=BRUSSELS)
"""A month with the end of a quarter and the night when clocks go forward."""
_ENDLESS = frozenset({"OTH", "FLX", "BCW", "RTA", "ALT", "PMP"})


@dataclass(slots=True)
class Worker:
    """Somebody in payroll, and all that it says of him."""

    name: str
    history: History
    who: Json
    begins_on: int
    """The day of the month, from 0, on which payroll names him first."""
    worker_type: str
    employer: str | None = None
    """Where he works, if it may not change."""
    withdrawn_after: int | None = None
    """Days after his first start on which payroll withdraws him: always too late."""

    @property
    def is_steady(self) -> bool:
        """Whether nothing happens to him but what was decided when he was drawn."""
        return self.employer is not None or self.withdrawn_after is not None

    def records(self) -> Iterator[Json]:
        """Yield his employments as payroll exports them."""
        for reference, record in self.history.records.items():
            yield {**record, "employment_id": f"{self.name}-{reference}", "worker": self.who}

    def hire(self, today: dt.date, rng: Random) -> None:
        """Name him for the first time."""
        start = today + dt.timedelta(days=rng.choice((1, 1, 2, 3, 5, 8)))
        employer = self.employer or rng.choice((people.EMPLOYER,) * 4 + (people.OTHER_EMPLOYER,))
        record = people.good(self.worker_type, employment_id="E-1", employer=employer)
        self.history.records["E-1"] = record
        self.history._date(record, start)
        if record["end_date"] is None and self.worker_type not in _ENDLESS:
            record["end_date"] = (start + dt.timedelta(days=rng.randint(5, 60))).isoformat()

    def happens(self) -> str:
        """Let something happen that payroll itself would not refuse; return what it was."""
        before = {name: dict(record) for name, record in self.history.records.items()}
        event = self.history.event()
        if contradicts(list(self.history.records.values())):
            self.history.records = before
            return "nothing"
        return event


@dataclass(slots=True)
class Payroll:
    """All workers, and the day."""

    seed: int
    workers: list[Worker] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)

    @property
    def first(self) -> dt.datetime:
        """When the month begins."""
        return _FIRST

    def exports_of(self, day: int) -> Iterator[tuple[dt.datetime, list[Json]]]:
        """Yield the exports of a day, each with its instant: everything, as payroll has it then."""
        for hour in (0, 12):
            now = self.first + dt.timedelta(days=day, hours=hour)
            if day < DAYS:
                self._pass(day, hour, now)
            yield now, [record for worker in self.workers for record in worker.records()]

    def _pass(self, day: int, hour: int, now: dt.datetime) -> None:
        for worker in self.workers:
            rng = Random(f"{self.seed}:{worker.name}:{day}:{hour}")  # noqa: S311 - nothing secret
            worker.history.now = now
            worker.history.rng = rng
            if day < worker.begins_on:
                continue
            if not worker.history.records:
                worker.hire(now.date(), rng)
                self.events["first hire"] += 1
            elif worker.withdrawn_after is not None:
                self._withdraw_late(worker, now.date())
            elif not worker.is_steady and rng.random() < 0.02:
                self.events[worker.happens()] += 1

    def _withdraw_late(self, worker: Worker, today: dt.date) -> None:
        record = worker.history.records["E-1"]
        start = dt.date.fromisoformat(record["start_date"])
        if record["status"] == "active" and (today - start).days >= (worker.withdrawn_after or 0):
            record["status"] = "withdrawn"
            self.events["withdrawal that is too late"] += 1


def draw(seed: int, workers: int, late: int, refused: int) -> Payroll:
    """Draw an employer; *late* of the workers are withdrawn too late, *refused* work at an unknown one."""
    payroll = Payroll(seed)
    for number in range(workers):
        name = f"W{number:03d}"
        rng = Random(f"{seed}:{name}")  # noqa: S311 - nothing secret
        is_late, is_refused = number < late, late <= number < late + refused
        worker = Worker(
            name=name,
            history=History(rng, _FIRST),
            who={"ssin": people.ssin(number % 900 + 1, born=f"8{number // 900}0730")},
            begins_on=rng.randint(0, 8) if is_late else rng.choice((0, 0, rng.randint(0, 20))),
            worker_type=TYPES[number % len(TYPES)],
            employer=UNKNOWN_EMPLOYER if is_refused else None,
            withdrawn_after=rng.randint(1, 8) if is_late else None,
        )
        if number % 40 == 39 and worker.worker_type != "EXT":
            worker.who = people.identity(birth_date=f"1990-{number // 40 % 12 + 1:02d}-03")
        payroll.workers.append(worker)
    return payroll


def contradicts(records: list[Json]) -> bool:
    """Tell whether payroll says two things of one day: contracts with one employer that overlap."""
    active = [one for one in records if one["status"] != "withdrawn"]
    return any(
        _meet(one, other)
        for place, one in enumerate(active)
        for other in active[:place]
        if one["employer"] == other["employer"] and {one["worker_type"], other["worker_type"]} != {"STU"}
    )


def _meet(one: Json, other: Json) -> bool:
    ends = "9999-12-31"
    return one["start_date"] <= (other["end_date"] or ends) and other["start_date"] <= (
        one["end_date"] or ends
    )
