"""
Use case: follow one batch until every declaration is answered or belongs to the hourly follow-up.

It belongs there from its first S on, or from 20 minutes after its filing: see ``followup``.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from dimona_provider.api.client import REQUEST_TIMEOUT
from dimona_provider.clock import Clock
from dimona_provider.domain.polling import FOLLOW_UP_AGE
from dimona_provider.errors import ServiceUnavailable
from dimona_provider.following.poller import Poller
from dimona_provider.following.progress import Progress, Report
from dimona_provider.following.rights import LEASE
from dimona_provider.following.watches import Watch
from dimona_provider.ledger import Ledger, batches, claims
from dimona_provider.ledger.answers import Received, insert_answers, open_declarations

FLUSH_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Followed:
    """What following a batch came to."""

    answered: int
    open: int
    """Declarations that go on to the follow-up."""
    looks: int
    trouble: str | None


def following_ends(ledger: Ledger, batch: str, *, now: float) -> float | None:
    """
    Return when *batch* leaves its run: 20 minutes after its last filing; None with nothing to follow.

    What a vanished sender left is waited for, until it may be called unclear.
    """
    sending = claims.sending_until(ledger, batch, request_timeout=REQUEST_TIMEOUT)
    filed = [declaration.filed_at + FOLLOW_UP_AGE for declaration in open_declarations(ledger, batch)]
    ends = max([*filed, *([sending + 1.0] if sending is not None else [])], default=now)
    return ends if ends > now else None


async def follow_batch(
    ledger: Ledger,
    poller: Poller,
    batch: str,
    *,
    until: float,
    clock: Clock,
    report: Report = lambda _line: None,
) -> Followed:
    """
    Ask for the outcomes of *batch* and insert each answer once.

    Only reads at the service and only adds answers to the ledger, so that it may be run again from any point.
    Returns at *until* at the latest; what has no answer by then stays open.
    """
    found = await asyncio.to_thread(batches.find, ledger, batch)
    following = _Following(ledger, poller, found, until, clock, report)
    async with _lease(ledger, batch, until, clock) as lease:
        if lease is not None:
            await following.run(lease)
    still_open = await asyncio.to_thread(open_declarations, ledger, batch)
    return Followed(following.answered, len(still_open), following.looks, following.trouble)


@dataclass(slots=True)
class _Lease:
    """The right to poll a batch, renewed while it is held."""

    polled_before: bool
    renewal: asyncio.Task[None] | None = None

    def check(self) -> None:
        """Raise if another poller took the batch over."""
        if self.renewal is not None and self.renewal.done():
            self.renewal.result()


@dataclass(slots=True)
class _Following:
    """One batch on its way to its outcomes."""

    ledger: Ledger
    poller: Poller
    batch: batches.Batch
    until: float
    clock: Clock
    report: Report
    answered: int = 0
    looks: int = 0
    trouble: str | None = None

    async def run(self, lease: _Lease) -> None:
        last_look = self.clock.now() if lease.polled_before else None
        while True:
            waiting = await asyncio.to_thread(open_declarations, self.ledger, self.batch.reference)
            watch = self.poller.watch(waiting, until=self.until, last_look=last_look)
            try:
                await self._collect(watch, lease)
            finally:
                self.poller.forget(watch)
            self.looks += watch.looks
            self.trouble = watch.trouble
            last_look = self.clock.now()
            if not await self._more_may_come():
                return

    async def _collect(self, watch: Watch, lease: _Lease) -> None:
        """Insert answers in groups while they come."""
        total = len(watch.open)
        progress = Progress(self.clock, self.report)
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_EVERY):
                    await watch.finished.wait()
            ended = watch.finished.is_set()
            await self._insert(watch)
            if watch.failure is not None:
                raise watch.failure
            if ended and watch.replies.empty():
                return
            self.poller.check()
            lease.check()
            if progress.is_due():
                progress.tell(
                    watch, f"{total - len(watch.open)} of {total} answered", self.poller.next_look(watch)
                )

    async def _insert(self, watch: Watch) -> None:
        received = []
        while not watch.replies.empty():
            declaration, reply, at = watch.replies.get_nowait()
            received.append(Received(declaration.intent, reply.answer, reply.body, at))
        await asyncio.to_thread(insert_answers, self.ledger, self.batch.route.environment, received)
        self.answered += len(received)

    async def _more_may_come(self) -> bool:
        """Wait while a sender that vanished may still be sending; tell whether to look again."""
        ends = await asyncio.to_thread(
            claims.sending_until, self.ledger, self.batch.reference, request_timeout=REQUEST_TIMEOUT
        )
        if ends is None or self.clock.now() >= min(ends, self.until):
            return False
        await self.clock.sleep(min(5.0, ends - self.clock.now()))
        return True


@asynccontextmanager
async def _lease(ledger: Ledger, batch: str, until: float, clock: Clock) -> AsyncIterator[_Lease | None]:
    """Wait for the right to poll *batch* and hold it; None if there is nothing left to poll it for."""
    holder = secrets.token_hex(8)

    async def take() -> bool | None:
        return await asyncio.to_thread(
            batches.lease_polling, ledger, batch, holder, now=clock.now(), seconds=LEASE
        )

    async def renew() -> None:
        while True:
            await clock.sleep(LEASE / 3)
            if await take() is None:
                raise ServiceUnavailable("another poller took this batch over while this one stood still")

    while (polled_before := await take()) is None:
        # Another triggerer may have died with the lease; it ends by itself. The follow-up gives it back.
        await clock.sleep(1.0)
        ends = await asyncio.to_thread(following_ends, ledger, batch, now=clock.now())
        if ends is None or clock.now() >= until:
            yield None
            return
    lease = _Lease(polled_before)
    lease.renewal = asyncio.create_task(renew())
    try:
        yield lease
    finally:
        lease.renewal.cancel()
        with suppress(asyncio.CancelledError, ServiceUnavailable):
            await lease.renewal
        await asyncio.to_thread(batches.release_polling, ledger, batch, holder, now=clock.now())
