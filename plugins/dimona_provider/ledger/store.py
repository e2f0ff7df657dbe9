"""An open ledger: its database, its keys, and who is using it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from dimona_provider.errors import ConfigurationError, KeysRotated
from dimona_provider.ledger.engine import make_engine
from dimona_provider.ledger.keys import Keyring
from dimona_provider.ledger.schema import events, info

SCHEMA_VERSION = "0007"
"""The newest revision in migrations/versions; a test compares them."""

CANARY = b"dimona"
WRONG_KEYS = "these keys are not this ledger's: restore the key file that belongs to it"
_INIT = "run `dimona ledger init`"


@dataclass(frozen=True, slots=True)
class Ledger:
    """A database whose schema and keys were checked."""

    engine: sa.Engine = field(repr=False)
    keys: Keyring = field(repr=False)
    actor: str
    """Who is recorded with each change: ``dag_id/run_id/task_id``, or the person."""

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Give a transaction that is committed at the end, durably."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a transaction that only reads and never waits for writers."""
        with self.engine.connect().execution_options(read_only=True) as connection:
            yield connection

    def follow(self) -> sa.Connection:
        """
        Return a connection for who reads again and again; the caller rolls back between readings and closes.

        On PostgreSQL each statement is then one round trip; pool, check and transaction would make it four.
        """
        connection = self.engine.connect().execution_options(read_only=True)
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        return connection

    def note(
        self,
        connection: sa.Connection,
        now: float,
        what: str,
        *,
        intents: list[int] | None = None,
        batch: str | None = None,
        detail: str = "",
    ) -> None:
        """Append one event, or one for each of *intents*; events are never changed."""
        rows = [
            {"at": now, "what": what, "actor": self.actor, "batch": batch, "intent": intent, "detail": detail}
            for intent in (intents if intents is not None else [None])
        ]
        if rows:
            connection.execute(events.insert(), rows)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_ledger(url: str | sa.URL, keys: Keyring, *, actor: str) -> Ledger:
    """
    Open the ledger at *url*.

    Raises ConfigurationError when it does not exist, is older than this package, or has other keys.
    """
    engine = make_engine(url)
    try:
        check(engine, keys)
    except BaseException:
        engine.dispose()
        raise
    return Ledger(engine, keys, actor)


def check(engine: sa.Engine, keys: Keyring) -> None:
    """Raise ConfigurationError unless the schema is ours and *keys* are the ledger's own."""
    version, fingerprint = versions(engine)
    if version is None or fingerprint is None:
        raise ConfigurationError(f"there is no ledger in this database: {_INIT}")
    if version != SCHEMA_VERSION:
        raise ConfigurationError(
            f"the ledger's schema is {version}, this package needs {SCHEMA_VERSION}: back it up, then {_INIT}"
        )
    check_keys(engine, fingerprint, keys)


def check_keys(engine: sa.Engine, fingerprint: str, keys: Keyring) -> None:
    """Raise ConfigurationError unless *keys* are those that this ledger was made with."""
    with engine.connect().execution_options(read_only=True) as connection:
        canary = connection.scalar(sa.select(info.c.canary))
    try:
        is_ours = fingerprint == keys.fingerprint and keys.decrypt(canary or b"") == CANARY
    except KeysRotated:
        is_ours = False
    if not is_ours:
        raise ConfigurationError(WRONG_KEYS)


def versions(engine: sa.Engine) -> tuple[str | None, str | None]:
    """
    Return schema version and key fingerprint of the database, None for what it does not have.

    Raises ConfigurationError when there is no database to read.
    """
    try:
        return _versions(engine)
    except sa.exc.DatabaseError as error:
        raise ConfigurationError(
            f"the ledger's database can't be opened ({type(error.orig).__name__})"
        ) from None


def _versions(engine: sa.Engine) -> tuple[str | None, str | None]:
    with engine.connect().execution_options(read_only=True) as connection:
        tables = sa.inspect(connection).get_table_names()
        version = fingerprint = None
        if "alembic_version" in tables:
            version = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        if info.name in tables:
            fingerprint = connection.scalar(sa.select(info.c.key_fingerprint))
    return version, fingerprint
