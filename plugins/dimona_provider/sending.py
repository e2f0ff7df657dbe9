"""
One window of a batch: claimed, sent within its lease, and every verdict written down.

What could not be written down while the lease lasts is unclear afterwards; nothing more leaves before what
left is written (docs/adr/0002).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from dimona_provider.api.auth import AccessToken
from dimona_provider.api.budget import Budget
from dimona_provider.api.client import REQUEST_TIMEOUT, DimonaClient
from dimona_provider.clock import Clock
from dimona_provider.errors import DimonaError, ServiceUnavailable
from dimona_provider.ledger import Ledger, claims
from dimona_provider.ledger.attempts import Attempted, Verdict, record_attempts
from dimona_provider.ledger.claims import Claimed
from dimona_provider.posting import post
from dimona_provider.standing import StandingClaims

SIZE = 100
"""Intents claimed at once: sent well within a lease at 3 a second or more; slower, the rest is given back."""
BACKLOG = 40
"""Verdicts that may wait to be written down while more is sent: what a crash of the ledger can cost."""
PATIENCE = claims.LEASE + REQUEST_TIMEOUT
"""Seconds for which a verdict that the ledger does not take is tried again: others stay away for longer."""

_GATHER = 0.05
"""Seconds between two groups of verdicts."""

_FORBIDDEN = "the service says that we may not file for this employer"
_STOPPED = "sending was stopped"
_RAN_OUT = "the claim had run out"
_TAKEN = "the service gave a declaration id that another declaration has"


@dataclass(slots=True)
class Window:
    """One claim and what became of its intents."""

    token: str
    claimed: list[Claimed]
    lease_ends: float
    wall_ends: float
    ends: list[Attempted] = field(default_factory=list)
    begun: int = 0
    written: int = 0
    trouble: DimonaError | None = None
    """Why sending had to stop, when the reason is not about one declaration."""
    not_before: float | None = None
    """When the service lets us come back: what it said of one request holds for all."""
    forbidden: set[str] = field(default_factory=set)
    """Employers for whom the service says that we may not file."""

    @property
    def filed(self) -> int:
        """How many declarations were filed."""
        return sum(end.verdict is Verdict.FILED for end in self.ends)

    @property
    def left(self) -> int:
        """How many POSTs left."""
        return sum(end.verdict is not Verdict.NOT_SENT for end in self.ends)

    def stopped(self, intent: Claimed) -> Attempted:
        """Return the end of an attempt that was not begun any more."""
        return Attempted(intent.id, Verdict.NOT_SENT, detail=_STOPPED, not_before=self.not_before)

    def stops(self, intent: Claimed) -> bool:
        """Whether *intent* must not be sent any more."""
        return self.trouble is not None or intent.employer in self.forbidden


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

    async def send_window(self) -> Window:
        """Claim what is planned, send it, and return what became of it. Raises what the ledger raised."""
        window = await self._claim()
        done = asyncio.Event()
        recorder = asyncio.create_task(self._record(window, done))
        queue = iter(window.claimed)
        try:
            async with asyncio.TaskGroup() as senders:
                for _ in range(self._budget.concurrency):
                    senders.create_task(self._send(window, queue))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            done.set()
            await recorder
        for employer in window.forbidden:
            now = self._clock.now()
            await asyncio.to_thread(
                claims.hold_employer, self._ledger, self._batch, employer, _FORBIDDEN, now=now
            )
        return window

    async def _claim(self) -> Window:
        token = secrets.token_hex(8)
        # Before the claim: its lease counts from the instant that stands in the ledger.
        ends = self._clock.monotonic() + claims.LEASE, self._clock.now() + claims.LEASE
        claimed = await asyncio.to_thread(
            claims.claim, self._ledger, self._batch, token, limit=SIZE, now=self._clock.now()
        )
        return Window(token, claimed, *ends)

    async def _send(self, window: Window, queue: Iterator[Claimed]) -> None:
        for intent in queue:  # one iterator, shared by all senders
            window.begun += 1
            while len(window.ends) - window.written > BACKLOG and window.trouble is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # the ledger is behind
            window.ends.append(await self._attempt(window, intent))

    async def _attempt(self, window: Window, intent: Claimed) -> Attempted:
        if window.stops(intent):
            return window.stopped(intent)
        try:
            token = await self._client.prepare()
            # After the token: whoever waited for a slow one would leave together with all others.
            await self._budget.take(len(window.claimed) - window.begun)
        except DimonaError as error:
            window.trouble = error
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
        if window.stops(intent):
            return window.stopped(intent)
        posted = await post(self._client, self._clock, intent, token)
        window.trouble = posted.trouble or window.trouble
        window.not_before = max(window.not_before or 0.0, posted.end.not_before or 0.0) or None
        if posted.is_forbidden:
            window.forbidden.add(intent.employer)
        return posted.end

    def _is_too_late(self, window: Window) -> bool:
        # Both clocks: one may have been set back, the other stands still while the machine sleeps.
        return (
            self._clock.monotonic() > window.lease_ends - REQUEST_TIMEOUT
            or self._clock.now() > window.wall_ends - REQUEST_TIMEOUT
        )

    async def _record(self, window: Window, done: asyncio.Event) -> None:
        """Write verdicts down as they come, as many as there are at a time: one commit for each group."""
        try:
            while not (done.is_set() and window.written == len(window.ends)):
                # What comes together is written together; the last ones wait for nobody.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_GATHER):
                        await done.wait()
                if group := window.ends[window.written :]:
                    await self._write(window, group)
                    window.written += len(group)
        except Exception:
            window.trouble = window.trouble or ServiceUnavailable("what left could not be written down")
            raise

    async def _write(self, window: Window, group: list[Attempted]) -> None:
        """Try for as long as nobody else may touch these intents."""
        gives_up = self._clock.monotonic() + PATIENCE
        while True:
            try:
                await self._write_once(window, group)
            except sa.exc.DBAPIError as error:
                window.trouble = ServiceUnavailable(
                    f"the ledger does not answer ({type(error.orig).__name__})"
                )
                if self._clock.monotonic() > gives_up:
                    raise
                await self._clock.sleep(1.0)
            else:
                return

    async def _write_once(self, window: Window, group: list[Attempted]) -> None:
        now = self._clock.now()
        try:
            await asyncio.to_thread(record_attempts, self._ledger, window.token, group, now=now)
        except sa.exc.IntegrityError:
            if len(group) > 1:  # one bad verdict must not cost the others theirs
                for end in group:
                    await self._write_once(window, [end])
                return
            taken = replace(group[0], verdict=Verdict.UNCLEAR, declaration_id=None, detail=_TAKEN)
            await asyncio.to_thread(record_attempts, self._ledger, window.token, [taken], now=now)
