"""
The least time in which a client that costs nothing could file declarations and learn their outcomes.

An event simulation of the same polling schedule, the same request budget and the same processing times. A
request and its answer take no time. One request leaves every ``1 / per_second`` seconds, POSTs and GETs
together, and none while there is nothing to do.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dimona_provider.domain.polling import may_look, next_look
from include.dimona_simulator import Timing

FIRST_SEQUENCE = 6_563_100_001
"""The simulator draws a declaration's processing time by its number; a new one counts from here."""


class Policy(StrEnum):
    """What leaves when a POST waits and a GET is due."""

    POST_FIRST = "POST first"
    DUE_FIRST = "due GET first"


@dataclass(frozen=True, slots=True)
class Bound:
    """How a policy did: seconds from the first POST to the last outcome, and the GETs it took."""

    seconds: float
    gets: int
    policy: Policy


def processing_times(count: int, timing: Timing, seed: int) -> list[float]:
    """Return the times that a new simulator takes for its first *count* declarations."""
    return [timing.seconds(seed, FIRST_SEQUENCE + number) for number in range(count)]


def bound(times: Sequence[float], per_second: float) -> Bound:
    """Return the better of the two policies: no real client can know which one it will be."""
    return min((simulate(times, per_second, policy) for policy in Policy), key=lambda one: one.seconds)


def simulate(times: Sequence[float], per_second: float, policy: Policy) -> Bound:
    """
    File ``len(times)`` declarations as *policy* says; number k has its outcome *times[k]* s after its POST.

    GETs leave in due order. One that its wait took into a stage with a longer interval is due again later.

    >>> simulate([2.5], 10.0, Policy.DUE_FIRST)
    Bound(seconds=3.0, gets=1, policy=<Policy.DUE_FIRST: 'due GET first'>)
    """
    run = _Run(times, policy)
    now = 0.0
    while (wake := run.next_event()) is not None:
        now = max(now, wake)
        if run.send_one(now):
            now += 1.0 / per_second
    return Bound(run.ended, run.gets, policy)


class _Run:
    """What is filed, what is due, and what has its outcome."""

    def __init__(self, times: Sequence[float], policy: Policy) -> None:
        self._times = times
        self._policy = policy
        self._filed: list[float] = []
        self._due: list[tuple[float, int, float | None]] = []
        self.gets = 0
        self.ended = 0.0

    def next_event(self) -> float | None:
        """Return the earliest instant at which there is something to send; ``None`` when all is done."""
        if len(self._filed) < len(self._times):
            return 0.0
        return self._due[0][0] if self._due else None

    def send_one(self, now: float) -> bool:
        """Let one request leave; tell whether one did."""
        posts_wait = len(self._filed) < len(self._times)
        if posts_wait and self._policy is Policy.POST_FIRST:
            self._post(now)
            return True
        if self._get(now):
            return True
        if posts_wait:
            self._post(now)
        return posts_wait

    def _post(self, now: float) -> None:
        self._filed.append(now)
        self._plan(len(self._filed) - 1, now, None)

    def _plan(self, number: int, now: float, last: float | None) -> None:
        heapq.heappush(self._due, (next_look(self._filed[number], now, last), number, last))

    def _get(self, now: float) -> bool:
        while self._due and self._due[0][0] <= now:
            _, number, last = heapq.heappop(self._due)
            if not may_look(self._filed[number], now, last):
                self._plan(number, now, last)
                continue
            self.gets += 1
            if now - self._filed[number] >= self._times[number]:
                self.ended = max(self.ended, now)
            else:
                self._plan(number, now, now)
            return True
        return False
