"""The many tests of the ledger share one that was initialised, instead of making each anew."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from dimona_provider.ledger import open_ledger, schema
from dimona_provider.ledger.setup import initialise
from dimona_provider.ledger.store import SCHEMA_VERSION
from support.clocks import START
from support.ledgers import KEYS

_EMPTIED = ", ".join(table.name for table in schema.metadata.sorted_tables if table is not schema.info)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    initialise(f"sqlite:///{path}", lambda: KEYS, None, now=START)
    return path


@pytest.fixture(scope="session")
def shared(postgresql):
    """Give an engine of one ledger on the server; nothing here has to survive a crash of the machine."""
    server = sa.create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text("ALTER SYSTEM SET fsync = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
        connection.execute(sa.text("CREATE DATABASE shared_ledger"))
    url = server.url.set(database="shared_ledger")
    server.dispose()
    initialise(url, lambda: KEYS, None, now=START)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request, tmp_path: Path):
    """Give the URL of an initialised ledger, once on each database."""
    if request.param == "sqlite":
        path = tmp_path / "ledger.db"
        os.close(os.open(path, os.O_CREAT, 0o600))
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    engine = request.getfixturevalue("shared")
    yield engine.url.render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(sa.text(f"TRUNCATE {_EMPTIED} RESTART IDENTITY CASCADE"))
        connection.execute(
            sa.text("UPDATE alembic_version SET version_num = :known"), {"known": SCHEMA_VERSION}
        )


@pytest.fixture
def ledger(ledger_url: str):
    """Give an open ledger, once on each database."""
    opened = open_ledger(ledger_url, KEYS, actor="test")
    yield opened
    opened.close()
