"""
What filing costs the client: ``Submission.file`` beside a loop of bare POSTs.

Both have the same bodies, concurrency, connection limits, token and simulator, and no rate cap. They take
turns, each time in a new process on the first core, with a new ledger and a new simulator on the other; the
figures are medians. CPU is the client process's own (all threads); PostgreSQL may run on either core.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from bench.command import parser, run
from bench.databases import Place, postgresql
from bench.machine import cores, tell
from bench.nsso import Nsso
from bench.posting import NO_CAP
from bench.processes import Watch
from bench.table import Figure
from include.dimona_simulator import Timing

BARE = "bare httpx loop"
WANTED = 0.7


@dataclass(frozen=True, slots=True)
class Cost:
    """What one turn took; *service* is the CPU time of the simulator."""

    seconds: float
    cpu: float
    service: float


def measure(asked: argparse.Namespace) -> list[Figure]:
    """Let each side file *count* declarations *repeats* times."""
    sides = [BARE, "ours, SQLite", "ours, PostgreSQL"]
    costs: dict[str, list[Cost]] = {side: [] for side in sides}
    with tempfile.TemporaryDirectory(prefix="dimona-bench-") as folder, ExitStack() as stack:
        server = stack.enter_context(postgresql(Path(folder, "postgresql")))
        for turn in range(asked.repeats):
            for number, side in enumerate(sides):
                directory = Path(folder, f"turn-{turn}-{number}")
                cost = _turn(side, directory, server if "PostgreSQL" in side else None, asked)
                costs[side].append(cost)
                rate, each = asked.count / cost.seconds, 1000 * cost.cpu / asked.count
                tell(f"submission {turn + 1} {side}: {rate:.0f} POSTs/s, {each:.2f} ms CPU each")
    return [figure for side in sides for figure in _figures(side, costs[side], costs[BARE], asked.count)]


def _turn(side: str, directory: Path, server: sa.URL | None, asked: argparse.Namespace) -> Cost:
    timing = Timing(2.0, 4.0, 0.0)
    with _ledger(side, directory, server) as place, Nsso(directory, timing, asked.seed) as nsso:
        work: dict[str, Any] = {
            "side": "bare" if side == BARE else "ours",
            "count": asked.count,
            "seed": asked.seed,
            "cores": sorted(cores()[0]),
            "connection": nsso.connection(NO_CAP),
        }
        if place is not None:
            work["ledger"] = place.url.render_as_string(hide_password=False)
            work["key_file"] = str(place.key_file)
        with Watch(nsso, interval=60.0) as watch:
            done = subprocess.run(
                [sys.executable, "-m", "bench.posting"],
                input=json.dumps(work),
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                timeout=600,
            )
        answer = json.loads(done.stdout)
        return Cost(answer["seconds"], answer["cpu"], watch.cpu["simulator"])


@contextmanager
def _ledger(side: str, directory: Path, server: sa.URL | None) -> Iterator[Place | None]:
    yield (
        None if side == BARE else Place.make(directory, server, f"ledger_{directory.name.replace('-', '_')}")
    )


def _figures(side: str, costs: list[Cost], bare: list[Cost], count: int) -> list[Figure]:
    rate, bare_rate = (median(count / one.seconds for one in some) for some in (costs, bare))
    cpu, bare_cpu = (median(one.cpu / count for one in some) for some in (costs, bare))
    service = median(one.service / one.seconds for one in costs)
    ratio, wanted = (None, None) if side == BARE else (rate / bare_rate, f"≥ {WANTED} × the bare loop")
    cell = "submission"
    return [
        Figure(
            cell, side, "POSTs per second", rate, "/s", ratio, "" if ratio is None else "bare",
            wanted or "", None if ratio is None else ratio >= WANTED,
        ),
        Figure(
            cell, side, "client CPU per POST", 1000 * cpu, "ms",
            None if side == BARE else cpu / bare_cpu, "" if side == BARE else "bare",
        ),
        Figure(cell, side, "simulator's share of its core", 100 * service, "%"),
    ]  # fmt: skip


def main() -> None:
    """Measure and print."""
    command = parser("submission", __doc__)
    command.add_argument("--count", type=int, default=2000, help="declarations of a turn (2000)")
    command.add_argument("--repeats", type=int, default=5, help="turns of each side (5)")
    run(command, measure)


if __name__ == "__main__":
    main()
