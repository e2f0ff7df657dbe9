"""
From "the outcome is available" to "the next task runs", for batches of one declaration.

The outcome is available when the simulator says so, 8 to 12 s after the POST; the next task says itself when
it runs. Beside it, in turn and in the same Airflow, the floor: a sensor whose trigger only sleeps to an
instant, and a task behind it. A pair of runs begins every few seconds.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from bench import work
from bench.command import parser, run
from bench.databases import Place
from bench.lateness import quantile
from bench.machine import tell
from bench.nsso import Nsso
from bench.stack import DATABASES, DEFAULT_DATABASE, Airflow, airflow
from bench.table import Figure
from dimona_provider.ledger.schema import intents
from include.demo.api import DagRun
from include.dimona_simulator import Timing
from include.dimona_simulator.storage import read_declarations

DAGS = Path(__file__).parent / "dags" / "latency"
OURS, FLOOR = "bench_latency_ours", "bench_latency_floor"
TIMING = Timing(8.0, 12.0, 0.0)
PER_SECOND = 100.0


def measure(asked: argparse.Namespace) -> list[Figure]:
    """Run pairs, after one to warm up."""
    with (
        tempfile.TemporaryDirectory(prefix="dimona-bench-") as folder,
        airflow(Path(folder), DAGS, asked.database) as running,
        Nsso(Path(folder, "nsso"), TIMING, asked.seed) as nsso,
    ):
        place = Place.make(Path(folder), running.server, "ledger")
        running.connect(nsso, place, PER_SECOND)
        ours, floor = _run_pairs(running, asked)
        available = _available(place, nsso)
        waits = {
            "ours": [_ran(running, one) - available[work.reference(number)] for number, one in ours],
            "Airflow's floor": [_ran(running, one) - until for until, one in floor],
        }
    return _figures(waits)


def _run_pairs(
    running: Airflow, asked: argparse.Namespace
) -> tuple[list[tuple[int, DagRun]], list[tuple[float, DagRun]]]:
    draw = random.Random(asked.seed)  # noqa: S311 - reproducible on purpose
    ours, floor = [], []
    for number in range(1, asked.runs + 2):
        began = time.monotonic()
        conf = {"number": number, "seed": asked.seed}
        ours.append((number, running.stack.api.trigger(OURS, conf)))
        until = time.time() + draw.uniform(TIMING.low, TIMING.high) + 3.0
        floor.append((until, running.stack.api.trigger(FLOOR, {"until": until})))
        if number == 1:
            _wait(running, [ours[0][1], floor[0][1]])
        time.sleep(max(0.0, began + asked.every - time.monotonic()))
    _wait(running, [one for _, one in ours] + [one for _, one in floor])
    return ours[1:], floor[1:]


def _wait(running: Airflow, runs: list[DagRun]) -> None:
    ends = time.monotonic() + 180
    while not all(running.has_ended(one) for one in runs):
        if time.monotonic() > ends:
            raise SystemExit("not all runs have ended")
        time.sleep(1.0)


def _available(place: Place, nsso: Nsso) -> dict[str, float]:
    """Return when the outcome of each employment's declaration began to show, in epoch seconds."""
    shown = {one.id: one.settled_at for one in read_declarations(nsso.folder / "declarations.jsonl")}
    with place.opened() as ledger, ledger.read() as connection:
        rows = connection.execute(sa.select(intents.c.employment, intents.c.declaration_id))
        return {row.employment: shown[row.declaration_id] for row in rows}


def _ran(running: Airflow, one: DagRun) -> float:
    return float(running.stack.api.xcom(one.dag_id, one.run_id, "downstream"))


def _figures(waits: dict[str, list[float]]) -> list[Figure]:
    figures = []
    for case, some in waits.items():
        for share in (0.5, 0.95):
            value = quantile(some, share)
            floor = quantile(waits["Airflow's floor"], share)
            ratio, against = (value / floor, "floor") if case == "ours" else (None, "")
            name = f"outcome available to next task running, p{100 * share:.0f} of {len(some)}"
            figures.append(Figure("latency", case, name, value, "s", ratio, against))
            tell(f"latency {case} p{100 * share:.0f}: {value:.2f} s")
    return figures


def main() -> None:
    """Measure and print."""
    command = parser("latency", __doc__)
    command.add_argument("--runs", type=int, default=30, help="pairs of runs (30)")
    command.add_argument("--every", type=float, default=4.0, help="seconds between two pairs (4)")
    command.add_argument(
        "--database", choices=DATABASES, default=DEFAULT_DATABASE, help="of Airflow and ledger"
    )
    run(command, measure)


if __name__ == "__main__":
    main()
