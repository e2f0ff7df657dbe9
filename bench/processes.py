"""
CPU time and memory of a stack's processes, by the part that they play; forks that have ended included.

The kernel adds a process's time to its parent's when the parent takes its exit status. So what the living
processes of a session used themselves, plus what they took over from their ended children, is all that the
session ever used. Airflow's LocalExecutor waits for each task it forks; nothing has to be caught in the act.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import psutil  # type: ignore[import-untyped]  # ships no types; comes with Airflow

from include.demo.supervision import Supervision

WORKERS = "workers"
"""LocalExecutor's workers and the tasks that they fork; the rest of their session is the scheduler."""
_SCHEDULER = "scheduler"
_IDLE = "<idle>"
_LOG_SERVER = "airflow serve-logs"


@dataclass(frozen=True, slots=True)
class Process:
    """One process at one moment; *reaped* is the CPU time of its ended children."""

    pid: int
    parent: int
    title: str
    own: float
    reaped: float
    pss: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """
    CPU seconds so far and bytes now (PSS) by part.

    *busy* counts the processes in which LocalExecutor is not idle, *tasks* those of them that run a task: a
    worker stays with a task for up to five seconds after its process has ended.
    """

    cpu: Mapping[str, float]
    memory: Mapping[str, int]
    busy: int
    tasks: int


def usage(sessions: Mapping[str, Iterable[Process]], leaders: Mapping[str, int]) -> Usage:
    """
    Add up the processes of each session (name -> its members).

    Of the scheduler's session, the leader is the scheduler; its log server is that too. Everything else
    there, and what the leader took over from ended children, is the workers'.
    """
    cpu: dict[str, float] = defaultdict(float)
    memory: Counter[str] = Counter()
    busy = tasks = 0
    for name, members in sessions.items():
        for one in members:
            is_leader = one.pid == leaders.get(name)
            part = name
            if name == _SCHEDULER and not is_leader and not one.title.startswith(_LOG_SERVER):
                part = WORKERS
                busy += _IDLE not in one.title
                tasks += one.parent != leaders.get(name)
            cpu[part] += one.own
            cpu[WORKERS if name == _SCHEDULER and is_leader else part] += one.reaped
            memory[part] += one.pss
    return Usage(cpu, memory, busy, tasks)


def look(stack: Supervision, *, with_memory: bool = False) -> Usage:
    """Read what the processes of *stack* have used so far; PSS takes longer to read, and is left out."""
    records = stack.records()
    members = {record.name: record.session.members() for record in records}
    sessions = {
        name: [one for pid in pids if (one := _read(pid, with_memory=with_memory)) is not None]
        for name, pids in members.items()
    }
    return usage(sessions, {record.name: record.session.pid for record in records})


def _read(pid: int, *, with_memory: bool) -> Process | None:
    with suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        with process.oneshot():
            times = process.cpu_times()
            title, parent = " ".join(process.cmdline()), process.ppid()
        pss = process.memory_full_info().pss if with_memory else 0
        own, reaped = times.user + times.system, times.children_user + times.children_system
        return Process(pid, parent, title, own, reaped, pss)
    return None


@dataclass(slots=True)
class Watch:
    """
    Looks at a stack's processes every *interval* seconds while the block lasts.

    *cpu* is what each part used in the block, *peak* its highest PSS among the looks in bytes.
    """

    stack: Supervision
    interval: float = 1.0
    cpu: dict[str, float] = field(default_factory=dict)
    peak: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    _before: Usage | None = None
    _began: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._began, self._before = time.monotonic(), look(self.stack)
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        after, before = look(self.stack), self._before
        self.seconds = time.monotonic() - self._began
        self.cpu = {
            name: spent - (before.cpu.get(name, 0.0) if before else 0.0) for name, spent in after.cpu.items()
        }

    def _look_on(self) -> None:
        while not self._stop.wait(self.interval):
            with suppress(psutil.Error, OSError):
                for name, size in look(self.stack, with_memory=True).memory.items():
                    self.peak[name] = max(self.peak[name], size)
