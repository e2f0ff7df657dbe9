"""
The same work done otherwise: throughput per worker CPU-second, beside ours.

*ours* is the shipped ``dimona_declare``. *chunk size 1* is the same DAG with a batch, and so a mapped task
group, for each declaration. *poke mode* keeps a worker for each batch that waits. *HttpOperator and
HttpSensor* is bench/dags/alternatives/bench_http.py. Alternatives that pay for tasks per declaration get
fewer: their cost for each does not fall with the number. Processing takes 2 to 4 s, without a tail.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench.command import parser, run
from bench.machine import tell
from bench.processes import WORKERS
from bench.stack import DATABASES, DEFAULT_DATABASE, Airflow, airflow
from bench.table import Figure
from bench.whole_run import Outcome, one_run
from include.dimona_simulator import Timing

DAGS = Path(__file__).parent / "dags" / "alternatives"
TIMING = Timing(2.0, 4.0, 0.0)
OURS, HTTP = "ours", "HttpOperator and HttpSensor"
FASTER = 50.0


def measure(asked: argparse.Namespace) -> list[Figure]:
    """Run each way once, after one declaration to warm up."""
    few, many = asked.few * (4 if asked.full else 1), asked.many * (10 if asked.full else 1)
    with tempfile.TemporaryDirectory(prefix="dimona-bench-") as folder:
        chosen = Path(folder, "chunk")
        chosen.write_text("500")
        with airflow(Path(folder), DAGS, asked.database, {"BENCH_CHUNK_FILE": str(chosen)}) as running:
            _run(running, folder, "warm-up", 1, asked.seed)
            outcomes = {
                OURS: _run(running, folder, "ours", many, asked.seed),
                "poke mode": _run(running, folder, "poke", many, asked.seed, dag="bench_poke"),
            }
            chosen.write_text("1")
            outcomes["chunk size 1"] = _run(running, folder, "single", few, asked.seed)
            outcomes[HTTP] = _run(running, folder, "http", few, asked.seed, dag="bench_http")
    return _figures(outcomes)


def _run(
    running: Airflow, folder: str, name: str, count: int, seed: int, *, dag: str = "dimona_declare"
) -> Outcome:
    outcome = one_run(running, Path(folder, name), count, seed, timing=TIMING, dag=dag)
    each = 1000 * outcome.cpu[WORKERS] / count
    tell(f"alternatives {name}: {count} in {outcome.seconds:.1f} s, {each:.1f} ms worker CPU each")
    return outcome


def _figures(outcomes: dict[str, Outcome]) -> list[Figure]:
    ours = _per_cpu_second(outcomes[OURS])
    figures = []
    for way, outcome in outcomes.items():
        case, rate = f"{way}, {outcome.count} declarations", _per_cpu_second(outcome)
        ratio, against = (None, "") if way == OURS else (ours / rate, "faster: ours")
        wanted, met = (f"≥ {FASTER:.0f} ×", ours / rate >= FASTER) if way == HTTP else ("", None)
        name = "declarations per worker CPU-second"
        figures += [
            Figure("alternatives", case, name, rate, "/s", ratio, against, wanted, met),
            Figure("alternatives", case, "seconds", outcome.seconds, "s"),
            Figure("alternatives", case, "early GETs", outcome.early, ""),
        ]
    return figures


def _per_cpu_second(outcome: Outcome) -> float:
    return outcome.count / outcome.cpu[WORKERS]


def main() -> None:
    """Measure and print."""
    command = parser("alternatives", __doc__)
    command.add_argument("--many", type=int, default=1000, help="of batches (1000, in full ten times that)")
    command.add_argument("--few", type=int, default=50, help="with tasks for each (50, in full four times)")
    command.add_argument(
        "--database", choices=DATABASES, default=DEFAULT_DATABASE, help="of Airflow and ledger"
    )
    run(command, measure)


if __name__ == "__main__":
    main()
