"""A StatsD server that keeps what it gets: real packets, on a port of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class StatsD:
    """What came in: lines ``name:value|type``, in order."""

    port: int
    lines: list[str] = field(default_factory=list)

    def settings(self) -> dict[str, str]:
        """Give what makes Airflow send its metrics here."""
        return {
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(self.port),
            "AIRFLOW__METRICS__STATSD_PREFIX": "airflow",
        }

    def values(self, name: str, kind: str) -> list[float]:
        """Give all values of our metric *name*; *kind* is ``c``, ``g`` or ``ms``."""
        found = []
        for line in list(self.lines):
            full, _, rest = line.rpartition(":")
            value, _, its_kind = rest.partition("|")
            if full == f"airflow.dimona.{name}" and its_kind == kind:
                found.append(float(value))
        return found

    def total(self, name: str) -> int:
        """Give the sum of a counter."""
        return int(sum(self.values(name, "c")))

    def names(self) -> set[str]:
        """Give the names of all our metrics that came."""
        full = {line.rpartition(":")[0] for line in list(self.lines)}
        return {name.removeprefix("airflow.dimona.") for name in full if name.startswith("airflow.dimona.")}


@contextmanager
def statsd() -> Iterator[StatsD]:
    """Listen until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.2)
        server, ended = StatsD(listening.getsockname()[1]), threading.Event()

        def receive() -> None:
            while not ended.is_set():
                try:
                    server.lines += listening.recv(65_536).decode().splitlines()
                except TimeoutError:
                    continue

        thread = threading.Thread(target=receive)
        thread.start()
        try:
            yield server
        finally:
            ended.set()
            thread.join()
