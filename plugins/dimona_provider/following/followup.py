"""
Use case: one pass of the hourly follow-up asks once for everything that is owed a look within its hour.

It goes from window to window. In each it takes the right to poll the batches that have something due, asks,
notes every look and gives the right back, so that a run that wants to follow one of them waits a minute at
most. What it needs to know stands in the ledger alone: it may be begun again at any point.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from dimona_provider.clock import Clock
from dimona_provider.domain.polling import LONGEST_INTERVAL
from dimona_provider.domain.routes import Route
from dimona_provider.errors import DimonaError
from dimona_provider.following.poller import Poller
from dimona_provider.following.progress import Report
from dimona_provider.following.rights import Right, right_to_poll
from dimona_provider.following.watches import Watch
from dimona_provider.ledger import Ledger, due
from dimona_provider.ledger.answers import Received, insert_answers

PASS = LONGEST_INTERVAL
"""Seconds that one pass looks ahead: each declaration has one slot in it."""

WINDOW = 60.0
LEAD = 1.0
"""Seconds before its first look at which a window begins."""
FLUSH_EVERY = 1.0
PROGRESS_EVERY = 300.0


OpenPoller = Callable[[Route], AbstractAsyncContextManager[Poller]]


@dataclass(slots=True)
class FollowedUp:
    """What a pass came to."""

    looks: int = 0
    answered: int = 0
    """Declarations that got a result other than S."""
    skipped: int = 0
    """Declarations that were due at the end, in batches that a run polls or is about to."""
    latest: float = 0.0
    """Seconds by which the latest look left after it was due."""
    trouble: dict[str, str] = field(default_factory=dict)
    """The last look that failed, in words, by connection."""
    broken: dict[str, DimonaError] = field(default_factory=dict)
    """Connections that could not be used, and why."""


def first_due(ledger: Ledger, *, now: float) -> float | None:
    """Return when the first look is due that a pass may make; None if there is none at all."""
    return min(
        (one.due for route in due.routes(ledger) for one in due.owed(ledger, route, now=now) if one.is_free),
        default=None,
    )


async def follow_up(
    ledger: Ledger,
    open_poller: OpenPoller,
    *,
    until: float,
    clock: Clock,
    report: Report = lambda _line: None,
) -> FollowedUp:
    """
    Ask for what is due before *until*, each declaration by the connection of its batch.

    Only reads at the service; adds answers and looks to the ledger, and no more. A connection that can't be
    used stops no other. Ends as soon as nothing is due any more, and at *until* at the latest.
    """
    done = FollowedUp()
    passes = [
        _Pass(ledger, open_poller, route, until, clock, report, done)
        for route in await asyncio.to_thread(due.routes, ledger)
    ]
    ended = await asyncio.gather(*(one.run() for one in passes), return_exceptions=True)
    for error in ended:
        if error is not None:
            raise error
    return done


@dataclass(slots=True)
class _Pass:
    """The part of a pass that goes over one connection."""

    ledger: Ledger
    open_poller: OpenPoller
    route: Route
    until: float
    clock: Clock
    report: Report
    done: FollowedUp
    next_report: float = 0.0
    unwritten: list[Received] = field(default_factory=list)

    async def run(self) -> None:
        self.next_report = self.clock.monotonic() + PROGRESS_EVERY
        try:
            if await self._next_window() is None:
                return
            async with self.open_poller(self.route) as poller:
                while (batches := await self._next_window()) is not None:
                    await self._window(poller, batches)
        except DimonaError as error:
            self.done.broken[self.route.dimona_conn_id] = error

    async def _next_window(self) -> dict[str, float] | None:
        """Return the batches that have something due in the next minute; None at the end of the pass."""
        while (now := self.clock.now()) < self.until:
            found = await asyncio.to_thread(due.owed, self.ledger, self.route, now=now)
            free = [one for one in found if one.is_free]
            # A presumption must not move on with the clock: later windows count from it.
            presumed = {one.declaration.intent: one.last_look for one in free if one.is_presumed}
            await asyncio.to_thread(due.note_looks, self.ledger, presumed)
            first = min((one.due for one in free), default=self.until)
            if first >= self.until:
                self.done.skipped += sum(not one.is_free and one.due < self.until for one in found)
                return None
            if first - LEAD <= now:
                return {one.batch: one.polled_until for one in free if one.due < self._end(now)}
            await self.clock.sleep(first - LEAD - now)
        return None

    def _end(self, now: float) -> float:
        return min(now + WINDOW, self.until)

    async def _window(self, poller: Poller, batches: dict[str, float]) -> None:
        end = self._end(self.clock.now())
        async with right_to_poll(self.ledger, batches, self.clock) as right:
            mine = await asyncio.to_thread(
                due.owed, self.ledger, self.route, now=self.clock.now(), holder=right.holder
            )
            watch = poller.watch([one.declaration for one in mine if one.due < end], until=end)
            try:
                await self._collect(watch, poller, right)
            finally:
                poller.forget(watch)
                await self._write_down(watch)
                right.is_noted = True
                self._count(watch)

    async def _collect(self, watch: Watch, poller: Poller, right: Right) -> None:
        while not watch.finished.is_set() and self.clock.now() < self.until:
            await self._pause(watch)
            await self._write_down(watch)
            poller.check()
            right.check()
        if watch.failure is not None:
            raise watch.failure

    async def _pause(self, watch: Watch) -> None:
        pause = asyncio.ensure_future(self.clock.sleep(FLUSH_EVERY))
        finished = asyncio.ensure_future(watch.finished.wait())
        try:
            await asyncio.wait({pause, finished}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pause.cancel()
            finished.cancel()

    async def _write_down(self, watch: Watch) -> None:
        """Note looks and insert answers in groups; what a cancellation interrupts is written once more."""
        looked = dict(watch.looked)
        while not watch.replies.empty():
            one, reply, at = watch.replies.get_nowait()
            self.unwritten.append(Received(one.intent, reply.answer, reply.body, at))
        if not looked and not self.unwritten:
            return
        received = list(self.unwritten)
        await asyncio.to_thread(insert_answers, self.ledger, self.route.environment, received)
        await asyncio.to_thread(due.note_looks, self.ledger, looked)
        del self.unwritten[: len(received)]
        for intent, at in looked.items():
            if watch.looked.get(intent) == at:
                del watch.looked[intent]
        self.done.answered += sum(one.answer.is_final for one in received)

    def _count(self, watch: Watch) -> None:
        self.done.looks += watch.looks
        self.done.latest = max(self.done.latest, watch.latest)
        if watch.trouble is not None:
            self.done.trouble[self.route.dimona_conn_id] = watch.trouble
        if self.clock.monotonic() >= self.next_report:
            self.next_report = self.clock.monotonic() + PROGRESS_EVERY
            self.report(f"{self.done.looks} looks, {self.done.answered} answered")
