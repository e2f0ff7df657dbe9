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
from dimona_provider.tally import Numbers, Tally

SCHEMA_VERSION = "0007"
"""The newest revision in migrations/versions; a test compares them."""

CANARY = b"dimona"
WRONG_KEYS = "these keys are not this ledger's: restore the key file that belongs to it"
_NEWEST = "dimona keys"
_INIT = "run `dimona ledger init`"
_MEASURED = frozenset(
    {"accepted", "warned", "refused", "identifying", "already_true", "unclear", "held", "adopted", "planned"}
    | {"planned again", "taken besides"}
)
"""Events of declarations that are counted; whoever else counts says so to ``numbers_of``."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A database whose schema and keys were checked."""

    engine: sa.Engine = field(repr=False)
    keys: Keyring = field(repr=False)
    actor: str
    """Who is recorded with each change: ``dag_id/run_id/task_id``, or the person."""
    tally: Tally = field(default_factory=Tally, repr=False, compare=False)
    """What was committed and asked through this ledger, added up for the metrics."""

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Give a transaction that is committed at the end, durably."""
        with self.engine.begin() as connection:
            connection.info[_NUMBERS] = numbers = Numbers()
            yield connection
        self.tally.add(numbers)  # of a transaction that failed nothing counts

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a transaction that only reads and never waits for writers."""
        with self.engine.connect().execution_options(read_only=True) as connection:
            yield connection

    def encrypt(self, connection: sa.Connection, plain: bytes) -> bytes:
        """
        Encrypt *plain* with the newest key that this ledger has, for a row that *connection* is to write.

        This process may have read its keys before they were rotated. Raises KeysRotated when it does not know
        the newest one: what an old key encrypts nobody could read once that is dropped.
        """
        transaction = connection.get_transaction()
        looked = connection.info.get(_NEWEST)
        if looked is None or looked[0] is not transaction:  # once for all rows of it
            canary = connection.scalar(sa.select(info.c.canary))
            looked = connection.info[_NEWEST] = (transaction, self.keys.newest(bytes(canary or b"")))
        newest: Keyring = looked[1]
        return newest.encrypt(plain)

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
        if intents and what in _MEASURED:
            numbers_of(connection).count(f"declarations.{what.replace(' ', '_')}", len(intents))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


_NUMBERS = "dimona_numbers"


def numbers_of(connection: sa.Connection) -> Numbers:
    """Return what a transaction of ``Ledger.write`` adds to the tally when it is committed."""
    found = connection.info.get(_NUMBERS)
    return found if isinstance(found, Numbers) else Numbers()


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
