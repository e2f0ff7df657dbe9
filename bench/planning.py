"""
What planning costs: a staged export becomes intents in batches, as in the task ``plan``.

Each size runs in a new process on the first core with a new ledger; staging is not measured. Memory is the
highest resident size of that process, and what of it came after planning began.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import work
from bench.command import parser, run
from bench.databases import Place, postgresql
from bench.machine import cores, peak_memory, tell
from bench.table import Figure
from dimona_provider.domain.routes import Route, Routes
from dimona_provider.ledger import batches, staging
from dimona_provider.ledger.batches import Run
from dimona_provider.planning.intake import plan_exports

SIZES = (10_000, 100_000)


def plan(place: Place, count: int) -> dict[str, float]:
    """Plan what is staged; return what it took, of a process of its own: memory has a high-water mark."""
    with place.opened() as ledger:
        routes, this_run = Routes(Route("dimona_default", "http://127.0.0.1/bench")), Run("bench", "bench")
        before = peak_memory()
        began, cpu = time.perf_counter(), time.process_time()
        taken = plan_exports(ledger, this_run, routes, now=time.time())
        planned = time.perf_counter()
        references = batches.assign(ledger, this_run, routes, now=time.time())
        ended = time.perf_counter()
    if taken.records != count or taken.findings:
        raise SystemExit(f"{taken.records} of {count} were read, with {len(taken.findings)} findings")
    return {
        "seconds": ended - began,
        "assigning": ended - planned,
        "cpu": time.process_time() - cpu,
        "batches": len(references),
        "before": before,
        "peak": peak_memory(),
    }


def measure(asked: argparse.Namespace) -> list[Figure]:
    """Plan each size on each database; the first alone, unless in full: the others take minutes."""
    results: dict[tuple[str, int], dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="dimona-bench-") as folder, ExitStack() as stack:
        server = stack.enter_context(postgresql(Path(folder, "postgresql")))
        for database, url in {"SQLite": None, "PostgreSQL": server}.items():
            for count in asked.sizes if asked.full else asked.sizes[:1]:
                place = Place.make(Path(folder), url, f"{database.lower()}_{count}")
                _stage(place, count, asked.seed)
                results[database, count] = found = _in_a_new_process(place, count)
                tell(f"planning {count} on {database}: {found['seconds']:.1f} s, {found['peak']:.0f} MiB")
    return [figure for (database, count) in results for figure in _figures(results, database, count)]


def _stage(place: Place, count: int, seed: int) -> None:
    with place.opened() as ledger:
        export = staging.new_export()
        for number, page in enumerate(work.pages(count, dt.datetime.now(dt.UTC).date(), seed), start=1):
            staging.stage(ledger, export, number, page, now=time.time())


def _in_a_new_process(place: Place, count: int) -> dict[str, float]:
    asked = {
        "url": place.url.render_as_string(hide_password=False),
        "key_file": str(place.key_file),
        "count": count,
    }
    done = subprocess.run(
        [sys.executable, "-c", "from bench.planning import serve; serve()"],
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=900,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def serve() -> None:
    """Do what the parent asks for on stdin."""
    asked: dict[str, Any] = json.load(sys.stdin)
    os.sched_setaffinity(0, set(cores()[0]))
    place = Place(sa.make_url(asked["url"]), Path(asked["key_file"]))
    sys.stdout.write(json.dumps(plan(place, asked["count"])) + "\n")


def _figures(results: dict[tuple[str, int], dict[str, float]], database: str, count: int) -> list[Figure]:
    found, least = results[database, count], min(size for where, size in results if where == database)
    case, first = f"{count} on {database}", results[database, least]
    is_first = count == least
    each, each_first = found["seconds"] / count, first["seconds"] / least
    growth, memory = (None, None) if is_first else (each / each_first, found["peak"] / first["peak"])
    against = "" if is_first else f"that of {least}"
    return [
        Figure("planning", case, "seconds", found["seconds"], "s"),
        Figure("planning", case, "per employment", 1000 * each, "ms", growth, against),
        Figure("planning", case, "of it handing out batches", found["assigning"], "s"),
        Figure("planning", case, "peak memory (RSS)", found["peak"], "MiB", memory, against),
        Figure("planning", case, "of it planning", found["peak"] - found["before"], "MiB"),
    ]


def main() -> None:
    """Measure and print."""
    command = parser("planning", __doc__)
    command.add_argument(
        "--sizes", type=int, nargs="+", default=list(SIZES), help="employments (10000 100000)"
    )
    run(command, measure)


if __name__ == "__main__":
    main()
