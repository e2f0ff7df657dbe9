"""
Use case: file a batch so that each intent has exactly one effect.

Rows are claimed in windows before their POSTs leave; every attempt ends in a verdict; what we don't know is
unclear and is never sent again here (docs/adr/0002).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dimona_provider.api.budget import Budget
from dimona_provider.api.client import CONCURRENCY, REQUEST_TIMEOUT, DimonaClient
from dimona_provider.clock import Clock
from dimona_provider.errors import AuthenticationFailed, ServiceUnavailable
from dimona_provider.ledger import Ledger, claims
from dimona_provider.ledger.attempts import Attempted, Verdict, record_attempts
from dimona_provider.ledger.claims import Claimed
from dimona_provider.posting import post

WINDOW = 100
"""Intents claimed at once: sent well within a lease at 3 a second or more; slower, the rest is given back."""
LONGEST_WAIT = 60.0
"""Seconds that a task itself waits for the service; a longer Retry-After fails it, to be retried later."""
MOST_FAILURES = 3
"""Windows in a row in which nothing was filed before the task gives up."""
BACKOFF = 2.0
_TOO_SLOW = "claims run out before anything can be sent: the ledger or requests_per_second is too slow"

Progress = Callable[[int, int], None]
"""Called with how many are filed and how many are still to be sent."""


@dataclass(slots=True)
class _Window:
    """One claim and what became of its intents."""

    token: str
    claimed: list[Claimed]
    ends: list[Attempted] = field(default_factory=list)
    trouble: Exception | None = None
    """Why sending had to stop, when the reason is not about one declaration."""
    forbidden: dict[str, str] = field(default_factory=dict)
    """Employers for whom the service says we may not file, with the reason."""

    @property
    def filed(self) -> int:
        return sum(end.verdict is Verdict.FILED for end in self.ends)

    @property
    def left(self) -> int:
        """How many POSTs left."""
        return sum(end.verdict is not Verdict.NOT_SENT for end in self.ends)

    @property
    def wait(self) -> float | None:
        return self.trouble.retry_after if isinstance(self.trouble, ServiceUnavailable) else None


class Submission:
    """Send what is planned in one batch. Nothing of another batch is touched."""

    def __init__(self, ledger: Ledger, client: DimonaClient, budget: Budget, clock: Clock) -> None:
        self._ledger = ledger
        self._client = client
        self._budget = budget
        self._clock = clock

    async def file(self, batch: str, progress: Progress = lambda _filed, _left: None) -> int:
        """
        File every planned intent of *batch*; return how many declarations were filed.

        Raises AuthenticationFailed or ServiceUnavailable when the service can't be used; what was not sent is
        then planned again and nothing is lost. Refused and unclear intents raise nothing: they are outcomes.
        """
        filed = failures = 0
        while True:
            left = await self._wait_for_planned(batch)
            progress(filed, left)
            if not left:
                return filed
            window = await self._send_window(batch)
            if not window.claimed:  # the rest waits for other declarations, or another sender took it
                return filed
            filed += window.filed
            if window.trouble is None and window.left == 0:
                window.trouble = ServiceUnavailable(_TOO_SLOW)
            failures = 0 if window.filed or window.trouble is None else failures + 1
            if window.trouble is not None:
                await self._pause_or_give_up(window, failures)

    async def _wait_for_planned(self, batch: str) -> int:
        left, not_before = await asyncio.to_thread(claims.planned, self._ledger, batch)
        if left and not_before is not None and (wait := not_before - self._clock.now()) > 0:
            if wait > LONGEST_WAIT:
                raise ServiceUnavailable(
                    f"the Dimona service asked us to wait {wait:.0f} s", retry_after=wait
                )
            await self._clock.sleep(wait)
        return left

    async def _pause_or_give_up(self, window: _Window, failures: int) -> None:
        trouble, wait = window.trouble, window.wait
        assert trouble is not None  # noqa: S101 - for mypy; the caller checked
        # A token may have been revoked a moment ago; credentials that fail twice are wrong.
        most = 2 if isinstance(trouble, AuthenticationFailed) else MOST_FAILURES
        if failures >= most or (wait is not None and wait > LONGEST_WAIT):
            raise trouble
        await self._clock.sleep(wait if wait is not None else BACKOFF * 2**failures)

    async def _send_window(self, batch: str) -> _Window:
        token = secrets.token_hex(8)
        lease_ends = self._clock.monotonic() + claims.LEASE
        wall_ends = self._clock.now() + claims.LEASE
        claimed = await asyncio.to_thread(
            claims.claim, self._ledger, batch, token, limit=WINDOW, now=self._clock.now()
        )
        window = _Window(token, claimed)
        queue = iter(claimed)
        done = asyncio.Event()
        recorder = asyncio.create_task(self._record(window, done))
        try:
            async with asyncio.TaskGroup() as senders:
                for _ in range(CONCURRENCY):
                    senders.create_task(self._sender(window, queue, lease_ends, wall_ends))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            done.set()
            await recorder
        for employer, reason in window.forbidden.items():
            await asyncio.to_thread(
                claims.hold_employer, self._ledger, batch, employer, reason, now=self._clock.now()
            )
        return window

    async def _sender(
        self, window: _Window, queue: Iterator[Claimed], lease_ends: float, wall_ends: float
    ) -> None:
        for intent in queue:  # one iterator, shared by all senders
            await self._budget.take()
            window.ends.append(await self._attempt(window, intent, lease_ends, wall_ends))

    async def _attempt(
        self, window: _Window, intent: Claimed, lease_ends: float, wall_ends: float
    ) -> Attempted:
        if window.trouble is not None or intent.employer in window.forbidden:
            return Attempted(intent.id, Verdict.NOT_SENT, detail="sending was stopped")
        # Both clocks: one may have been set back, the other stands still while the machine sleeps.
        too_late = (
            self._clock.monotonic() > lease_ends - REQUEST_TIMEOUT
            or self._clock.now() > wall_ends - REQUEST_TIMEOUT
        )
        if too_late or not await asyncio.to_thread(claims.holds, self._ledger, intent.id, window.token):
            return Attempted(intent.id, Verdict.NOT_SENT, detail="the claim had run out")
        posted = await post(self._client, self._clock, intent)
        window.trouble = posted.trouble or window.trouble
        if posted.is_forbidden:
            window.forbidden[intent.employer] = "the service says that we may not file for this employer"
        return posted.end

    async def _record(self, window: _Window, done: asyncio.Event) -> None:
        """Write verdicts down as they come, as many as there are at a time: one commit for each group."""
        written = 0
        while not (done.is_set() and written == len(window.ends)):
            group = window.ends[written:]
            if not group:
                await asyncio.sleep(0.02)
                continue
            try:
                await asyncio.to_thread(
                    record_attempts, self._ledger, window.token, group, now=self._clock.now()
                )
            except Exception as error:
                window.trouble = error  # nothing more may leave that could not be written down
                raise
            written += len(group)
