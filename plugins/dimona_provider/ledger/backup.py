"""Copies of a SQLite ledger, made while others use it."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from dimona_provider.errors import ConfigurationError


def back_up(url: sa.URL, version: str, now: float) -> Path:
    """
    Copy the SQLite database at *url* beside it, for its owner alone; return where.

    The name holds the schema's version and the time: ``ledger.db.0001-20270115T080000Z.backup``. A copy that
    exists is never overwritten; one that was cut off is removed. Raises ConfigurationError.
    """
    source = Path(str(url.database))
    at = dt.datetime.fromtimestamp(now, tz=dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    target = source.with_name(f"{source.name}.{version}-{at}.backup")
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise ConfigurationError(
            f"the ledger can't be backed up to {target} ({error.strerror}): it was not migrated"
        ) from None
    try:
        _copy(source, target)
    except sqlite3.Error as error:
        target.unlink()
        raise ConfigurationError(
            f"the ledger can't be backed up ({type(error).__name__}): it was not migrated"
        ) from None
    return target


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        # The copy is one file: whoever moves it must not need to know of journals.
        new.execute("PRAGMA journal_mode=DELETE")
    with target.open("rb") as file:
        os.fsync(file.fileno())
