"""Searches for a person: the SSIN becomes a keyed hash at once, and an address holds a random reference."""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from dimona_provider.domain.identifiers import Ssin
from dimona_provider.ledger.cockpit_schema import searches
from dimona_provider.ledger.store import Ledger

LASTS = 3600.0
"""Seconds for which a search may be shown again."""


def search(ledger: Ledger, ssin: Ssin, *, now: float) -> str:
    """Return a reference under which ``worker_of`` finds this person, for this user and an hour."""
    reference = secrets.token_urlsafe(12)
    row = {
        "reference": reference,
        "worker_hash": ledger.keys.worker_hash(ssin),
        "searched_by": ledger.actor,
        "searched_at": now,
    }
    with ledger.write() as connection:
        connection.execute(searches.delete().where(searches.c.searched_at < now - LASTS))
        connection.execute(searches.insert().values(row))
        ledger.note(connection, now, "searched for a person")
    return reference


def worker_of(ledger: Ledger, reference: str, *, now: float) -> str | None:
    """Return the keyed hash that a search of this user is for, None when it is another's or over."""
    which = (
        searches.c.reference == reference,
        searches.c.searched_by == ledger.actor,
        searches.c.searched_at >= now - LASTS,
    )
    with ledger.read() as connection:
        found = connection.scalar(sa.select(searches.c.worker_hash).where(*which))
    return None if found is None else str(found)
