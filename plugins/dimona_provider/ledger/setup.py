"""Makes a ledger with its first keys, and brings an older one up to date."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from dimona_provider.errors import ConfigurationError
from dimona_provider.ledger.backup import back_up
from dimona_provider.ledger.engine import make_engine
from dimona_provider.ledger.keys import Keyring, write_new_keys
from dimona_provider.ledger.schema import info
from dimona_provider.ledger.store import CANARY, SCHEMA_VERSION, check_keys, versions

_MIGRATIONS = Path(__file__).parent / "migrations"


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
    Make the ledger at *url*, or migrate it forward. May be run again at any time.

    There is no way back, so an older one is backed up before: a SQLite file is copied, for PostgreSQL
    *backed_up* must say that somebody did it.

    Keys are made at *key_file* only for a ledger that has none yet; it is None when the keys come from
    elsewhere. Raises ConfigurationError when an existing ledger's keys are missing or wrong, and when there
    are keys without a ledger: it was lost, and an empty one would declare everybody anew. *new_ledger* says
    that this is meant.
    """
    engine = make_engine(url)
    try:
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
    keys_made = key_file is not None and fingerprint is None and _make_keys(key_file, new_ledger=new_ledger)
    keys = read_keys()
    if fingerprint is not None:
        check_keys(engine, fingerprint, keys)
    backup = None
    if was_version is not None and was_version != SCHEMA_VERSION and not backed_up:
        backup = _back_up(engine, was_version, now)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # its notes on transactions help nobody here
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.scalar(sa.select(info.c.key_fingerprint)) is None:
            row = {"id": 1, "key_fingerprint": keys.fingerprint, "canary": keys.encrypt(CANARY)}
            connection.execute(info.insert().values(**row, created_at=now))
    version, _ = versions(engine)
    return Initialised(keys_made, was_version, str(version), backup)


def _refuse_a_newer_one(version: str | None) -> None:
    known = {revision.revision for revision in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()}
    if version is not None and version not in known:
        raise ConfigurationError(
            f"the ledger's schema {version} is newer than this package ({SCHEMA_VERSION}): "
            "install the version that made it"
        )


def _make_keys(key_file: Path, *, new_ledger: bool) -> bool:
    """Make the keys of a new ledger; return whether there were none."""
    if not key_file.exists():
        write_new_keys(key_file)
        return True
    if new_ledger:
        return False
    raise ConfigurationError(
        f"there are keys at {key_file}, but no ledger in this database: restore it from its backup, "
        "or start an empty one with `dimona ledger init --new-ledger`, which knows of no declaration"
    )


def _back_up(engine: sa.Engine, version: str, now: float) -> Path:
    if engine.dialect.name == "sqlite":
        return back_up(engine.url, version, now)
    raise ConfigurationError(
        f"the ledger's schema is {version}: back the database up (pg_dump), then run "
        "`dimona ledger init --backed-up`, which migrates it; there is no way back"
    )
