"""
What loading our DAG files and plugin costs beyond Airflow itself.

Each file is loaded in a process forked, as LocalExecutor forks a task, from one that has already imported
what Airflow's own task process has, and what a DAG file with Airflow's operators alone would import; the
figure is the median. What is loaded on top is told by top-level package.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.command import parser, run
from bench.machine import tell
from bench.table import Figure
from include.demo.environment import REPOSITORY, process

_BEFORE = """
import airflow.sdk.execution_time.task_runner, airflow.sdk.execution_time.supervisor
import airflow.dag_processing.dagbag, airflow.dag_processing.processor, airflow.plugins_manager
from airflow.sdk import (
    DAG, Asset, AssetOrTimeSchedule, BaseHook, BaseOperator, BaseSensorOperator, Connection,
    CronTriggerTimetable, TriggerRule, get_current_context, task, task_group,
)
from airflow.triggers.base import BaseTrigger
"""
"""What is there before any DAG file of ours, in the process that runs a task as in the dag-processor."""
LOAD = """
import json, os, runpy, sys, time
{before}
for name, statement in json.load(sys.stdin):
    sys.stdout.flush()
    if (child := os.fork()) == 0:
        known, began = set(sys.modules), time.perf_counter()
        exec(statement)
        seconds = time.perf_counter() - began
        added = sorted(set(sys.modules) - known)
        print(json.dumps({{"name": name, "seconds": seconds, "modules": added}}), flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(name + " can't be loaded")
"""
"""Each statement in a process of its own, forked as LocalExecutor forks a task."""


def subjects() -> dict[str, str]:
    """Return what is loaded: name -> statement."""
    files = sorted((REPOSITORY / "dags").glob("*.py"))
    return {
        **{f"dags/{file.name}": f"runpy.run_path({str(file)!r})" for file in files},
        "the plugin": "import dimona_provider.plugin",
        "the triggers": "import dimona_provider.triggers",
    }


def load(loads: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Run each statement in a new process; return its ``name``, ``seconds`` and the ``modules`` it added."""
    with tempfile.TemporaryDirectory(prefix="dimona-bench-") as home:
        paths = f"{REPOSITORY}:{REPOSITORY / 'plugins'}"
        done = subprocess.run(
            [sys.executable, "-c", LOAD.format(before=_BEFORE)],
            env=process(Path(home), {}) | {"PYTHONPATH": paths},
            input=json.dumps(loads),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"name"')]


def measure(asked: argparse.Namespace) -> list[Figure]:
    """Load each file *repeats* times, in turn."""
    figures = []
    loaded = load([one for _ in range(asked.repeats) for one in subjects().items()])
    for name in subjects():
        some = [one for one in loaded if one["name"] == name]
        added = some[0]["modules"]
        foreign = sorted({module.partition(".")[0] for module in added} - {"dimona_provider"})
        milliseconds = 1000 * median(one["seconds"] for one in some)
        tell(f"imports {name}: {milliseconds:.0f} ms, {len(added)} modules, also of {', '.join(foreign)}")
        figures += [
            Figure("imports", name, "to load, beyond Airflow", milliseconds, "ms"),
            Figure("imports", name, "modules added", len(added), ""),
        ]
    return figures


def main() -> None:
    """Measure and print."""
    command = parser("imports", __doc__)
    command.add_argument("--repeats", type=int, default=5, help="processes for each (5)")
    run(command, measure)


if __name__ == "__main__":
    main()
