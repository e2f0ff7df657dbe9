"""Which fault meets which request, and how often each has happened."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from include.dimona_simulator.fault_plan import FaultPlan, Rule
from include.dimona_simulator.faults import Fault, Operation
from include.dimona_simulator.journal import JournalEntry
from include.dimona_simulator.routes import Resource, find

_OPERATIONS = {
    Resource.TOKEN: Operation.TOKEN,
    Resource.DECLARATIONS: Operation.POST,
    Resource.DECLARATION: Operation.GET,
    Resource.PERIOD: Operation.PERIOD,
    Resource.DECLARATION_SEARCH: Operation.SEARCH,
    Resource.PERIOD_SEARCH: Operation.SEARCH,
    Resource.RELATION_SEARCH: Operation.SEARCH,
}


@dataclass(slots=True)
class _Run:
    """One plan since it holds: the requests it saw, and how often each of its rules has hit."""

    plan: FaultPlan
    seen: Counter[Operation] = field(default_factory=Counter)
    hits: Counter[int] = field(default_factory=Counter)


class Faults:
    """
    Decide for each request whether a fault meets it, and count.

    A share is drawn from the plan's seed, the rule's place in it and the number of the request among those of
    its operation: the same requests in the same order meet the same faults. These numbers and the counts go
    on after a restart, from the *journal*; ``first`` and ``count`` of the rules begin anew with each plan.
    """

    def __init__(self, plan: FaultPlan, journal: Iterable[JournalEntry] = ()) -> None:
        self._run = _Run(plan)
        self._counts: Counter[str] = Counter()
        self._requests: Counter[Operation] = Counter()
        for entry in journal:
            operation = _operation(entry.method, entry.path)
            if operation is not None:
                self._requests[operation] += 1
            if entry.fault is not None:
                self._counts[entry.fault] += 1

    @property
    def plan(self) -> FaultPlan:
        """Give the plan that holds."""
        return self._run.plan

    @property
    def counts(self) -> dict[str, int]:
        """Tell how often each fault has happened, also under earlier plans."""
        return {fault.value: self._counts[fault] for fault in Fault}

    def replace(self, plan: FaultPlan) -> None:
        """Let another plan hold from the next request on; an empty one ends all faults."""
        self._run = _Run(plan)

    def choose(self, method: str, path: str) -> "Choice | None":
        """Give the first rule that meets this request, with the count to add to when it takes effect."""
        operation = _operation(method, path)
        if operation is None:
            return None
        run = self._run
        self._requests[operation] += 1
        run.seen[operation] += 1
        for place, rule in enumerate(run.plan.rules):
            if rule.operation is operation and self._meets(run, place, rule):
                return Choice(rule, place, run)
        return None

    def count(self, choice: "Choice") -> None:
        """Note that the fault took effect."""
        choice.run.hits[choice.place] += 1
        self._counts[choice.rule.fault] += 1

    def as_json(self) -> dict[str, Any]:
        """Give plan and counts."""
        return {"plan": self.plan.as_json(), "counts": self.counts}

    def _meets(self, run: _Run, place: int, rule: Rule) -> bool:
        if run.seen[rule.operation] < rule.first:
            return False
        if rule.count is not None and run.hits[place] >= rule.count:
            return False
        drawn = f"{run.plan.seed}:{place}:{self._requests[rule.operation]}"
        return Random(drawn).random() < rule.share  # noqa: S311 - reproducible on purpose


@dataclass(frozen=True, slots=True)
class Choice:
    """A rule that meets a request."""

    rule: Rule
    place: int
    run: _Run


def _operation(method: str, path: str) -> Operation | None:
    resource = find(path).resource
    return _OPERATIONS.get(resource) if method == resource.method else None
