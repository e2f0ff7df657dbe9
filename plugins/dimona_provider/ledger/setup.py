"""Makes a ledger and brings an older one up to date; the only place that makes keys."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from dimona_provider.errors import ConfigurationError
from dimona_provider.ledger.engine import make_engine
from dimona_provider.ledger.keys import Keyring, write_new_keys
from dimona_provider.ledger.schema import info
from dimona_provider.ledger.store import CANARY, check_keys, versions

_MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Initialised:
    """What ``initialise`` found and did."""

    keys_made: bool
    was_version: str | None
    version: str


def initialise(
    url: str | sa.URL,
    read_keys: Callable[[], Keyring],
    key_file: Path | None,
    *,
    now: float,
    new_ledger: bool = False,
) -> Initialised:
    """
    Make the ledger at *url*, or migrate it forward. May be run again at any time.

    Keys are made at *key_file* only for a ledger that has none yet; it is None when the keys come from
    elsewhere. Raises ConfigurationError when an existing ledger's keys are missing or wrong, and when there
    are keys without a ledger: it was lost, and an empty one would declare everybody anew. *new_ledger* says
    that this is meant.
    """
    engine = make_engine(url)
    try:
        return _initialise(engine, read_keys, key_file, now, new_ledger=new_ledger)
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
) -> Initialised:
    was_version, fingerprint = versions(engine)
    keys_made = False
    if key_file is not None and fingerprint is None:
        if not key_file.exists():
            write_new_keys(key_file)
            keys_made = True
        elif not new_ledger:
            raise ConfigurationError(
                f"there are keys at {key_file}, but no ledger in this database: restore it from its backup, "
                "or start an empty one with `dimona ledger init --new-ledger`, which knows of no declaration"
            )
    keys = read_keys()
    if fingerprint is not None:
        check_keys(engine, fingerprint, keys)
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
    return Initialised(keys_made, was_version, str(version))
