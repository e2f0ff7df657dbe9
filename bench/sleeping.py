"""A trigger that does nothing but sleep: what Airflow itself needs between an instant and a task."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class SleepTrigger(BaseTrigger):
    """
    Fire at an instant.

    :param until: epoch seconds
    """

    def __init__(self, until: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow has not typed it
        self.until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"until": self.until}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event."""
        await asyncio.sleep(max(0.0, self.until - time.time()))
        yield TriggerEvent(True)  # noqa: FBT003 - any payload does
