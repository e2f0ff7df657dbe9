"""
One triggerer with many open declarations, on the NSSO's real schedule.

Prepared batches without outcomes (bench/prefilled.py) are waited for by real sensors, so the triggerer has
real triggers; it runs on the first core alone. Of 50 000, 10 000 are in the stage of one GET a minute, the
others belong to the hourly follow-up; of fewer, all are in the former. After a warm-up, in which each is
asked for once, CPU and memory are taken for a while, and the lateness of each GET against the grid of its
own declaration from the simulator's journal. With half the budget that the declarations need, the longest
interval between two GETs of the 60 s stage is held against the mean.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

from bench.command import parser, run
from bench.databases import Place
from bench.lateness import intervals, lateness, quantile
from bench.machine import cores, tell
from bench.nsso import Nsso
from bench.prefilled import Open, draw, fill_ledger, fill_simulator
from bench.processes import Watch
from bench.stack import DATABASES, DEFAULT_DATABASE, Airflow, airflow
from bench.table import Figure
from dimona_provider.domain.routes import Route
from include.demo.components import AIRFLOW
from include.dimona_simulator import JournalEntry, Timing, polls_off_schedule

DAGS = Path(__file__).parent / "dags" / "triggerer"
PLAN = ((1000, 0), (10_000, 0), (10_000, 40_000))
"""Young and old declarations of each case."""
SIZES = tuple(map(sum, PLAN))
SHORT = (SIZES[0], SIZES[-1])
"""Cases that every run has; the others need ``--full``."""
WARM_UP = 100.0
"""Seconds: the sensors defer, and each declaration of the 60 s stage is asked for once."""
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen of a case after its warm-up."""

    declarations: Sequence[Open]
    seconds: float
    cpu: float
    peak: float
    since: float
    journal: list[JournalEntry]
    stopping: float
    """Seconds from SIGTERM to the end of the triggerer, with all of them open."""

    @property
    def case(self) -> str:
        """Name it."""
        return f"{len(self.declarations)} open"


def measure(asked: argparse.Namespace) -> list[Figure]:
    """Watch each case with an ample budget, then the last one with half of what it needs."""
    seconds = asked.seconds or (600.0 if asked.full else 60.0)
    plan = [case for case in PLAN if sum(case) in (asked.open or (SIZES if asked.full else SHORT))]
    figures = []
    components = [replace(one, cores=cores()[0]) if one.name == "triggerer" else one for one in AIRFLOW]
    with (
        tempfile.TemporaryDirectory(prefix="dimona-bench-") as folder,
        airflow(Path(folder), DAGS, asked.database, components=components) as running,
    ):
        for case in plan:
            figures += _held(
                watch(
                    *(running, Path(folder, f"open-{sum(case)}"), case),
                    per_second=4 * _needed(case),
                    seconds=seconds,
                    seed=asked.seed,
                )
            )
        if asked.half or asked.full:
            figures += _stretched(
                watch(
                    *(running, Path(folder, "half"), plan[-1]),
                    per_second=_needed(plan[-1]) / 2,
                    seconds=max(seconds, 300.0),
                    seed=asked.seed,
                )
            )
    return figures


def _needed(case: tuple[int, int]) -> float:
    """Return the GETs per second that the schedule asks for."""
    young, old = case
    return young / 60 + old / 3600


