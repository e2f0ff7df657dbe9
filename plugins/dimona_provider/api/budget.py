"""The request budget of a connection: how fast requests may leave, spread evenly."""

from __future__ import annotations

from dataclasses import dataclass, field

from dimona_provider.clock import Clock


@dataclass(slots=True)
class Budget:
    """
    Let at most *per_second* requests leave each second, one after the other at even distance.

    Unused time is not saved up beyond a tenth of a second: no bursts after a pause.
    """

    per_second: float
    clock: Clock
    _next: float = field(default=0.0, init=False)

    async def take(self) -> None:
        """Wait until one more request may leave."""
        now = self.clock.monotonic()
        start = max(self._next, now - 0.1)
        self._next = start + 1.0 / self.per_second
        if start > now:
            await self.clock.sleep(start - now)
