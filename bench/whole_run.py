"""One run of a DAG that declares employments, from the export in a new ledger to its end, and its cost."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from pathlib import Path

from bench import work
from bench.bound import Bound, bound, processing_times
from bench.databases import Place
from bench.machine import tell
from bench.nsso import TIMING, Nsso
from bench.processes import Watch, look
from bench.stack import Airflow
from dimona_provider.ledger import staging
from include.demo.api import DagRun
from include.dimona_simulator import Timing, polls_off_schedule

PER_SECOND = 200.0
"""Requests that the connection allows, POSTs and GETs together."""
_DONE = frozenset({None, "deferred", "success", "skipped", "upstream_failed"})
"""States in which no process has a reason to run a task; ``None`` is not yet to be run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of *count* declarations cost."""

    count: int
    seconds: float
    bound: Bound
    cpu: dict[str, float]
    peak: dict[str, int]
    early: int
    gets: int
    deferred_looks: int
    waiting_tasks: int


def one_run(
    running: Airflow,
    directory: Path,
    count: int,
    seed: int,
    *,
    timing: Timing = TIMING,
    dag: str = "dimona_declare",
) -> Outcome:
    """Stage an export of *count* employments in a new ledger, and let a DAG declare them."""
    place = Place.make(directory, running.server, f"ledger_{directory.name.replace('-', '_')}")
    today = dt.datetime.now(dt.UTC).date()
    with Nsso(directory, timing, seed) as nsso, place.opened() as ledger:
        export = staging.new_export()
        for number, page in enumerate(work.pages(count, today, seed), start=1):
            staging.stage(ledger, export, number, page, now=time.time())
        running.connect(nsso, place, PER_SECOND)
        with Watch(running.stack) as watch:
            started = running.stack.api.trigger(dag, {"count": count, "seed": seed})
            deferred_looks, waiting = _follow(running, started, patience=120 + count / 20)
            _wait_until_idle(running)
        began, ended = running.times(started)
        journal = nsso.journal()
        filed = sum(entry.method == "POST" and entry.status == 201 for entry in journal)
        if filed != count:
            raise SystemExit(f"{filed} of {count} were filed")
    outcome = Outcome(
        count=count,
        seconds=ended - began,
        bound=bound(processing_times(count, timing, seed), PER_SECOND),
        cpu=watch.cpu,
        peak=dict(watch.peak),
        early=len(polls_off_schedule(journal)),
        gets=sum(entry.method == "GET" and entry.declaration_id is not None for entry in journal),
        deferred_looks=deferred_looks,
        waiting_tasks=waiting,
    )
    tell(f"{dag} {count}: {outcome.seconds:.1f} s (bound {outcome.bound.seconds:.1f} s)")
    return outcome


def _follow(running: Airflow, started: DagRun, patience: float) -> tuple[int, int]:
    """Wait for the end; count the looks with every task deferred, and the processes that ran one then."""
    ends = time.monotonic() + patience
    was_deferred, looks, waiting = False, 0, 0
    while not running.has_ended(started):
        if time.monotonic() > ends:
            raise SystemExit(f"{started.run_id} has not ended after {patience:.0f} s")
        before = running.states(started)
        tasks = look(running.stack).tasks
        is_deferred = _all_deferred(before) and before == running.states(started)
        if is_deferred and was_deferred:
            looks += 1
            waiting += tasks
        was_deferred = is_deferred
        time.sleep(0.5)
    return looks, waiting


def _all_deferred(states: dict[str | None, int]) -> bool:
    return "deferred" in states and set(states) <= _DONE


def _wait_until_idle(running: Airflow) -> None:
    """Wait until no worker is with a task: the time of one counts when the worker took its exit status."""
    ends = time.monotonic() + 20
    while look(running.stack).busy and time.monotonic() < ends:
        time.sleep(0.2)
