"""The right to poll several batches at once, which the follow-up takes, renews and gives back."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from dimona_provider.clock import Clock
from dimona_provider.errors import ServiceUnavailable
from dimona_provider.ledger import Ledger, due

LEASE = 30.0
"""Seconds for which one poller keeps others off a batch; Airflow needs as long to miss a triggerer."""


@dataclass(slots=True)
class Right:
    """The right to poll some batches, renewed while it is held."""

    holder: str
    renewal: asyncio.Task[None] | None = None
    is_noted: bool = False
    """Whether every look was noted: else it may have been asked for as long as the lease lasts."""

    def check(self) -> None:
        """Raise if another poller took a batch over."""
        if self.renewal is not None and self.renewal.done():
            self.renewal.result()


@asynccontextmanager
async def right_to_poll(ledger: Ledger, batches: Mapping[str, float], clock: Clock) -> AsyncIterator[Right]:
    """Take what is free of *batches*, and give it back when every look was noted."""
    holder = f"follow-up {secrets.token_hex(8)}"
    taken = await asyncio.to_thread(due.take, ledger, batches, holder, now=clock.now(), seconds=LEASE)

    async def renew() -> None:
        while True:
            await clock.sleep(LEASE / 3)
            kept = await asyncio.to_thread(due.renew, ledger, holder, now=clock.now(), seconds=LEASE)
            if kept < len(taken):
                raise ServiceUnavailable("another poller took a batch over while this one stood still")

    right = Right(holder)
    right.renewal = asyncio.create_task(renew())
    try:
        yield right
    finally:
        right.renewal.cancel()
        with suppress(asyncio.CancelledError, ServiceUnavailable):
            await right.renewal
        if right.is_noted:
            await asyncio.to_thread(due.give_back, ledger, holder)
