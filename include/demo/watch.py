"""Following DAG runs to their end, and saying in one line why one failed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import httpx

from include.demo.api import FINISHED, DagRun, TaskInstance, describe
from include.demo.environment import home
from include.demo.errors import RunFailed, StackFailed
from include.demo.maintenance import last_line
from include.demo.stack import Stack

T = TypeVar("T")
Tell = Callable[[str], None]
_PATIENCE = 30.0
"""Seconds without an answer from the api-server, which SQLite's lock can hold up."""
_MOST_RESTARTS = 3


class Watch:
    """
    Waits on one stack; looks every *pause* seconds. *tell* may leave lines out, *announce* shows each.

    A component that has ended is started again, as a service manager would; one that keeps ending ends every
    wait with ``StackFailed``, one that was ended in order with ``StackStopped``.
    ``DemoError`` when Airflow refuses a call or doesn't answer for half a minute.
    """

    def __init__(self, stack: Stack, tell: Tell, pause: float = 1.0, announce: Tell | None = None) -> None:
        self._stack = stack
        self._api = stack.api
        self._tell = tell
        self._pause = pause
        self._announce = announce or tell
        self._restarts: Counter[str] = Counter()

    def dag(self, dag_id: str, timeout: float = 120) -> None:
        """Wait until the dag-processor has found a DAG."""

        def look() -> bool | None:
            return self._api.has_dag(dag_id) or None

        if self._until(look, timeout, f"waiting for DAG {dag_id}") is None:
            errors = self._api.import_errors()
            reason = (
                "; ".join(f"{file}: {error}" for file, error in errors.items()) or "no import error is known"
            )
            raise RunFailed(f"DAG {dag_id} was not found within {timeout:.0f} s ({reason})")

    def started_by(
        self, run: DagRun, dag_id: str, timeout: float = 120, patience: float = 1800
    ) -> DagRun | None:
        """
        Wait for the run of *dag_id* that an asset event of *run* starts; ``None`` without any event.

        It must come within *timeout* seconds after an earlier run has ended, which Airflow may wait for
        (max_active_runs), and within *patience* seconds in all.
        """
        free_since = time.monotonic()

        def look() -> list[DagRun] | None:
            nonlocal free_since
            events, started = self._api.started_by(run)
            found = [other for other in started if other.dag_id == dag_id]
            if found or not events:
                return found
            if self._is_busy(dag_id):
                free_since = time.monotonic()
            elif time.monotonic() - free_since > timeout:
                raise RunFailed(
                    f"{run.dag_id} has ended, but no run of {dag_id} began within {timeout:.0f} s"
                )
            return None

        found = self._until(look, patience, f"waiting for a run of {dag_id}")
        if found is None:
            raise RunFailed(f"an earlier run of {dag_id} has not ended within {patience:.0f} s")
        return found[0] if found else None

    def _is_busy(self, dag_id: str) -> bool:
        active = [run for run in self._api.runs(dag_id) if run.state not in FINISHED]
        for run in active:
            if run.state == "running":
                tasks = states(self._api.task_instances(dag_id, run.run_id))
                self._tell(f"waiting for an earlier run of {dag_id} to end: {tasks}")
        return bool(active)

    def end(self, run: DagRun, timeout: float, counts: Callable[[], str] = str) -> DagRun:
        """Wait until a run has ended well; ``RunFailed`` with the reason when it hasn't."""

        def look() -> DagRun | None:
            current = self._api.run(run.dag_id, run.run_id)
            if current.state in FINISHED:
                return current
            tasks = self._api.task_instances(run.dag_id, run.run_id)
            self._tell(", ".join(filter(None, [f"{run.dag_id}: {states(tasks)}", counts()])))
            return None

        ended = self._until(look, timeout, f"waiting for {run.dag_id}")
        if ended is None:
            tasks = states(self._api.task_instances(run.dag_id, run.run_id))
            raise RunFailed(f"{run.dag_id} has not ended within {timeout:.0f} s ({tasks})")
        if ended.state != "success":
            raise RunFailed(self._reason(ended))
        return ended

    def _until(self, look: Callable[[], T | None], timeout: float, what: str) -> T | None:
        """Look again and again; ``None`` when the time is up."""
        deadline = time.monotonic() + timeout
        answered = time.monotonic()
        while time.monotonic() < deadline:
            self._check_components()
            try:
                if (found := look()) is not None:
                    return found
                answered = time.monotonic()
            except httpx.HTTPError as error:
                if time.monotonic() - answered > _PATIENCE or _is_refusal(error):
                    raise describe(error) from error
            self._tell(what)
            time.sleep(self._pause)
        return None

    def _check_components(self) -> None:
        for name in self._stack.components:
            if self._stack.has_ended(name):
                log = self._stack.log(name)
                if self._restarts[name] == _MOST_RESTARTS:
                    raise StackFailed(f"{name} has ended: {last_line(log)} (log: {log})")
                self._restarts[name] += 1
                self._announce(f"{name} has ended and is started again")
                self._stack.start_component(name)

    def _reason(self, run: DagRun) -> str:
        tasks = self._api.task_instances(run.dag_id, run.run_id)
        # The first that ended is the cause; a task that watches the others fails after it.
        failures = sorted((task for task in tasks if task.state == "failed"), key=lambda task: task.ended_at)
        failed = failures[0] if failures else None
        if failed is None:
            return f"{run.dag_id} failed without a failed task ({states(tasks)})"
        error = ""
        with suppress(httpx.HTTPError):
            error = last_error(self._api.log(run, failed))
        log = home(self._stack.directory) / "logs" / _log_path(run, failed)
        return f"{run.dag_id} failed in task {failed.task_id}: {error or 'no error in its log'} (log: {log})"


def _is_refusal(error: httpx.HTTPError) -> bool:
    return isinstance(error, httpx.HTTPStatusError) and error.response.is_client_error


def states(tasks: list[TaskInstance]) -> str:
    """
    Count task instances by state.

    >>> states([TaskInstance("a", -1, 1, "success"), TaskInstance("b", -1, 0, None)])
    '1 success, 1 not yet'
    """
    counted = Counter(task.state or "not yet" for task in tasks)
    return ", ".join(f"{number} {state}" for state, number in counted.items())


def last_error(messages: list[dict[str, Any]]) -> str:
    """Return the last error of a task's log in one line: the exception if there is one."""
    for message in reversed(messages):
        if details := message.get("error_detail"):
            text = f"{details[-1].get('exc_type')}: {details[-1].get('exc_value')}"
            return " ".join(text.split())
    errors = [message["event"] for message in messages if message.get("level") in {"error", "critical"}]
    return " ".join(errors[-1].split()) if errors else ""


def _log_path(run: DagRun, task: TaskInstance) -> str:
    index = f"map_index={task.map_index}/" if task.map_index >= 0 else ""
    return (
        f"dag_id={run.dag_id}/run_id={run.run_id}/task_id={task.task_id}/{index}attempt={task.try_number}.log"
    )
