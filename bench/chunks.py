"""
What the size of a batch changes: the same declarations in one run of ``dimona_declare``, by chunk size.

Processing takes 2 to 4 s without a tail, so that the end of a run is not the tail's. Everything else is as in
the cell end_to_end.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench.bound import Bound
from bench.command import parser, run
from bench.end_to_end import DAGS
from bench.machine import tell
from bench.processes import WORKERS
from bench.stack import DATABASES, DEFAULT_DATABASE, airflow
from bench.table import Figure
from bench.whole_run import Outcome, one_run
from include.dimona_simulator import Timing

TIMING = Timing(2.0, 4.0, 0.0)
SIZES = (100, 250, 500, 1000, 2500)


def measure(asked: argparse.Namespace) -> list[Figure]:
    """Run the same number once for each size."""
    count = asked.count or (10_000 if asked.full else 2500)
    figures = []
    with tempfile.TemporaryDirectory(prefix="dimona-bench-") as folder:
        chosen = Path(folder, "chunk")
        env = {"BENCH_CHUNK_FILE": str(chosen)}
        chosen.write_text(str(asked.sizes[0]))
        with airflow(Path(folder), DAGS, asked.database, env) as running:
            one_run(running, Path(folder, "warm-up"), 1, asked.seed)
            for size in asked.sizes:
                chosen.write_text(str(size))
                outcome = one_run(running, Path(folder, f"size-{size}"), count, asked.seed, timing=TIMING)
                tell(f"chunks of {size}: {outcome.seconds:.1f} s, {outcome.cpu[WORKERS]:.1f} s worker CPU")
                figures += _figures(size, outcome, outcome.bound)
    return figures


def _figures(size: int, outcome: Outcome, bound: Bound) -> list[Figure]:
    case = f"{outcome.count} in chunks of {size}"
    each = 1000 * outcome.cpu[WORKERS] / outcome.count
    return [
        Figure("chunks", case, "seconds", outcome.seconds, "s", outcome.seconds / bound.seconds, "bound"),
        Figure("chunks", case, "worker CPU per declaration", each, "ms"),
    ]


def main() -> None:
    """Measure and print."""
    command = parser("chunks", __doc__)
    command.add_argument("--count", type=int, help="declarations (2500, in full 10000)")
    command.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="intents in a batch")
    command.add_argument(
        "--database", choices=DATABASES, default=DEFAULT_DATABASE, help="of Airflow and ledger"
    )
    run(command, measure)


if __name__ == "__main__":
    main()
