"""The first page: how an environment stands, what is at risk, and whether the connections work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from dimona_provider.cockpit.charts import Bar
from dimona_provider.cockpit.desk import Desk, DeskDep
from dimona_provider.cockpit.formatting import span
from dimona_provider.cockpit.health import health
from dimona_provider.domain.outcome import State
from dimona_provider.hooks import DimonaHook
from dimona_provider.ledger import figures, holding, switch

router = APIRouter()
STUCK = 10
"""How many of the declarations that need a person are shown at once."""
_KEPT = 10.0
"""Seconds for which counted figures are shown again: counting a large ledger takes some tenths of one."""
_counted: dict[tuple[str, str], tuple[float, object]] = {}
_lock = threading.Lock()
T = TypeVar("T")


@router.get("/")
def overview(desk: DeskDep) -> HTMLResponse:
    """Show how the environment stands."""
    ledger, environment, now = desk.ledger, desk.environment, time.time()
    counted = _kept("figures", environment, lambda: figures.figures(ledger, environment, now=now))
    runs = _kept("runs", environment, lambda: figures.last_runs(ledger, environment))
    in_use = figures.connections(ledger, environment) or [DimonaHook.default_conn_name]
    holds = switch.current(ledger)
    return desk.page(
        "overview.html",
        figures=counted,
        states=list(State),
        runs=runs,
        throughput=_throughput(runs, desk),
        waits=_waits(runs),
        health=[health(one) for one in in_use],
        month_from_now=now + 30 * 86_400,
        holds=holds,
        held_back=holding.held_back(ledger) if holds else 0,
        stuck=figures.needing_a_person(ledger, environment, now=now, most=STUCK),
        now=now,
    )


def _throughput(runs: list[figures.RunFigures], desk: Desk) -> list[Bar]:
    return [
        Bar(
            one.per_minute,
            f"{one.per_minute:.0f}",
            desk.say("overview.run_filed", run=one.run.run_id, n=one.filed),
        )
        for one in runs
    ]


def _waits(runs: list[figures.RunFigures]) -> list[Bar]:
    return [
        Bar(one.mean_wait, span(one.mean_wait), one.run.run_id) for one in runs if one.mean_wait is not None
    ]


def _kept(what: str, environment: str, count: Callable[[], T]) -> T:
    with _lock:
        known = _counted.get((what, environment))
        if known is not None and time.monotonic() - known[0] < _KEPT:
            return known[1]  # type: ignore[return-value]  # what was kept under this name
    found = count()
    with _lock:
        _counted[what, environment] = (time.monotonic(), found)
    return found


def forget() -> None:
    """Count anew at the next request."""
    with _lock:
        _counted.clear()
