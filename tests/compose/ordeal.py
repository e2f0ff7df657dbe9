"""A payroll filed by the DAGs, while one worker and one triggerer are killed and stay dead."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from include.demo.api import AirflowApi, DagRun
from tests.chaos.plan import Target
from tests.compose.project import ComposeFailed, Project

EXPORT, DECLARE = "payroll_employments", "dimona_declare"
LONGEST = 420.0
"""Seconds after which a run counts as stuck."""
ENOUGH_TAKEN = 60
"""Declarations that the simulator has taken when the worker is killed: sending is under way."""


class Stuck(Exception):
    """What was to happen did not."""


@dataclass(slots=True)
class Ordeal:
    """One run of the DAGs. With ``kills=False`` nothing is killed."""

    project: Project
    api: AirflowApi
    tell: Callable[[str], None]
    kills: bool = True
    done: Counter[Target] = field(default_factory=Counter)
    workers: set[str] = field(default_factory=set)
    """Hosts that ran tasks."""
    triggerers: set[str] = field(default_factory=set)
    """Hosts that had a deferred task."""

    def run(self) -> DagRun:
        """Export the payroll, and return the run of ``dimona_declare`` that succeeded. Raises Stuck."""
        self._wait_for_dags()
        before = {run.run_id for run in self.api.runs(DECLARE)}
        export = self.api.trigger(EXPORT)
        ends = time.monotonic() + LONGEST
        declare = None
        while time.monotonic() < ends:
            time.sleep(1.0)
            with suppress(httpx.HTTPError):  # a busy machine answers late; the end is near in any case
                export = self.api.run(EXPORT, export.run_id)
                if export.state == "failed":
                    raise Stuck(f"{EXPORT} failed")
                declare = self._declare(before)
                if declare is not None:
                    self._look(declare)
                    if declare.state == "failed":
                        raise Stuck(f"{DECLARE} failed: {self._states(declare)}")
                    if declare.state == "success":
                        return declare
        raise Stuck(f"{DECLARE} has not ended after {LONGEST:.0f} s: {self._states(declare)}")

    def _wait_for_dags(self) -> None:
        ends = time.monotonic() + 300
        while not all(self.api.has_dag(dag) for dag in (EXPORT, DECLARE)):
            if time.monotonic() > ends:
                raise Stuck(f"the DAGs were not found: {self.api.import_errors()}")
            time.sleep(1.0)

    def words(self) -> str:
        """Tell where its tasks were."""
        return f"{len(self.workers)} workers and {len(self.triggerers)} triggerers"

    def _declare(self, before: set[str]) -> DagRun | None:
        # The clock may start a run as well, whenever the hour has come.
        started = [run for run in self.api.runs(DECLARE) if run.run_id.startswith("asset_triggered")]
        return next((run for run in started if run.run_id not in before), None)

    def _look(self, declare: DagRun) -> None:
        tasks = self._tasks(declare)
        self.workers |= {one["hostname"] for one in tasks if one["hostname"]}
        waiting = {host for one in tasks if one["state"] == "deferred" and (host := _triggerer(one))}
        self.triggerers |= waiting
        if not self.kills:
            return
        sending = [one for one in tasks if one["task_id"].endswith("submit") and one["state"] == "running"]
        if not self.done[Target.WORKER] and sending and self._taken() >= ENOUGH_TAKEN:
            self._kill(Target.WORKER, sending[0]["hostname"])
        # After the worker: what it leaves behind another one brings to a triggerer.
        if self.done[Target.WORKER] and not self.done[Target.TRIGGERER] and waiting:
            self._kill(Target.TRIGGERER, min(waiting))

    def _kill(self, target: Target, hostname: str) -> None:
        if self.project.kill(str(target), hostname):
            self.done[target] += 1
            self.tell(f"killed a {target}, {hostname[:12]}, after {self._taken()} declarations")

    def _taken(self) -> int:
        """Return how many declarations the simulator has."""
        with suppress(ComposeFailed):
            file = "/opt/airflow/simulator/declarations.jsonl"
            return int(self.project.compose("exec", "-T", "simulator", "wc", "-l", file).split()[0])
        return 0  # there is no file before the first one

    def _tasks(self, run: DagRun) -> list[dict[str, Any]]:
        path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances"
        tasks: list[dict[str, Any]] = self.api.call("GET", path, params={"limit": 100})["task_instances"]
        return tasks

    def _states(self, run: DagRun | None) -> str:
        if run is None:
            return "it never began"
        return ", ".join(f"{one['task_id']} {one['state'] or 'not yet'}" for one in self._tasks(run))


def _triggerer(task: dict[str, Any]) -> str | None:
    job = task.get("triggerer_job") or {}
    return job.get("hostname")
