"""The simulated NSSO of a measurement: a process on a core of its own, with a folder of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.machine import cores
from dimona_provider.api.settings import Settings
from include.demo.components import Component
from include.demo.connections import CLIENT_ID
from include.demo.environment import REPOSITORY
from include.demo.stack import Stack
from include.dimona_simulator import JournalEntry, Timing, read_journal
from include.dimona_simulator.server import own_key

TIMING = Timing(low=2.0, high=4.0, tail_share=0.02, tail_low=40.0, tail_high=40.0)
"""What most cells use: 2 to 4 s, and 2 % of the declarations 40 s."""


class Nsso(Stack):
    """The NSSO in *directory*; ``with Nsso(…)`` starts and stops it."""

    def __init__(self, directory: Path, timing: Timing, seed: int) -> None:
        self.folder = directory / "simulator"
        self.folder.mkdir(parents=True, exist_ok=True)
        own_key(self.folder)
        arguments = (
            *("-m", "include.dimona_simulator", "--port", "{simulator}", "--data", str(self.folder)),
            *("--seed", str(seed), "--client-id", CLIENT_ID),
            *("--public-key", str(self.folder / "public_key.pem")),
            *("--processing", f"{timing.low}:{timing.high}"),
            *("--tail", f"{timing.tail_share}:{timing.tail_low}:{timing.tail_high}"),
        )
        component = Component(
            "simulator", arguments, ("simulator",), health="/simulator/health", cores=cores()[1]
        )
        super().__init__(directory, REPOSITORY / "dags", None, (component,))

    def __enter__(self) -> Nsso:
        """Start it and wait for it."""
        self.start()
        self.wait_healthy(60)
        return self

    @property
    def url(self) -> str:
        """The address of the process."""
        return f"http://127.0.0.1:{self.installation.ports['simulator']}"

    @property
    def private_key(self) -> Path:
        """The file of the client's key."""
        return self.folder / "private_key.pem"

    def connection(self, per_second: float) -> dict[str, Any]:
        """Give the connection ``dimona_default`` as Airflow's REST API takes it."""
        extra = {
            "environment": "custom",
            "token_url": f"{self.url}/REST/oauth/v5/token",
            "private_key_path": str(self.private_key),
            "requests_per_second": per_second,
        }
        return {
            "conn_type": "dimona",
            "host": f"{self.url}/REST/dimona/v2",
            "login": CLIENT_ID,
            "extra": json.dumps(extra),
        }

    def settings(self, per_second: float) -> Settings:
        """Give the same connection, read."""
        made = self.connection(per_second)
        return Settings.read(
            "dimona_default", login=made["login"], host=made["host"], extra=json.loads(made["extra"])
        )

    def journal(self) -> list[JournalEntry]:
        """Give every request so far."""
        return read_journal(self.folder / "journal.jsonl")
