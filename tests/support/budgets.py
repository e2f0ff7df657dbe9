"""A request budget that nobody else has a part of."""

from __future__ import annotations

from dimona_provider.api.budget import Budget, Grant
from dimona_provider.clock import Clock


def own_budget(clock: Clock, per_second: float = 1e6, concurrency: int = 20) -> Budget:
    """Give a budget of this process alone, which needs no ledger."""
    next_at = clock.monotonic() - 0.1

    async def reserve(count: int) -> Grant:
        nonlocal next_at
        now = clock.monotonic()
        start = max(next_at, now - 0.1)
        next_at = start + count / per_second
        return Grant(max(0.0, start - now), concurrency)

    return Budget(reserve, per_second, concurrency, clock)
