"""The request budget of a connection: how fast requests may leave, and how many may be under way at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from dimona_provider.clock import Clock
from dimona_provider.tally import Tally

BLOCK = 0.1
"""Seconds of the budget that are reserved at a time, at most: so long nobody else waits for us."""
GATHER = 0.02
"""Seconds between two reservations, so that one serves all who ask meanwhile."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Requests that may leave one after the other, at even distance."""

    wait: float
    """Seconds until the first of them may leave."""
    share: int
    """How many requests of this process may be under way at once."""


Reserve = Callable[[int], Awaitable[Grant]]
"""Reserve a number of requests among all who use the connection. Raises DimonaError."""


@dataclass(slots=True)
class Budget:
    """
    Let requests leave at even distance, *per_second* of all who use the connection together.

    What is reserved is what somebody here waits for, so that no request is lost to a process that has nothing
    to ask; unused time is not saved up, so that no burst follows a pause.
    """

    reserve: Reserve
    per_second: float
    concurrency: int
    """How many requests may be under way at once, of all who use the connection together."""
    clock: Clock
    tally: Tally = field(default_factory=Tally)
    name: str = ""
    """Of the connection, for the metrics."""
    _next: float = field(default=0.0, init=False)
    _reserved: int = field(default=0, init=False)
    _gathers_until: float = field(default=float("-inf"), init=False)
    _share: int = field(default=1, init=False)
    _waiting: int = field(default=0, init=False)
    _under_way: int = field(default=0, init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _given_back: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def take(self, more: int = 0) -> None:
        """
        Wait until one more request may leave; ``give_back`` when it has ended, however it ended.

        *more* is how many the caller knows to follow at once: one reservation serves them too.
        Raises DimonaError when nothing can be reserved; then there is nothing to give back.
        """
        self._waiting += 1
        came = self.clock.monotonic()
        try:
            async with self._turn:  # first come, first served
                while self._under_way >= self._share:
                    self._given_back.clear()
                    await self._given_back.wait()
                start = await self._slot(more)
                self._under_way += 1
        finally:
            self._waiting -= 1
        try:
            if (wait := start - self.clock.monotonic()) > 0:
                await self.clock.sleep(wait)
        except BaseException:
            self.give_back()
            raise
        self.tally.count(f"budget.requests.{self.name}")
        self.tally.time(f"budget.wait.{self.name}", self.clock.monotonic() - came)

    def give_back(self) -> None:
        """Say that a request has ended."""
        self._under_way -= 1
        self._given_back.set()

    async def _slot(self, more: int) -> float:
        """Return when the next request may leave, on the monotonic clock."""
        now = self.clock.monotonic()
        if not self._reserved or self._next < now - BLOCK:  # whoever waited for these has given up
            if now < self._gathers_until:
                await self.clock.sleep(self._gathers_until - now)
            self._gathers_until = self.clock.monotonic() + GATHER
            count = min(self._waiting + more, max(1, int(self.per_second * BLOCK)))
            grant = await self.reserve(count)
            self._next = self.clock.monotonic() + grant.wait
            self._reserved = count
            self._share = grant.share
        start = self._next
        self._next += 1.0 / self.per_second
        self._reserved -= 1
        return start
