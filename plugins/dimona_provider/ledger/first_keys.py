"""
The keys of a new ledger, made so that an interrupted init is told apart from a lost ledger.

They are written beside their place, the ledger is made with them, and only then they get their name. So keys
in their place without a ledger always mean that the ledger was lost; and what an init left that was killed in
between, the next one puts in place, if the ledger was made with it, or makes anew.
"""

from __future__ import annotations

from pathlib import Path

from dimona_provider.errors import ConfigurationError
from dimona_provider.ledger.keys import Keyring, put_in_place, read_keys, write_beside


def make(key_file: Path) -> Keyring:
    """Make keys for a ledger that is to be made now; ``settle`` puts them in place."""
    beside = _beside(key_file)
    beside.unlink(missing_ok=True)  # of an init that was killed before it made the ledger
    key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = Keyring.generate()
    write_beside(beside, keys)
    return keys


def left(key_file: Path, fingerprint: str) -> Keyring | None:
    """Return the keys of a ledger whose init was killed before they were in place; None without such."""
    try:
        keys = read_keys(_beside(key_file))
    except ConfigurationError:
        return None
    return keys if keys.fingerprint == fingerprint else None


def settle(key_file: Path) -> None:
    """Put the keys in place, now that there is a ledger with them. Never overwrites (FileExistsError)."""
    put_in_place(_beside(key_file), key_file)


def forget(key_file: Path) -> None:
    """Delete what is beside the place of the keys: no ledger was made with it."""
    _beside(key_file).unlink(missing_ok=True)


def _beside(key_file: Path) -> Path:
    return key_file.with_name(key_file.name + ".init")
