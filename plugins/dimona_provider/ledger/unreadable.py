"""
Records that this process's keys don't open: set aside, so that one of them stops no other.

While a rotation is fresh, it is more likely that this process has old keys; a new one then reads them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.errors import KeysRotated
from dimona_provider.ledger.rotation import QUIET, ROTATION_EVENTS
from dimona_provider.ledger.schema import events, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.transitions import update_to

UNREADABLE = "the ledger's keys don't open its record: see docs/operations.md"

HAS_CONTENT = sa.func.length(intents.c.body) > 0
"""Whether a purge has left the body."""


def opened(ledger: Ledger, rows: Sequence[Any]) -> tuple[list[tuple[Any, bytes]], list[int]]:
    """Return each row with its decrypted ``body``, and the ids of those that can't be opened."""
    readable: list[tuple[Any, bytes]] = []
    unreadable: list[int] = []
    for row in rows:
        try:
            readable.append((row, ledger.keys.decrypt(row.body)))
        except KeysRotated:
            unreadable.append(row.id)
    return readable, unreadable


def note_unreadable(ledger: Ledger, ids: Sequence[int]) -> None:
    """Say at unclear intents why nobody looks for them."""
    if not ids:
        return
    which = (intents.c.id.in_(list(ids)), intents.c.state == State.UNCLEAR)
    with ledger.write() as connection:
        changed = sa.func.coalesce(intents.c.reason, "") != UNREADABLE
        connection.execute(intents.update().where(*which, changed).values(reason=UNREADABLE))


def set_aside(ledger: Ledger, connection: sa.Connection, ids: Sequence[int], *, now: float) -> None:
    """
    Hold claimed intents that can't be opened; give them back while a rotation is fresh.

    They were not sent: no body, no POST.
    """
    if not ids:
        return
    which = intents.c.id.in_(list(ids))
    back = {"reason": UNREADABLE, "claim": None, "claimed_until": None, "changed_at": now}
    if was_rotated(connection, now):
        connection.execute(update_to(State.PLANNED, **back).where(which))
    else:
        connection.execute(update_to(State.HELD, **back).where(which))
        ledger.note(connection, now, str(State.HELD), intents=list(ids), detail=UNREADABLE)


def was_rotated(connection: sa.Connection, now: float) -> bool:
    """Tell whether a process may live that has not read the newest keys."""
    lately = (events.c.what.in_(ROTATION_EVENTS), events.c.at > now - QUIET)
    return connection.scalar(sa.select(events.c.id).where(*lately).limit(1)) is not None
