"""
Sessions of processes: start one, find all its members later, end it for good.

Airflow's processes fork children into process groups of their own, and a killed parent leaves
them behind. A session holds them all: its id is the leader's pid, and the kernel gives that
number to nobody else while one member lives.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self, cast

import psutil  # type: ignore[import-untyped]  # ships no types; comes with Airflow

from include.demo.errors import StackFailed

_POLL = 0.1
_WHEN_TOLD = 'read -r go && exec "$@" </dev/null'
"""Become the command after a line on stdin; end when stdin is closed without one."""


def start_token(pid: int) -> str | None:
    """
    Return what tells this process from an earlier or later one with the same pid; ``None`` when it has ended.

    On Linux the start time in clock ticks: unlike a wall-clock time it doesn't move when the clock is set.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except ProcessLookupError:
        return None
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _start_time(pid)
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in {"Z", "X"} else rest[18]


def _start_time(pid: int) -> str | None:
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return str(process.create_time())
    return None


@dataclass(frozen=True, slots=True)
class Session:
    """A session that we started, named by its leader; *directory* is where its members work."""

    pid: int
    token: str
    directory: str

    @classmethod
    def of(cls, pid: int, directory: Path) -> Self | None:
        """Describe the running leader *pid*; ``None`` when it has ended already."""
        token = start_token(pid)
        return None if token is None else cls(pid, token, str(directory))

    def leads(self) -> bool:
        """Tell whether the leader runs, and is the process that was recorded."""
        return start_token(self.pid) == self.token

    def members(self) -> dict[int, str]:
        """
        Return the living members and their descendants as pid -> start token, the leader included.

        A pid that was given to another process is not ours, and neither is that one's session.
        """
        leads = self.leads()
        if not leads and start_token(self.pid) is not None:
            return {}
        parents = {process.pid: process.info["ppid"] for process in psutil.process_iter(["ppid"])}
        found = {pid for pid in parents if _session_of(pid) == self.pid}
        if not leads and not any(_works_in(pid, self.directory) for pid in found):
            return {}
        while more := {pid for pid, parent in parents.items() if parent in found and pid not in found}:
            found |= more
        tokens = {pid: start_token(pid) for pid in found}
        return {pid: token for pid, token in tokens.items() if token is not None}


def launch(
    command: Sequence[str],
    environment: Mapping[str, str],
    directory: Path,
    log: Path,
    note: Callable[[int], None] = lambda _: None,
) -> subprocess.Popen[bytes]:
    """
    Start *command* as the leader of a new session, with its output added to *log*.

    *note* gets its pid before it begins: who is killed before the pid is written down leaves nothing running.
    """
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603  # the commands are ours
            ["/bin/sh", "-c", _WHEN_TOLD, "sh", *command],
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with suppress(BrokenPipeError), cast("IO[bytes]", child.stdin) as gate:
            note(child.pid)
            gate.write(b"go\n")
    except BaseException:
        child.wait()
        raise
    return child


def send(processes: Mapping[int, str], signum: int) -> None:
    """Signal those of *processes* (pid -> start token) that still run."""
    for pid, token in processes.items():
        if start_token(pid) == token:
            with suppress(ProcessLookupError):
                os.kill(pid, signum)


def wait_gone(processes: Mapping[int, str], timeout: float = 5.0) -> None:
    """Wait until none of *processes* (pid -> start token) runs; ``StackFailed`` after *timeout* seconds."""
    deadline = time.monotonic() + timeout
    while left := [pid for pid, token in processes.items() if start_token(pid) == token]:
        if time.monotonic() > deadline:
            raise StackFailed(f"processes {left} do not end")
        time.sleep(_POLL / 5)


def end(sessions: Iterable[Session], patience: float = 10.0) -> None:
    """
    Ask the leaders to end, wait up to *patience* seconds, then kill whatever is left of the sessions.

    They are asked again half-way: Airflow's components take a second SIGTERM as "don't wait for the rest".
    Ending what has ended already does nothing. ``StackFailed`` when a process survives SIGKILL.
    """
    sessions = list(sessions)
    known: dict[int, str] = {}
    start = time.monotonic()
    asked: dict[tuple[int, str], int] = {}
    while _refresh(known, sessions) and (passed := time.monotonic() - start) < patience:
        times = 1 if passed < patience / 2 else 2
        for process in _whom_to_ask(sessions, known).items():
            if asked.get(process, 0) < times:
                send(dict([process]), signal.SIGTERM)
                asked[process] = times
        time.sleep(_POLL)
    deadline = time.monotonic() + 5
    while _refresh(known, sessions):
        if time.monotonic() > deadline:
            raise StackFailed(f"processes {sorted(known)} survive SIGKILL")
        send(known, signal.SIGKILL)
        time.sleep(_POLL)


def _refresh(known: dict[int, str], sessions: Iterable[Session]) -> bool:
    """Add new members, forget ended ones; tell whether any is left."""
    for session in sessions:
        known |= session.members()
    for pid, token in list(known.items()):
        _reap(pid)
        if start_token(pid) != token:
            del known[pid]
    return bool(known)


def _whom_to_ask(sessions: Iterable[Session], known: Mapping[int, str]) -> dict[int, str]:
    """Leaders end their children themselves; only where the leader is gone the orphans are asked."""
    leaders = {session.pid: session.token for session in sessions if session.leads()}
    orphans = {pid: token for pid, token in known.items() if _session_of(pid) not in leaders}
    return leaders | orphans


def _session_of(pid: int) -> int | None:
    with suppress(OSError):
        return os.getsid(pid)
    return None


def _works_in(pid: int, directory: str) -> bool:
    with suppress(psutil.Error):
        return bool(psutil.Process(pid).cwd() == directory)
    return False


def _reap(pid: int) -> Any:
    """Take the exit status of a child of this very process, so that it doesn't stay a zombie."""
    with suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)
    return None
