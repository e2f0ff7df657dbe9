"""Ledgers on both databases for the layers that need one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from dimona_provider.ledger import Ledger, open_ledger
from dimona_provider.ledger.keys import Keyring
from dimona_provider.ledger.setup import initialise
from support.clocks import START

KEYS = Keyring.generate()


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Give a maker of empty databases of either kind, dropped afterwards."""
    made: list[tuple[sa.Engine, str]] = []

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / 'ledger.db'}"
        server = sa.make_url(request.getfixturevalue("postgresql"))
        engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        name = f"ledger_{abs(hash(tmp_path)):x}"
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        made.append((engine, name))
        return server.set(database=name).render_as_string(hide_password=False)

    yield make
    for engine, name in made:
        with engine.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    """Give the URL of an initialised ledger, once on each database."""
    url = new_database(request.param)
    initialise(url, lambda: KEYS, None, now=START)
    return url


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """Give an open ledger, once on each database."""
    opened = open_ledger(ledger_url, KEYS, actor="test")
    yield opened
    opened.close()
