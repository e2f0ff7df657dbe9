"""
Use case: file a batch so that each intent has exactly one effect.

Window after window is claimed and sent (sending.py) until nothing of the batch is planned any more, or the
service can't be used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dimona_provider.api.budget import Budget
from dimona_provider.api.client import DimonaClient
from dimona_provider.clock import Clock
from dimona_provider.errors import AuthenticationFailed, ServiceUnavailable
from dimona_provider.filing.sending import Sender
from dimona_provider.filing.windows import Stretch
from dimona_provider.ledger import Ledger, claims

LONGEST_WAIT = 60.0
"""Seconds that a task itself waits for the service; a longer Retry-After fails it, to be retried later."""
MOST_FAILURES = 3
"""Windows in a row in which nothing was filed before the task gives up."""
BACKOFF = 2.0
PROGRESS_EVERY = 1.0
"""Seconds between two counts of what is still to be sent: each reads the whole batch."""
_TOO_SLOW = "claims run out before anything can be sent: the ledger or requests_per_second is too slow"

Progress = Callable[[int, int], None]
"""Called with how many are filed and how many are still to be sent."""


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
        sender = Sender(self._ledger, self._client, self._budget, self._clock, batch)
        filed = failures = 0
        tells_at = self._clock.monotonic()

        async def begins(filed_since: int) -> None:
            nonlocal tells_at
            if self._clock.monotonic() < tells_at:
                return
            tells_at = self._clock.monotonic() + PROGRESS_EVERY
            left, _ = await asyncio.to_thread(claims.planned, self._ledger, batch)
            progress(filed + filed_since, left)

        while await self._wait_for_planned(batch):
            stretch = await sender.send(begins)
            filed += stretch.filed
            if not stretch.claimed:  # the rest waits for other declarations, or another sender took it
                break
            if stretch.trouble is None and stretch.left == 0:
                stretch.trouble = ServiceUnavailable(_TOO_SLOW)
            failures = 0 if stretch.filed or stretch.trouble is None else failures + 1
            if stretch.trouble is not None:
                await self._pause_or_give_up(stretch, failures)
        return filed

    async def _wait_for_planned(self, batch: str) -> int:
        left, not_before = await asyncio.to_thread(claims.planned, self._ledger, batch)
        if left and not_before is not None and (wait := not_before - self._clock.now()) > 0:
            if wait > LONGEST_WAIT:
                raise ServiceUnavailable(
                    f"the Dimona service asked us to wait {wait:.0f} s", retry_after=wait
                )
            await self._clock.sleep(wait)
        return left

    async def _pause_or_give_up(self, stretch: Stretch, failures: int) -> None:
        trouble = stretch.trouble
        wait = trouble.retry_after if isinstance(trouble, ServiceUnavailable) else None
        assert trouble is not None  # noqa: S101 - for mypy; the caller checked
        # A token may have been revoked a moment ago; credentials that fail twice are wrong.
        most = 2 if isinstance(trouble, AuthenticationFailed) else MOST_FAILURES
        if failures >= most or (wait is not None and wait > LONGEST_WAIT):
            raise trouble
        await self._clock.sleep(wait if wait is not None else BACKOFF * 2**failures)
