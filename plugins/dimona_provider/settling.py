"""Settlement as tasks use it: what one connection filed, looked at with a client of its own."""

from __future__ import annotations

import asyncio

from dimona_provider.api.budget import Budget
from dimona_provider.api.client import open_client
from dimona_provider.api.settings import Settings
from dimona_provider.clock import Clock
from dimona_provider.evidence import Evidence
from dimona_provider.ledger import Ledger
from dimona_provider.ledger.unclear import Unclear, refused_as_known, unclear
from dimona_provider.settlement import ALREADY_TRUE, Settled, Settlement


def to_settle(ledger: Ledger, batch: str | None) -> tuple[list[Unclear], list[Unclear]]:
    """Return what is unclear in *batch*, or anywhere, and what was refused as known and not compared yet."""
    return unclear(ledger, batch), refused_as_known(ledger, batch, ALREADY_TRUE)


async def settle_batch(
    ledger: Ledger, batch: str, settings: Settings, *, per_second: float, clock: Clock
) -> Settled | None:
    """Settle *batch* over the connection that filed it; None when there is nothing to look at."""
    intents, refused = await asyncio.to_thread(to_settle, ledger, batch)
    if not intents and not refused:
        return None
    return await settle_over(ledger, intents, refused, settings, per_second=per_second, clock=clock)


async def settle_over(
    ledger: Ledger,
    intents: list[Unclear],
    refused: list[Unclear],
    settings: Settings,
    *,
    per_second: float,
    clock: Clock,
) -> Settled:
    """Settle what was filed over one connection."""
    async with open_client(settings) as client:
        evidence = Evidence(client, Budget(per_second, clock), clock)
        settlement = Settlement(ledger, evidence, clock, refile_after=settings.refile_after)
        return await settlement.settle(intents, refused)
