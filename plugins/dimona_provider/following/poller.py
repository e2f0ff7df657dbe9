"""
Use case: ask for outcomes in due order, within the request budget, never earlier than the schedule allows.

One poller serves everything that is followed over the same connection and event loop.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from dimona_provider.api.auth import AccessToken
from dimona_provider.api.budget import Budget
from dimona_provider.api.client import DimonaClient
from dimona_provider.api.operations import fetch_answer
from dimona_provider.clock import Clock
from dimona_provider.domain.polling import LONGEST_INTERVAL, may_look, next_look
from dimona_provider.errors import DimonaError, ServiceUnavailable
from dimona_provider.following.watches import Watch
from dimona_provider.ledger.answers import OpenDeclaration


@dataclass(order=True, slots=True)
class _Look:
    due: float
    order: int
    declaration: OpenDeclaration = field(compare=False)
    watch: Watch = field(compare=False)
    last_look: float | None = field(compare=False)


class Poller:
    """The due looks of all watches, in one heap."""

    def __init__(self, client: DimonaClient, budget: Budget, clock: Clock) -> None:
        self._client = client
        self._budget = budget
        self._clock = clock
        self._heap: list[_Look] = []
        self._order = itertools.count()
        self._more = asyncio.Event()
        self._slots = asyncio.Semaphore(budget.concurrency)
        self._looks: set[asyncio.Task[None]] = set()
        self._runner: asyncio.Task[None] | None = None

    def watch(
        self, declarations: Sequence[OpenDeclaration], *, until: float, last_look: float | None = None
    ) -> Watch:
        """
        Ask for *declarations* until each is answered.

        *last_look* is when an earlier poller of the same declarations may have looked last: after a restart
        no look is due before that and the interval. A declaration may say more of itself.
        """
        watch = Watch(until)
        for declaration in declarations:
            watch.open.add(declaration.declaration_id)
            last = declaration.last_look if last_look is None else last_look
            self._plan(declaration, watch, last_look=last, due=declaration.due)
        if not watch.open:
            watch.finished.set()
        return watch

    def next_look(self, watch: Watch) -> float | None:
        """Return when the next look of *watch* is due, in epoch seconds; None while none is planned."""
        return min((look.due for look in self._heap if look.watch is watch), default=None)

    def forget(self, watch: Watch) -> None:
        """Plan no more looks for *watch*; those under way end by themselves."""
        watch.open.clear()
        watch.finished.set()  # its looks in the heap are passed over when they are due

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Ask while the block lasts; looks under way are given up at its end."""
        self._runner = asyncio.create_task(self._run())
        try:
            yield self
        finally:
            self._runner.cancel()
            with suppress(asyncio.CancelledError):
                await self._runner

    def check(self) -> None:
        """Raise what ended the poller, if anything did: nobody may wait for looks that never come."""
        if self._runner is None or self._runner.done():
            cause = self._runner.exception() if self._runner and not self._runner.cancelled() else None
            raise RuntimeError("the poller is not running") from cause

    async def _run(self) -> None:
        try:
            while True:
                await self._until_one_is_due()
                await self._slots.acquire()
                if (look := self._pop()) is None:
                    self._slots.release()
                    continue
                task = asyncio.create_task(self._look(look))
                self._looks.add(task)
                task.add_done_callback(partial(self._ended, look.watch))
        finally:
            for task in self._looks:
                task.cancel()
            await asyncio.gather(*self._looks, return_exceptions=True)

    def _ended(self, watch: Watch, task: asyncio.Task[None]) -> None:
        self._looks.discard(task)
        self._slots.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            watch.failure = error
            watch.finished.set()

    async def _until_one_is_due(self) -> None:
        while True:
            wait = self._heap[0].due - self._clock.now() if self._heap else 3600.0
            if wait <= 0:
                return
            self._more.clear()
            sleep = asyncio.ensure_future(self._clock.sleep(wait))
            more = asyncio.ensure_future(self._more.wait())
            try:
                await asyncio.wait({sleep, more}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sleep.cancel()
                more.cancel()

    def _pop(self) -> _Look | None:
        """Return the look that is due longest and may leave now."""
        while self._heap and self._heap[0].due <= self._clock.now():
            look = heapq.heappop(self._heap)
            if look.declaration.declaration_id not in look.watch.open:
                continue
            if may_look(look.declaration.filed_at, self._clock.now(), look.last_look):
                return look
            self._plan(look.declaration, look.watch, last_look=look.last_look)
        return None

    def _plan(
        self,
        declaration: OpenDeclaration,
        watch: Watch,
        *,
        last_look: float | None,
        wait: float = 0.0,
        due: float | None = None,
    ) -> None:
        if due is None:
            due = next_look(declaration.filed_at, self._clock.now() + wait, last_look)
        if due > watch.until:
            watch.leave(declaration.declaration_id)
            return
        heapq.heappush(self._heap, _Look(due, next(self._order), declaration, watch, last_look))
        if self._heap[0].due == due:
            self._more.set()

    async def _look(self, look: _Look) -> None:
        declaration, watch = look.declaration, look.watch
        try:
            token = await self._client.prepare()
            await self._budget.take()
        except DimonaError as error:
            watch.trouble = str(error)
            watch.looked[declaration.intent] = self._clock.now()
            self._plan(declaration, watch, last_look=self._clock.now())
            return
        try:
            await self._ask(look, token)
        finally:
            self._budget.give_back()

    async def _ask(self, look: _Look, token: AccessToken) -> None:
        declaration, watch = look.declaration, look.watch
        if declaration.declaration_id not in watch.open:
            return  # forgotten while it waited for a token: what leaves now nobody would note
        left_at = self._clock.now()
        if not may_look(declaration.filed_at, left_at, look.last_look):
            # The wait for a token or the budget took it out of its stage.
            self._plan(declaration, watch, last_look=look.last_look)
            return
        watch.looks += 1
        watch.looked[declaration.intent] = left_at  # whoever is stopped before the answer knows this much
        watch.latest = max(watch.latest, left_at - look.due)
        self._budget.tally.count("polls")
        self._budget.tally.time("poll_lateness", left_at - look.due)
        try:
            reply = await self._client.run(fetch_answer(declaration.declaration_id), token)
        except DimonaError as error:
            # One attempt per slot, whatever went wrong; the service's own Retry-After may ask for more time.
            watch.trouble = str(error)
            wait = (error.retry_after if isinstance(error, ServiceUnavailable) else None) or 0.0
            ended_at = self._clock.now()
            # Whoever knows no more than the last look must not ask before that time either.
            watch.looked[declaration.intent] = max(ended_at, ended_at + wait - LONGEST_INTERVAL)
            self._plan(declaration, watch, last_look=ended_at, wait=wait)
            return
        # Counted from here: at the NSSO, a GET that arrived late would else be followed early.
        ended_at = self._clock.now()
        watch.looked[declaration.intent] = ended_at
        if reply is None:
            self._plan(declaration, watch, last_look=ended_at)
            return
        watch.replies.put_nowait((declaration, reply, ended_at))
        watch.leave(declaration.declaration_id)
