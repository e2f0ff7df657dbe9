"""Makes a ledger with its first keys, and brings an older one up to date."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from dimona_provider.errors import ConfigurationError
from dimona_provider.ledger import first_keys
from dimona_provider.ledger.backup import back_up
from dimona_provider.ledger.engine import make_engine
from dimona_provider.ledger.keys import Keyring, key_file_locked
from dimona_provider.ledger.schema import info
from dimona_provider.ledger.store import CANARY, SCHEMA_VERSION, WRONG_KEYS, check_keys, versions

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x44494D4F4E41
"""Names the lock of those who make or migrate a ledger on a PostgreSQL server."""


@dataclass(frozen=True, slots=True)
class Initialised:
    """What ``initialise`` found and did."""

    keys_made: bool
    was_version: str | None
    version: str
    backup: Path | None = None
    """The copy made before an older ledger was migrated; SQLite alone."""


def initialise(
    url: str | sa.URL,
    read_keys: Callable[[], Keyring],
    key_file: Path | None,
    *,
    now: float,
    new_ledger: bool = False,
    backed_up: bool = False,
) -> Initialised:
    """
    Make the ledger at *url*, or migrate it forward. May be killed, and be run again or twice at any time.

    There is no way back, so an older one is backed up before: a SQLite file is copied, for PostgreSQL
    *backed_up* must say that somebody did it.

    Keys are made at *key_file* only for a ledger that has none yet; it is None when the keys come from
    elsewhere. Raises ConfigurationError when an existing ledger's keys are missing or wrong, and when there
    are keys without a ledger: it was lost, and an empty one would declare everybody anew. *new_ledger* says
    that this is meant.
    """
    engine = make_engine(url, may_create=True)
    try:
        with _alone(engine, key_file):
            return _initialise(engine, read_keys, key_file, now, new_ledger=new_ledger, backed_up=backed_up)
    except sa.exc.OperationalError as error:
        raise ConfigurationError(
            f"the ledger's database can't be opened ({type(error.orig).__name__})"
        ) from None
    finally:
        engine.dispose()


def _initialise(
    engine: sa.Engine,
    read_keys: Callable[[], Keyring],
    key_file: Path | None,
    now: float,
    *,
    new_ledger: bool,
    backed_up: bool,
) -> Initialised:
    was_version, fingerprint = versions(engine)
    _refuse_a_newer_one(was_version)
    keys, made_for = _keys(fingerprint, read_keys, key_file, new_ledger=new_ledger)
    if fingerprint is not None:
        check_keys(engine, fingerprint, keys)
    backup = None
    if was_version is not None and was_version != SCHEMA_VERSION and not backed_up:
        backup = _back_up(engine, was_version, now)
    try:
        _migrate(engine, keys, now)
    except ConfigurationError:
        if made_for is not None:
            first_keys.forget(made_for)
        raise
    if made_for is not None:
        first_keys.settle(made_for)
    version, _ = versions(engine)
    return Initialised(made_for is not None, was_version, str(version), backup)


@contextmanager
def _alone(engine: sa.Engine, key_file: Path | None) -> Iterator[None]:
    """Keep others waiting who make or migrate a ledger with these keys, or rotate them."""
    place = key_file or (Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None)
    if place is not None and versions(engine)[1] is None:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if place is None or not place.parent.is_dir():
        yield
        return
    with key_file_locked(place):
        yield


def _keys(
    fingerprint: str | None, read_keys: Callable[[], Keyring], key_file: Path | None, *, new_ledger: bool
) -> tuple[Keyring, Path | None]:
    """Return the keys to use; and where to put them once there is a ledger, if they are not there yet."""
    if key_file is None or key_file.exists():
        if key_file is not None and fingerprint is None and not new_ledger:
            raise ConfigurationError(
                f"there are keys at {key_file}, but no ledger in this database: restore it from its backup, "
                "or start an empty one with `dimona ledger init --new-ledger`, which knows of no declaration"
            )
        return read_keys(), None
    if fingerprint is None:
        return first_keys.make(key_file), key_file
    left = first_keys.left(key_file, fingerprint)
    return (read_keys(), None) if left is None else (left, key_file)


def _migrate(engine: sa.Engine, keys: Keyring, now: float) -> None:
    """Bring the schema to its newest version, and a new one gets the canary of *keys*; all or nothing."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # its notes on transactions help nobody here
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        fingerprint = connection.scalar(sa.select(info.c.key_fingerprint))
        if fingerprint is None:
            row = {"id": 1, "key_fingerprint": keys.fingerprint, "canary": keys.encrypt(CANARY)}
            connection.execute(info.insert().values(**row, created_at=now))
        elif fingerprint != keys.fingerprint:  # somebody else made it in this moment
            raise ConfigurationError(WRONG_KEYS)


def _refuse_a_newer_one(version: str | None) -> None:
    known = {revision.revision for revision in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()}
    if version is not None and version not in known:
        raise ConfigurationError(
            f"the ledger's schema {version} is newer than this package ({SCHEMA_VERSION}): "
            "install the version that made it"
        )


def _back_up(engine: sa.Engine, version: str, now: float) -> Path:
    if engine.dialect.name == "sqlite":
        return back_up(engine.url, version, now)
    raise ConfigurationError(
        f"the ledger's schema is {version}: back the database up (pg_dump), then run "
        "`dimona ledger init --backed-up`, which migrates it; there is no way back"
    )
