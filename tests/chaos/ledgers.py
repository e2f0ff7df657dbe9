"""A new ledger for each run, on either database: the benchmarks' own, made one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import sqlalchemy as sa

from bench import databases
from bench.databases import postgresql

__all__ = ["Place", "in_file", "on_server", "postgresql"]

_ONE_AT_A_TIME = Lock()
"""Alembic keeps the migration that runs in a global."""


@dataclass(frozen=True, slots=True)
class Place(databases.Place):
    """Where a run's ledger is."""

    def initialise(self) -> None:
        """Make the ledger and its keys."""
        with _ONE_AT_A_TIME:
            super(Place, self).initialise()


def in_file(directory: Path) -> Place:
    """Give the place of an embedded ledger."""
    url = sa.URL.create("sqlite", database=str(directory / "ledger.db"))
    return Place(url, directory / "ledger-keys.json")


def on_server(server: sa.URL, name: str, directory: Path) -> Place:
    """Make an empty database on a PostgreSQL server."""
    return Place(databases.new_database(server, name), directory / "ledger-keys.json")
