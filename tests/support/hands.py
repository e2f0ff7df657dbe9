"""What people and accidents do to the tasks of a DAG run: marks, clears and kills."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from include.demo.api import DagRun
from include.demo.environment import home
from support.live import Live
from support.waiting import wait_until

_POLL = 0.03
_TITLE = "airflow worker -- "
"""What Airflow calls the process of a task, before the id of the task instance."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Hands on one run, by Airflow's public REST API and by signals."""

    live: Live
    run: DagRun

    @property
    def _path(self) -> str:
        return f"/dags/{self.run.dag_id}/dagRuns/{self.run.run_id}"

    def clear(self, *task_ids: str, downstream: bool = False) -> None:
        """Clear tasks, whatever they are doing."""
        body = {
            "dry_run": False,
            "only_failed": False,
            "dag_run_id": self.run.run_id,
            "task_ids": list(task_ids),
            "include_downstream": downstream,
        }
        self._do("POST", f"/dags/{self.run.dag_id}/clearTaskInstances", body)

    def mark(self, task_id: str, state: str) -> None:
        """Mark a task, whatever it is doing."""
        self._do("PATCH", f"{self._path}/taskInstances/{task_id}", {"new_state": state})

    def mark_run(self, state: str) -> None:
        """Mark the run."""
        self._do("PATCH", self._path, {"state": state})

    def clear_run(self, *, only_failed: bool = False) -> None:
        """Clear the run."""
        body = {"dry_run": False, "only_failed": only_failed}
        self._do("POST", f"{self._path}/clear", body)

    def _do(self, method: str, path: str, body: dict[str, Any]) -> None:
        """Do it again when Airflow answers 500: its SQLite database was busy, and nothing happened."""

        def is_done() -> bool:
            try:
                self.live.stack.api.call(method, path, json=body)
            except httpx.HTTPStatusError as error:
                if error.response.status_code != httpx.codes.INTERNAL_SERVER_ERROR:
                    raise
                return False
            return True

        wait_until(is_done, seconds=20)

    @contextmanager
    def caught(self, task_id: str, *, until_gone: bool = True) -> Iterator[int]:
        """
        Catch a task in the act and hold it there: it has opened the ledger and waits to write into it.

        Gives the pid of its process, which has to end before the ledger is free again, or else goes on.
        """
        pid = self._stop_process_of(task_id)
        with locked_ledger(self.live.directory):
            os.kill(pid, signal.SIGCONT)
            wait_until(lambda: has_open(pid, "ledger.db"), seconds=20)
            yield pid
            if until_gone:
                wait_until(lambda: not psutil.pid_exists(pid), seconds=30)

    def kill(self, task_id: str) -> None:
        """Kill the process of a task."""
        os.kill(self._stop_process_of(task_id), signal.SIGKILL)

    def kill_worker_of(self, task_id: str) -> None:
        """Kill the worker that watches a task, and leave the process of the task itself alone and alive."""
        pid = self._stop_process_of(task_id)
        os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)
        os.kill(pid, signal.SIGCONT)

    def tries(self) -> dict[str, int]:
        """Return how often each task has begun."""
        api = self.live.stack.api
        tasks = api.task_instances(self.run.dag_id, self.run.run_id)
        return {task.task_id: task.try_number for task in tasks}

    def _stop_process_of(self, task_id: str) -> int:
        """Stop the process of a task as soon as there is one."""
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            ids = self._instance_ids(task_id)
            for pid in self._members():
                with suppress(psutil.Error, ProcessLookupError):
                    if " ".join(psutil.Process(pid).cmdline()).removeprefix(_TITLE).strip() in ids:
                        os.kill(pid, signal.SIGSTOP)
                        return pid
            time.sleep(_POLL)
        raise AssertionError(f"no process of {task_id} was seen")

    def _instance_ids(self, task_id: str) -> set[str]:
        answer: dict[str, Any] = self.live.stack.api.call("GET", f"{self._path}/taskInstances?limit=100")
        return {one["id"] for one in answer["task_instances"] if one["task_id"] == task_id}

    def _members(self) -> dict[int, str]:
        record = self.live.stack.record("scheduler")
        return record.session.members() if record is not None else {}


def has_open(pid: int, name: str) -> bool:
    """Tell whether a process has a file open; also when it has ended."""
    try:
        return any(Path(file.path).name == name for file in psutil.Process(pid).open_files())
    except psutil.NoSuchProcess:
        return True


@contextmanager
def locked_ledger(directory: Path) -> Iterator[None]:
    """Let nobody else write into the ledger."""
    path = home(directory) / "dimona" / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None, timeout=20)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
