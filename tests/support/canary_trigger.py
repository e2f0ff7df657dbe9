"""A team's own sensor that crashes, in its trigger or itself, with a person in the text of its exception."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NoReturn

from dimona_provider.events import FollowedEvent
from dimona_provider.sensors import DimonaResultSensor
from dimona_provider.triggers import DimonaResultTrigger


def items(dag_id: str) -> list[dict[str, Any]]:
    """Give a team's own declarations for one of its DAGs, read where the persons are."""
    path = Path(os.environ["CANARY_PEOPLE"])
    declarations: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))[dag_id]
    return declarations


def crash(dag_id: str) -> NoReturn:
    """Fail with a person in the text, and in that of the cause."""
    worker = items(dag_id)[0]["declaration"]["worker"]
    raise ValueError(f"can't follow {worker}") from KeyError(worker["ssin"])


class CrashingTrigger(DimonaResultTrigger):
    """Fails over a person."""

    async def _follow(self) -> FollowedEvent:
        crash("canary_crash")


class CrashingSensor(DimonaResultSensor):
    """Waits with the trigger above, or crashes itself in poke mode."""

    def defer(self, *, trigger: Any, **kwargs: Any) -> Any:
        """Put the crashing trigger in the place of the usual one."""
        _, arguments = trigger.serialize()
        super().defer(trigger=CrashingTrigger(**arguments), **kwargs)

    async def _follow(self, *_: object) -> None:
        crash("canary_crash_poke")
