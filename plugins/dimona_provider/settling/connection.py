"""Settlement as tasks use it: what one connection filed, looked at with a client of its own."""

from __future__ import annotations

import asyncio

from dimona_provider.api.settings import Settings
from dimona_provider.clock import Clock
from dimona_provider.ledger import Ledger
from dimona_provider.ledger.unclear import Unclear, refused_as_known, unclear
from dimona_provider.pacing import open_line
from dimona_provider.settling.evidence import Evidence
from dimona_provider.settling.refusals import ALREADY_TRUE
from dimona_provider.settling.settlement import Settled, Settlement


def to_settle(ledger: Ledger, batch: str | None) -> tuple[list[Unclear], list[Unclear]]:
    """Return what is unclear in *batch*, or anywhere, and what was refused as known and not compared yet."""
    return unclear(ledger, batch), refused_as_known(ledger, batch, ALREADY_TRUE)


async def settle_batch(ledger: Ledger, batch: str, settings: Settings, *, clock: Clock) -> Settled | None:
    """Settle *batch* over the connection that filed it; None when there is nothing to look at."""
    intents, refused = await asyncio.to_thread(to_settle, ledger, batch)
    if not intents and not refused:
        return None
    return await settle_over(ledger, intents, refused, settings, clock=clock)


async def settle_over(
    ledger: Ledger,
    intents: list[Unclear],
    refused: list[Unclear],
    settings: Settings,
    *,
    clock: Clock,
) -> Settled:
    """Settle what was filed over one connection."""
    async with open_line(ledger, settings, clock) as line:
        evidence = Evidence(line.client, line.budget, clock)
        settlement = Settlement(ledger, evidence, clock, refile_after=settings.refile_after)
        return await settlement.settle(intents, refused)
