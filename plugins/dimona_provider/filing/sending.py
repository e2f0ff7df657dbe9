"""
Windows of a batch: each is claimed, sent within its lease, and every verdict is written down.

The next window begins when nothing of this one is left to begin: its last answers are on their way.

What could not be written down while the lease lasts is unclear afterwards; nothing more leaves before what
left is written (docs/adr/0002).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator

from dimona_provider.api.auth import AccessToken
from dimona_provider.api.budget import Budget
from dimona_provider.api.client import REQUEST_TIMEOUT, DimonaClient
from dimona_provider.clock import Clock
from dimona_provider.errors import DimonaError, ServiceUnavailable
from dimona_provider.filing.posting import post
from dimona_provider.filing.standing import StandingClaims
from dimona_provider.filing.verdicts import Verdicts
from dimona_provider.filing.windows import Stretch, Window
from dimona_provider.ledger import Ledger, claims
from dimona_provider.ledger.attempts import Attempted, Verdict
from dimona_provider.ledger.claims import Claimed
from dimona_provider.ledger.forbidding import hold_rest

SIZE = 100
"""Intents claimed at once: sent well within a lease at 3 a second or more; slower, the rest is given back."""
BACKLOG = 40
"""Verdicts that may wait to be written down while more is sent: what a crash of the ledger can cost."""

_RAN_OUT = "the claim had run out"
_TOO_LATE = "its deadline passed"


class Sender:
    """Sends windows of one batch."""

    def __init__(
        self, ledger: Ledger, client: DimonaClient, budget: Budget, clock: Clock, batch: str
    ) -> None:
        self._ledger = ledger
        self._client = client
        self._budget = budget
        self._clock = clock
        self._batch = batch
        self._standing = StandingClaims(ledger)
        self._verdicts = Verdicts(ledger, clock)

    async def send(self, begins: Callable[[int], Awaitable[object]]) -> Stretch:
        """
        Send window after window until nothing can be claimed any more, or sending has to stop.

        *begins* is called before each window, with how many of the stretch are filed. Raises what the ledger
        raised, after all that left has come to its end.
        """
        stretch = Stretch()
        under_way: list[asyncio.Task[None]] = []
        try:
            await self._begin_windows(stretch, begins, under_way)
        except Exception:
            stretch.trouble = stretch.trouble or ServiceUnavailable("sending was stopped by a failure")
            raise
        except BaseException:
            for task in under_way:
                task.cancel()
            raise
        finally:
            ended = await asyncio.gather(*under_way, return_exceptions=True)
            await self._standing.close()
        if errors := [error for error in ended if error is not None]:
            raise errors[0]
        return stretch

    async def _begin_windows(
        self,
        stretch: Stretch,
        begins: Callable[[int], Awaitable[object]],
        under_way: list[asyncio.Task[None]],
    ) -> None:
        while stretch.trouble is None:
            await begins(stretch.filed)
            window = await self._claim(stretch)
            if not window.claimed:
                return
            stretch.claimed += len(window.claimed)
            stretch.windows += 1
            under_way.append(asyncio.create_task(self._send_window(window)))
            await window.all_begun.wait()
            if len(under_way) > 1:
                await under_way.pop(0)
            if stretch.windows > 1 and not stretch.left:
                return  # claims run out before anything leaves: the caller says so

    async def _send_window(self, window: Window) -> None:
        done = asyncio.Event()
        recorder = asyncio.create_task(self._verdicts.record(window, done))
        queue = iter(window.claimed)
        try:
            async with asyncio.TaskGroup() as senders:
                for _ in range(self._budget.concurrency):
                    senders.create_task(self._send(window, queue))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            window.all_begun.set()
            done.set()
            await recorder
            window.stretch.count(window.ends)
        for employer in window.stretch.forbidden:
            now = self._clock.now()
            await asyncio.to_thread(hold_rest, self._ledger, self._batch, employer, now=now)

    async def _claim(self, stretch: Stretch) -> Window:
        token = secrets.token_hex(8)
        # Before the claim: its lease counts from the instant that stands in the ledger.
        ends = self._clock.monotonic() + claims.LEASE, self._clock.now() + claims.LEASE
        claimed = await asyncio.to_thread(
            claims.claim, self._ledger, self._batch, token, limit=SIZE, now=self._clock.now()
        )
        return Window(stretch, token, claimed, *ends)

    async def _send(self, window: Window, queue: Iterator[Claimed]) -> None:
        stretch = window.stretch
        for intent in queue:  # one iterator, shared by all senders
            window.begun += 1
            # No event: two would have to set it, who writes and who fails.
            while len(window.ends) - window.written > BACKLOG and stretch.trouble is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # the ledger is behind
            window.ends.append(await self._attempt(window, intent))
        window.all_begun.set()

    async def _attempt(self, window: Window, intent: Claimed) -> Attempted:
        if window.stretch.stops(intent):
            return window.stretch.stopped(intent)
        try:
            token = await self._client.prepare()
            # After the token: whoever waited for a slow one would leave together with all others.
            await self._budget.take(len(window.claimed) - window.begun)
        except DimonaError as error:
            window.stretch.trouble = error
            return Attempted(intent.id, Verdict.NOT_RECEIVED, detail=str(error))
        try:
            return await self._leave(window, intent, token)
        finally:
            self._budget.give_back()

    async def _leave(self, window: Window, intent: Claimed, token: AccessToken) -> Attempted:
        # Last of all before the POST: waiting for a token or the ledger takes time from the lease.
        if not await self._standing.holds(intent.id, window.token):
            return Attempted(intent.id, Verdict.NOT_SENT, detail=_RAN_OUT)
        if self._is_too_late(window):
            return Attempted(intent.id, Verdict.NOT_SENT, detail=_RAN_OUT)
        if window.stretch.stops(intent):
            return window.stretch.stopped(intent)
        if intent.leave_by is not None and self._clock.now() >= intent.leave_by:
            return Attempted(intent.id, Verdict.NOT_SENT, detail=_TOO_LATE)
        posted = await post(self._client, self._clock, intent, token)
        window.stretch.trouble = posted.trouble or window.stretch.trouble
        window.stretch.not_before = (
            max(window.stretch.not_before or 0.0, posted.end.not_before or 0.0) or None
        )
        if posted.is_forbidden:
            window.stretch.forbidden.add(intent.employer)
        return posted.end

    def _is_too_late(self, window: Window) -> bool:
        # Both clocks: one may have been set back, the other stands still while the machine sleeps.
        return (
            self._clock.monotonic() > window.lease_ends - REQUEST_TIMEOUT
            or self._clock.now() > window.wall_ends - REQUEST_TIMEOUT
        )
