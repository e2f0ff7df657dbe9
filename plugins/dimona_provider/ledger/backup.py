"""Copies of a SQLite ledger, made while others use it."""

from __future__ import annotations

import datetime as dt
import glob
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from dimona_provider.errors import ConfigurationError


def back_up(url: sa.URL, version: str, now: float) -> Path:
    """
    Copy the SQLite database at *url* beside it, for its owner alone; return where.

    The name holds the schema's version and the time: ``ledger.db.0001-20270115T080000Z.backup``. A copy has
    it once it is whole; one that exists is never overwritten, and one that was cut off, by a kill too, is
    removed here. For one caller at a time. Raises ConfigurationError.
    """
    source = Path(str(url.database))
    at = dt.datetime.fromtimestamp(now, tz=dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    target = source.with_name(f"{source.name}.{version}-{at}.backup")
    part = target.with_name(target.name + ".part")
    try:
        for cut_off in source.parent.glob(glob.escape(source.name) + ".*.backup.part"):
            cut_off.unlink()
        os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))
        try:
            _copy(source, part)
            target.hardlink_to(part)
        finally:
            part.unlink()
        _sync(source.parent)
    except OSError as error:
        raise ConfigurationError(
            f"the ledger can't be backed up to {target} ({error.strerror}): it was not migrated"
        ) from None
    except sqlite3.Error as error:
        raise ConfigurationError(
            f"the ledger can't be backed up ({type(error).__name__}): it was not migrated"
        ) from None
    return target


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        # The copy is one file: whoever moves it must not need to know of journals.
        new.execute("PRAGMA journal_mode=DELETE")
    _sync(target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
