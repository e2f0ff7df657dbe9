"""Opens the ledger's database with the durability that "never lost, never twice" needs."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from dimona_provider.errors import ConfigurationError

BUSY_TIMEOUT_MS = 30_000


def make_engine(url: str | sa.URL, *, may_create: bool = False) -> sa.Engine:
    """
    Return an engine for *url*, SQLite or PostgreSQL.

    Bound values never show in its errors or logs: they are persons' data, if encrypted. SQLite would make the
    file that is not there: raises ConfigurationError instead, unless *may_create* says that it is wished for.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and may_create:
            _make_private(Path(parsed.database))
        elif parsed.database and not Path(parsed.database).exists():
            raise ConfigurationError(
                f"there is no ledger at {parsed.database}: restore it from its backup, "
                "or for a new one run `dimona ledger init`"
            )
        engine = sa.create_engine(
            parsed, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}
        )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = sa.create_engine(
        parsed,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=5,
        executemany_mode="values_plus_batch",  # many rows of an UPDATE in one round trip
    )
    sa.event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _make_private(database: Path) -> None:
    """Let the database, and the journals that SQLite gives the same mode, be read by their owner alone."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(
            f"the folder of the ledger's database can't be made ({type(error).__name__})"
        ) from None
    try:
        os.close(os.open(database, os.O_CREAT | os.O_EXCL, 0o600))
    except OSError:
        return  # it is there already, or SQLite says what is wrong


def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own; _begin_sqlite does
    cursor = connection.cursor()
    for attempt in Retrying(
        # Changing it asks for the whole file, and SQLite does not wait for that: another opens it.
        retry=retry_if_exception(_is_busy),
        stop=stop_after_delay(BUSY_TIMEOUT_MS / 1000),
        wait=wait_fixed(0.02),
        reraise=True,
    ):
        with attempt:
            cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # a claim must be on disk before its POST leaves
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY


def _begin_sqlite(connection: sa.Connection) -> None:
    # One that reads first and writes later fails at once under concurrency, despite the busy time-out.
    mode = "" if connection.get_execution_options().get("read_only") else " IMMEDIATE"
    connection.exec_driver_sql("BEGIN" + mode)


def _prepare_postgresql(connection: Any, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("SET synchronous_commit TO on")  # whatever the server's default is
    cursor.close()
    connection.commit()
