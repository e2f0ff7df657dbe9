"""Time as a parameter, so that tests decide what time it is."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What the use cases ask of time; all in seconds."""

    def now(self) -> float:
        """Return the wall clock, in epoch seconds."""

    def monotonic(self) -> float:
        """Return a clock that never jumps."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return the wall clock, in epoch seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return a clock that never jumps."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
