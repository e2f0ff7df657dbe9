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
import tempfile
from pathlib import Path

from bench.command import parser, run
from bench.processes import WORKERS
from bench.stack import DATABASES, DEFAULT_DATABASE, airflow
from bench.table import Figure
from bench.whole_run import Outcome, one_run

CELL = "end_to_end"
DAGS = Path(__file__).parent / "dags" / "declare"
MIB = 1024 * 1024


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
