"""
One run of ``dimona_declare`` from an export of N employments to its report, in a real Airflow.

*seconds*: from the trigger of the run to its end, by Airflow's own times. *floor*: the same with one
declaration, measured in the same Airflow before, after a run to warm up. *bound*: see bench/bound.py, with
the processing times that the simulator draws for these declarations. Each N has a new ledger and a new
simulator, which runs on the last core; Airflow may use both.

CPU is read from /proc before the trigger and after the last task's process has ended, memory (PSS) once a
second: see bench/processes.py. A process that runs a task while Airflow calls every task deferred or ended,
in two looks in a row, is counted as a task that waits in a worker.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench import work
from bench.bound import Bound, bound, processing_times
from bench.command import parser, run
from bench.databases import Place
from bench.machine import tell
from bench.nsso import TIMING, Nsso
from bench.processes import WORKERS, Watch, look
from bench.stack import DATABASES, DEFAULT_DATABASE, Airflow, airflow
from bench.table import Figure
from dimona_provider.ledger import staging
from include.demo.api import DagRun
from include.dimona_simulator import Timing, polls_off_schedule

CELL = "end_to_end"
PER_SECOND = 200.0
DAGS = Path(__file__).parent / "dags" / "declare"
MIB = 1024 * 1024
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


def measure(asked: argparse.Namespace) -> list[Figure]:
    """Run one declaration twice, then each N."""
    with (
        tempfile.TemporaryDirectory(prefix="dimona-bench-") as folder,
        airflow(Path(folder), DAGS, asked.database) as running,
    ):
        one_run(running, Path(folder, "warm-up"), 1, asked.seed)
        outcomes = [
            one_run(running, Path(folder, f"run-{number}"), count, asked.seed)
            for number, count in enumerate([1, *asked.counts])
        ]
    floor = outcomes[0].seconds
    figures = [Figure(CELL, "1", "seconds (floor)", floor, "s"), *_costs(outcomes[0])]
    for outcome in outcomes[1:]:
        figures += [*_against_the_bound(outcome, floor), *_costs(outcome), *_manners(outcome)]
    return figures + _growth(outcomes)


def one_run(running: Airflow, directory: Path, count: int, seed: int, timing: Timing = TIMING) -> Outcome:
    """Stage an export of *count* employments in a new ledger, and let the DAG declare them."""
    place = Place.make(directory, running.server, f"ledger_{directory.name.replace('-', '_')}")
    today = dt.datetime.now(dt.UTC).date()
    with Nsso(directory, timing, seed) as nsso, place.opened() as ledger:
        export = staging.new_export()
        for number, page in enumerate(work.pages(count, today, seed), start=1):
            staging.stage(ledger, export, number, page, now=time.time())
        running.connect(nsso, place, PER_SECOND)
        with Watch(running.stack) as watch:
            started = running.stack.api.trigger("dimona_declare")
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
    tell(f"end to end {count}: {outcome.seconds:.1f} s (bound {outcome.bound.seconds:.1f} s)")
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


def _against_the_bound(outcome: Outcome, floor: float) -> list[Figure]:
    case, least = str(outcome.count), outcome.bound.seconds
    limit = 1.25 * least + floor
    wanted = f"≤ 1.25 × bound + floor = {limit:.1f} s"
    return [
        Figure(
            CELL, case, "seconds", outcome.seconds, "s",
            outcome.seconds / least, "bound", wanted, outcome.seconds <= limit,
        ),
        Figure(CELL, case, f"bound ({outcome.bound.policy})", least, "s"),
        Figure(CELL, case, "declarations per second", outcome.count / outcome.seconds, "/s"),
    ]  # fmt: skip


def _costs(outcome: Outcome) -> list[Figure]:
    case = str(outcome.count)
    parts = sorted(outcome.cpu)
    return [
        Figure(CELL, case, "worker CPU per declaration", 1000 * outcome.cpu[WORKERS] / outcome.count, "ms"),
        *(Figure(CELL, case, f"CPU of {part}", outcome.cpu[part], "s") for part in parts),
        *(Figure(CELL, case, f"peak memory of {part}", outcome.peak[part] / MIB, "MiB") for part in parts),
    ]


def _manners(outcome: Outcome) -> list[Figure]:
    case = str(outcome.count)
    return [
        Figure(CELL, case, "early GETs", outcome.early, "", wanted="0", met=outcome.early == 0),
        Figure(CELL, case, "GETs", outcome.gets, "", outcome.gets / outcome.bound.gets, "bound"),
        Figure(
            CELL, case, f"task processes in {outcome.deferred_looks} looks with all deferred",
            outcome.waiting_tasks, "", wanted="0", met=outcome.waiting_tasks == 0,
        ),
    ]  # fmt: skip


def _growth(outcomes: list[Outcome]) -> list[Figure]:
    costs = {one.count: one.cpu[WORKERS] / one.count for one in outcomes}
    if not {1000, 10_000} <= set(costs):
        return []
    growth = costs[10_000] / costs[1000]
    name = "worker CPU per declaration"
    return [
        Figure(
            CELL, "10 000", name, 1000 * costs[10_000], "ms", growth, "that at 1 000", "≤ 1.1", growth <= 1.1
        )
    ]


def main() -> None:
    """Measure and print."""
    command = parser(CELL, __doc__)
    command.add_argument(
        "--counts", type=int, nargs="+", default=[100, 1000, 10_000], help="declarations (100 1000 10000)"
    )
    command.add_argument(
        "--database", choices=DATABASES, default=DEFAULT_DATABASE, help="of Airflow and ledger"
    )
    run(command, measure)


if __name__ == "__main__":
    main()
