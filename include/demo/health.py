"""Waiting until the components of a stack do their work, not only run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx

from include.demo.components import Component
from include.demo.errors import StackFailed
from include.demo.maintenance import last_line

if TYPE_CHECKING:
    from include.demo.stack import Stack

_POLL = 0.5


def wait(stack: Stack, names: Sequence[str], timeout: float, tell: Callable[[str], None] | None) -> None:
    """Wait for the components *names*; see ``Stack.wait_healthy``."""
    deadline = time.monotonic() + timeout
    while missing := _missing(stack, names):
        for name in names:
            if stack.has_ended(name):
                message = f"{name} has ended: {last_line(stack.log(name))} (log: {stack.log(name)})"
                raise StackFailed(message)
        if time.monotonic() > deadline:
            log = stack.log(missing[0])
            message = f"{', '.join(missing)} not healthy after {timeout:.0f} s: {last_line(log)} (log: {log})"
            raise StackFailed(message)
        if tell is not None:
            tell(f"waiting for {', '.join(missing)}")
        time.sleep(_POLL)


def _missing(stack: Stack, names: Sequence[str]) -> list[str]:
    components = [stack.components[name] for name in names]
    report: dict[str, Any] = {}
    if any(component.heartbeat for component in components):
        with suppress(httpx.HTTPError):
            report = stack.api.health()
    return [component.name for component in components if not _works(stack, component, report)]


def _works(stack: Stack, component: Component, report: dict[str, Any]) -> bool:
    record = stack.record(component.name)
    if record is None or not record.session.leads():
        return False
    if component.health is not None:
        return _answers(stack.installation.ports[component.ports[0]], component.health)
    if component.heartbeat is None:
        return True
    status = report.get(component.heartbeat, {})
    return status.get("status") == "healthy" and _beats_since(record.since, status)


def _beats_since(start: datetime, status: dict[str, Any]) -> bool:
    """
    Tell whether the heartbeat is this process's own.

    For 30 seconds after a component was killed Airflow still calls it healthy.
    """
    beats = [value for key, value in status.items() if key.startswith("latest_")]
    return all(beat is not None and datetime.fromisoformat(beat) >= start for beat in beats)


def _answers(port: int, path: str) -> bool:
    with suppress(httpx.HTTPError):
        return (
            httpx.get(f"http://127.0.0.1:{port}{path}", timeout=5, trust_env=False).status_code
            == httpx.codes.OK
        )
    return False
