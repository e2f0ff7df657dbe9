"""One request budget for all processes that use a connection, shared through the ledger (docs/adr/0008)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import sqlalchemy as sa

from dimona_provider.api.budget import Budget, Grant
from dimona_provider.api.client import DimonaClient, open_client
from dimona_provider.api.settings import Settings
from dimona_provider.clock import Clock
from dimona_provider.errors import ServiceUnavailable
from dimona_provider.ledger import Ledger, pace
from dimona_provider.ledger.pace import STAYS, User


@dataclass(frozen=True, slots=True)
class Line:
    """What every use case needs to ask the service over one connection."""

    client: DimonaClient
    budget: Budget


@asynccontextmanager
async def open_line(
    ledger: Ledger, settings: Settings, clock: Clock, *, is_urgent: bool = True
) -> AsyncIterator[Line]:
    """
    Give a client of one connection and this process's part of its budget.

    Filing is urgent, for it has a deadline; asking for outcomes lets it go first.
    """
    async with (
        open_client(settings, tally=ledger.tally) as client,
        shared_budget(ledger, settings, clock, is_urgent=is_urgent) as budget,
    ):
        yield Line(client, budget)


@asynccontextmanager
async def shared_budget(
    ledger: Ledger, settings: Settings, clock: Clock, *, is_urgent: bool = True
) -> AsyncIterator[Budget]:
    """Give this process's part of the budget of a connection; others have the rest from its end on."""
    user = User(settings.base_url, settings.conn_id, secrets.token_hex(8))
    pool = _Pool(ledger, user, settings.requests_per_second, settings.concurrency, clock, is_urgent)
    try:
        ledger.tally.level({f"budget.limit.{settings.conn_id}": settings.requests_per_second})
        yield Budget(
            pool.reserve,
            settings.requests_per_second,
            settings.concurrency,
            clock,
            tally=ledger.tally,
            name=settings.conn_id,
        )
    finally:
        # It ends by itself a few seconds later.
        with suppress(sa.exc.DBAPIError):
            await asyncio.to_thread(pace.leave, ledger, user)


@dataclass(slots=True)
class _Pool:
    """What all users of a connection have together."""

    ledger: Ledger
    user: User
    per_second: float
    concurrency: int
    clock: Clock
    is_urgent: bool
    _share: int = field(default=1, init=False)
    _said: float | None = field(default=None, init=False)

    async def reserve(self, count: int) -> Grant:
        """Reserve *count* requests. Raises ServiceUnavailable when the ledger does not answer."""
        try:
            return await asyncio.to_thread(self._reserve, count)
        except sa.exc.DBAPIError as error:
            raise ServiceUnavailable(f"the ledger does not answer ({type(error.orig).__name__})") from None

    def _reserve(self, count: int) -> Grant:
        now = self.clock.now()
        if self._said is None or not 0 <= now - self._said < STAYS / 3:
            users = pace.use(self.ledger, self.user, now=now)
            self._share = max(1, self.concurrency // users)
            self._said = now
        wait = pace.reserve(
            self.ledger,
            self.user,
            count,
            per_second=self.per_second,
            now=self.clock.now(),
            is_urgent=self.is_urgent,
        )
        return Grant(wait, self._share)
