"""
Turns in one directory: one ``up`` at a time, and a ``down`` that ends it.

Whoever holds the lock file writes into it who that is, so that ``down`` can ask it to end.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn, Self, TextIO

from include.demo import sessions
from include.demo.errors import DemoError, Terminated

_POLL = 0.1


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds the lock; *token* tells it from another with the same pid."""

    command: str
    pid: int
    token: str

    @classmethod
    def read(cls, lock: TextIO) -> Self | None:
        """Read who holds the lock; ``None`` when that isn't written yet, or it has ended meanwhile."""
        lock.seek(0)
        try:
            holder = cls(**json.loads(lock.read()))
        except (ValueError, TypeError):
            return None
        return holder if sessions.start_token(holder.pid) == holder.token else None


@contextmanager
def turn_of_up(directory: Path) -> Iterator[None]:
    """
    Keep a second ``up`` out of the directory, which is made if need be, and let ``down`` end this one.

    SIGTERM raises ``Terminated`` meanwhile. ``DemoError`` when another command has its turn.
    """
    with _open(directory) as lock, _sigterm_raises():
        if not _take(lock, "up"):
            holder = Holder.read(lock)
            if holder is not None and holder.command == "down":
                raise DemoError(f"make down is at work in {directory}: try again when it has ended")
            raise DemoError(f"another demo is being started in {directory}")
        try:
            yield
        finally:
            lock.truncate(0)


@contextmanager
def turn_of_down(
    directory: Path, tell: Callable[[str], None] = lambda _: None, patience: float = 30
) -> Iterator[bool]:
    """
    End a running ``up`` and keep new ones out; gives whether there was one.

    It is killed after *patience* seconds. ``DemoError`` when the turn doesn't come for four times as long.
    """
    with _open(directory) as lock:
        yield _end_ups(lock, tell, patience)


def _end_ups(lock: TextIO, tell: Callable[[str], None], patience: float) -> bool:
    asked: dict[Holder, float] = {}
    begin = time.monotonic()
    while not _take(lock, "down"):
        now = time.monotonic()
        if now - begin > 4 * patience:
            raise DemoError(f"{lock.name} stays locked by another process")
        holder = Holder.read(lock)
        # Another down is waited for: it does the same.
        if holder is not None and holder.command == "up":
            if holder not in asked:
                tell(f"ending the make demo that is at work (pid {holder.pid})")
                asked[holder] = now
                sessions.send({holder.pid: holder.token}, signal.SIGTERM)
            elif now - asked[holder] > patience:
                sessions.send({holder.pid: holder.token}, signal.SIGKILL)
        time.sleep(_POLL)
    return bool(asked)


def _open(directory: Path) -> TextIO:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # Not "w": the text of the one that holds the lock must stay.
        return (directory / ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise DemoError(f"DEMO_DIRECTORY {directory} can't be used: {error.strerror}") from None


def _take(lock: TextIO, command: str) -> bool:
    """Take the lock unless another process holds it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    lock.truncate(0)
    pid = os.getpid()
    lock.write(json.dumps(asdict(Holder(command, pid, sessions.start_token(pid) or ""))))
    lock.flush()
    return True


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    def end(_signum: int, _frame: Any) -> NoReturn:
        raise Terminated("stopped by SIGTERM, which make down sends")

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
