"""What the killed worker had claimed: a later run and ``dimona_follow_up`` bring it to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import httpx

from include.demo.api import FINISHED, AirflowApi, DagRun
from tests.chaos.verdict import Verdict

FOLLOW_UP = "dimona_follow_up"
PATIENCE = 600.0
"""Seconds after which settling ends in any case; the verdict says what is left."""
_LOOKS, _EACH = 6, 10.0
"""Looks at a pass, and seconds before each: what it files again has its outcome within a minute."""


def settle(api: AirflowApi, look: Callable[[], Verdict], tell: Callable[[str], None]) -> Verdict:
    """Run ``dimona_follow_up`` until *look* finds nothing that is left to settle."""
    ends = time.monotonic() + PATIENCE
    verdict = look()
    while verdict.unsettled and time.monotonic() < ends:
        tell(f"{FOLLOW_UP}: {len(verdict.unsettled)} to settle")
        verdict = _pass(api, look)
    return verdict


def _pass(api: AirflowApi, look: Callable[[], Verdict]) -> Verdict:
    """Let one run settle, file and ask; it is over when nothing is left, or after a minute."""
    run = api.trigger(FOLLOW_UP)
    for _ in range(_LOOKS):
        time.sleep(_EACH)
        verdict = look()
        if not verdict.unsettled:
            break
    _end(api, run)
    return verdict


def _end(api: AirflowApi, run: DagRun) -> None:
    # Its sensor waits up to an hour for what the NSSO is still identifying; one run at a time may be active.
    with suppress(httpx.HTTPStatusError):
        if api.run(run.dag_id, run.run_id).state not in FINISHED:
            api.call("PATCH", f"/dags/{run.dag_id}/dagRuns/{run.run_id}", json={"state": "success"})
