"""The ledger and the connections as the api-server finds them: opened once, looked up anew every minute."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from dimona_provider.hooks import DimonaLedgerHook, LedgerLocation
from dimona_provider.ledger import Ledger
from dimona_provider.plain_process import found_connection

_FRESH = 60.0
_lock = threading.Lock()
_opened: tuple[float, LedgerLocation, Ledger] | None = None


def ledger_of(actor: str) -> Ledger:
    """
    Return the ledger in the name of *actor*; the caller does not close it.

    Raises ConfigurationError. Looked up again after a minute, so that rotated keys and a ledger elsewhere
    are seen without a restart.
    """
    global _opened  # noqa: PLW0603 - one pool of database connections for the process
    with _lock:
        if _opened is None or time.monotonic() - _opened[0] > _FRESH:
            location = DimonaLedgerHook().location(found_connection)
            ledger = location.open("cockpit")
            if _opened is not None:
                _opened[2].close()  # requests under way keep the connections that they have
            _opened = (time.monotonic(), location, ledger)
        return replace(_opened[2], actor=actor)


def forget() -> None:
    """Close the ledger; the next request opens it anew."""
    global _opened  # noqa: PLW0603 - as above
    with _lock:
        if _opened is not None:
            _opened[2].close()
        _opened = None