def watch(
    running: Airflow, directory: Path, case: tuple[int, int], *, per_second: float, seconds: float, seed: int
) -> Watched:
    """Prepare declarations, let the sensors wait for them, and look on for *seconds* after the warm-up."""
    nsso = Nsso(directory, Timing(), seed)
    declarations = draw(*case, now=time.time(), seed=seed)
    fill_simulator(nsso.folder, declarations)
    place = Place.make(directory, running.server, f"ledger_{directory.name.replace('-', '_')}")
    with nsso, place.opened() as ledger:
        route = Route("dimona_default", nsso.settings(per_second).base_url)
        references = fill_ledger(ledger, route, declarations)
        running.connect(nsso, place, per_second)
        started = running.stack.api.trigger("bench_triggerer", {"batches": references})
        time.sleep(WARM_UP)
        since = time.time()
        with Watch(running.stack) as processes:
            time.sleep(seconds)
        journal = nsso.journal()
        began = time.monotonic()
        running.stack.stop("triggerer")
        stopping = time.monotonic() - began
        running.give_up(started)
        running.stack.start("triggerer")
        running.stack.wait_healthy(180)
    cpu, peak = processes.cpu["triggerer"], processes.peak["triggerer"] / MIB
    watched = Watched(declarations, processes.seconds, cpu, peak, since, journal, stopping)
    tell(f"triggerer {watched.case}: {100 * cpu / processes.seconds:.0f} % of a core, {peak:.0f} MiB")
    return watched


def _held(watched: Watched) -> list[Figure]:
    filed, looked = _known(watched)
    late = lateness(watched.journal, filed, since=watched.since, looked=looked)
    p50, p99 = quantile(late, 0.5), quantile(late, 0.99)
    share = watched.cpu / watched.seconds
    early = len(polls_off_schedule(watched.journal))
    is_most = len(watched.declarations) == 50_000
    case = watched.case

    def figure(name: str, value: float, unit: str, wanted: str, met: bool) -> Figure:  # noqa: FBT001 - below alone
        return Figure(
            "triggerer",
            case,
            name,
            value,
            unit,
            wanted=wanted if is_most else "",
            met=met if is_most else None,
        )

    return [
        Figure("triggerer", case, "GETs per second", len(late) / watched.seconds, "/s"),
        figure("CPU of the triggerer, of one core", 100 * share, "%", "< 50 %", share < 0.5),
        figure("peak memory of the triggerer", watched.peak, "MiB", "< 1024 MiB", watched.peak < 1024),
        Figure("triggerer", case, "lateness p50", p50, "s"),
        figure("lateness p99", p99, "s", "≤ 1 s", p99 <= 1.0),
        Figure("triggerer", case, "early GETs", early, "", wanted="0", met=early == 0),
        Figure("triggerer", case, "SIGTERM to the end of the triggerer", watched.stopping, "s"),
    ]


def _stretched(watched: Watched) -> list[Figure]:
    filed, _ = _known(watched)
    found = intervals(watched.journal, filed, since=watched.since)
    case = f"{watched.case}, half the budget"
    longest, usual = max(found), mean(found)
    early = len(polls_off_schedule(watched.journal))
    return [
        Figure("triggerer", case, "mean interval of the 60 s stage", usual, "s"),
        Figure(
            "triggerer", case, "longest interval of the 60 s stage", longest, "s",
            longest / usual, "mean", "≤ 1.25 × its mean", longest <= 1.25 * usual,
        ),
        Figure("triggerer", case, "early GETs", early, "", wanted="0", met=early == 0),
        Figure("triggerer", case, "SIGTERM to the end of the triggerer", watched.stopping, "s"),
    ]  # fmt: skip


def _known(watched: Watched) -> tuple[dict[int, float], dict[int, float]]:
    filed = {one.id: one.filed_at for one in watched.declarations}
    return filed, {one.id: one.looked_at for one in watched.declarations if one.looked_at is not None}


def main() -> None:
    """Measure and print."""
    command = parser("triggerer", __doc__)
    command.add_argument(
        "--open", type=int, nargs="+", choices=SIZES, help="declarations (1000 50000, in full all)"
    )
    command.add_argument("--seconds", type=float, help="that each case is watched (60, in full 600)")
    command.add_argument(
        "--half",
        action="store_true",
        help="also with half the budget that the last case needs (in full always)",
    )
    command.add_argument(
        "--database", choices=DATABASES, default=DEFAULT_DATABASE, help="of Airflow and ledger"
    )
    run(command, measure)


if __name__ == "__main__":
    main()
