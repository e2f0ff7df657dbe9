"""``kill -9`` at drawn instants, and a new start after each, as a service manager gives it."""

from __future__ import annotations

import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psutil  # type: ignore[import-untyped]  # ships no types; comes with Airflow

from include.demo import sessions
from include.demo.stack import Stack
from tests.chaos.nsso import Nsso
from tests.chaos.plan import Kill, Manner, Target

_EXECUTOR = "LocalExecutor"


@dataclass(slots=True)
class Kills:
    """What is killed during one run; ``look`` has to be called all the time."""

    airflow: Stack
    nsso: Nsso
    planned: list[Kill]
    done: Counter[Target] = field(default_factory=Counter)
    _began: float | None = None
    _sending_since: float | None = None
    _down: dict[str, float] = field(default_factory=dict)

    def begin(self) -> None:
        """From now on the seconds of the kills count."""
        self._began = time.monotonic()

    @property
    def lasts(self) -> float:
        """For how many seconds it has been going on."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def look(self, running: list[dict[str, Any]]) -> None:
        """Kill what is due, start what was killed long enough ago; *running* are the tasks of the run."""
        now = time.monotonic()
        if self._sending_since is None and self.nsso.has_taken_something:
            self._sending_since = now
        for kill in [kill for kill in self.planned if self._is_due(kill, now)]:
            if self._carry_out(kill, running, now):
                self.planned.remove(kill)
                self.done[kill.target] += 1
        self._start(now)

    def restore(self) -> None:
        """Start all that is still down."""
        self._down.clear()
        self._start(time.monotonic())

    def _start(self, now: float) -> None:
        """Start what was killed long enough ago, and what has ended by itself."""
        for stack in (self.airflow, self.nsso.stack):
            for name in stack.components:
                if now >= self._down.get(name, 0.0) and not stack.is_running(name):
                    self._down.pop(name, None)
                    stack.start_component(name)

    def _is_due(self, kill: Kill, now: float) -> bool:
        since = self._sending_since if kill.of_sending else self._began
        return since is not None and now >= since + kill.after

    def _carry_out(self, kill: Kill, running: list[dict[str, Any]], now: float) -> bool:
        """Tell whether there was something to kill."""
        if kill.target is Target.WORKER:
            return self._kill_worker(kill.manner, running)
        name = str(kill.target)
        stack = self.nsso.stack if kill.target is Target.SIMULATOR else self.airflow
        if name in self._down or not stack.is_running(name):
            return False
        # The leader alone: what it leaves behind goes on for as long as it is down.
        stack.kill_component(name, whole=False)
        self._down[name] = now + kill.down
        return True

    def _kill_worker(self, manner: Manner, running: list[dict[str, Any]]) -> bool:
        """Kill the processes of one task, the submit task before others."""
        record = self.airflow.record("scheduler")
        members = record.session.members() if record is not None else {}
        titles = {pid: _title(pid) for pid in members}
        for task in sorted(running, key=_is_submit, reverse=True):
            mine = {pid for pid, title in titles.items() if task["id"] in title}
            executors = {pid for pid in mine if _EXECUTOR in titles[pid]}
            chosen = {Manner.EXECUTOR: executors, Manner.TASK: mine - executors, Manner.BOTH: mine}[manner]
            if chosen and executors and mine - executors:
                sessions.send({pid: members[pid] for pid in chosen}, signal.SIGKILL)
                return True
        return False


def _is_submit(task: dict[str, Any]) -> bool:
    return str(task["task_id"]).endswith("submit")


def _title(pid: int) -> str:
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""
