"""The started components of one directory: launch, find, kill and end them by their records."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from include.demo import sessions
from include.demo.errors import StackStopped
from include.demo.records import Record

# Components that are ending still call these, and would hang without an answer: they end last.
_SERVERS = frozenset({"api-server", "simulator"})


class Supervision:
    """
    Knows what runs from records in *directory*, not from what this object has done.

    So another process with the same directory sees and ends the same components.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def record(self, name: str) -> Record | None:
        """Return what is known of a component; ``None`` when it wasn't started, or was ended in order."""
        return Record.read(self.directory, name)

    def records(self) -> list[Record]:
        """Return what is known of all components."""
        return Record.read_all(self.directory)

    def is_running(self, name: str) -> bool:
        """Tell whether the component's leader runs."""
        record = self.record(name)
        return record is not None and record.session.leads()

    def has_ended(self, name: str) -> bool:
        """Tell whether a started component has ended by itself; ``StackStopped`` if in order."""
        if (record := self.record(name)) is None:
            raise StackStopped("stopped by make down")
        return not record.session.leads()

    def is_left(self, name: str) -> bool:
        """Tell whether any process of the component runs, if only what a killed leader has left behind."""
        record = self.record(name)
        return record is not None and bool(record.session.members())

    def log(self, name: str) -> Path:
        """Return the file with the component's output."""
        return self.directory / "logs" / f"{name}.log"

    def kill_component(self, name: str, signum: int = signal.SIGKILL, *, whole: bool = True) -> None:
        """
        Send a signal to a component, as an accident would; its record stays.

        With *whole* every process of it gets the signal, else the leader alone: Airflow leaves a killed
        leader's children behind. After SIGKILL they are gone when this returns.
        """
        if (record := self.record(name)) is None:
            return
        leader = {record.session.pid: record.session.token}
        targets = record.session.members() if whole else leader
        sessions.send(targets, signum)
        if signum == signal.SIGKILL:
            sessions.wait_gone(targets)

    def stop(self, *names: str) -> None:
        """
        End what was started in the directory (everything, or *names*), by whomever.

        By force after ten seconds. Doing so twice is harmless.
        """
        records = [record for record in self.records() if not names or record.name in names]
        self._end([record for record in records if record.name not in _SERVERS])
        self._end([record for record in records if record.name in _SERVERS])

    def launch(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        fingerprint: str = "",
        cores: Set[int] | None = None,
    ) -> subprocess.Popen[bytes]:
        """
        Start a component; its record is written before it begins, and stays when it ends by itself.

        It and its children run on *cores* alone, if these are given and the system can do so.
        """
        since = datetime.now(UTC)

        def note(pid: int) -> None:
            session = sessions.Session.of(pid, self.directory)
            session = session or sessions.Session(pid, "ended", str(self.directory))
            Record(name, session, fingerprint, since).write(self.directory)
            if cores is not None and hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(pid, cores)

        child = sessions.launch(command, environment, self.directory, self.log(name), note)
        self._children[child.pid] = child
        return child

    def _end(self, records: Sequence[Record], patience: float = 10) -> None:
        sessions.end((record.session for record in records), patience)
        for record in records:
            record.remove(self.directory)
        ended = {record.session.pid for record in records}
        for pid, child in self._children.items():
            if pid not in ended:
                child.poll()
                continue
            # A zombie already, but its exit status comes only when the last of its threads has ended.
            with suppress(subprocess.TimeoutExpired):
                child.wait(5)
