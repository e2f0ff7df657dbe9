"""A team's own sensor whose trigger crashes with a person in the text of its exception."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from airflow.sdk import Context

from dimona_provider.sensors import DimonaResultSensor
from dimona_provider.triggers import DimonaResultTrigger, FollowedEvent


def items(dag_id: str) -> list[dict[str, Any]]:
    """Give a team's own declarations for one of its DAGs, read where the persons are."""
    path = Path(os.environ["CANARY_PEOPLE"])
    declarations: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))[dag_id]
    return declarations


class CrashingTrigger(DimonaResultTrigger):
    """Fails over a person."""

    async def _follow(self) -> FollowedEvent:
        worker = items("canary_crash")[0]["declaration"]["worker"]
        try:
            return FollowedEvent(**worker)
        except TypeError as error:
            raise ValueError(f"can't follow {worker}") from error


class CrashingSensor(DimonaResultSensor):
    """Waits with the trigger above."""

    def defer(self, *, trigger: Any, **kwargs: Any) -> Any:
        """Put the crashing trigger in the place of the usual one."""
        _, arguments = trigger.serialize()
        super().defer(trigger=CrashingTrigger(**arguments), **kwargs)

    def execute(self, context: Context) -> dict[str, int]:
        """Wait."""
        return super().execute(context)
