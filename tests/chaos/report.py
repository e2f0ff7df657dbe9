"""What all runs came to: the last line, and why the suite fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.chaos.plan import Target
from tests.chaos.verdict import Verdict

LEAST_UNANSWERED = 0.05
"""Share of POSTs that were accepted and not answered: less is no chaos."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run adds to the whole."""

    name: str
    verdict: Verdict
    kills: Counter[Target] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    wanted_faults: frozenset[str] = frozenset()
    """Classes that its plan has."""
    posts: int = 0
    unanswered: int = 0


def last_line(outcomes: Sequence[Outcome]) -> str:
    """
    Return the line that scripts read.

    >>> last_line([Outcome("run 1", Verdict(intents=80, unclear=2), Counter({Target.WORKER: 1}))])
    'runs: 1  intents: 80  lost: 0  twice: 0  unclear: 2  kills: 1  faults: 0'
    """
    numbers = {
        "runs": len(outcomes),
        "intents": sum(one.verdict.intents for one in outcomes),
        "lost": sum(len(one.verdict.lost) for one in outcomes),
        "twice": sum(len(one.verdict.twice) for one in outcomes),
        "unclear": sum(one.verdict.unclear for one in outcomes),
        "kills": sum(one.kills.total() for one in outcomes),
        "faults": sum(one.faults.total() for one in outcomes),
    }
    return "  ".join(f"{word}: {number}" for word, number in numbers.items())


def complaints(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield every reason to fail: what the ledger has wrong, and chaos that did not take place."""
    for one in outcomes:
        yield from (f"{one.name}: {line}" for line in one.verdict.complaints())
    for one in outcomes:
        if not one.verdict.intents:
            yield f"{one.name}: nothing was declared"
    kills = sum((one.kills for one in outcomes), Counter[Target]())
    yield from (f"never killed: {target}" for target in Target if not kills[target])
    faults = sum((one.faults for one in outcomes), Counter[str]())
    wanted = sorted({fault for one in outcomes for fault in one.wanted_faults})
    yield from (f"never happened: {fault}" for fault in wanted if not faults[fault])
    posts, unanswered = sum(one.posts for one in outcomes), sum(one.unanswered for one in outcomes)
    if unanswered < LEAST_UNANSWERED * posts:
        yield f"too tame: {unanswered} of {posts} POSTs were accepted and not answered"
