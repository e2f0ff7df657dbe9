"""What people were told about a connection, so that they are told once: events of the ledger as a whole."""

from __future__ import annotations

import sqlalchemy as sa

from dimona_provider.ledger.schema import batches, events
from dimona_provider.ledger.store import Ledger

_CERTIFICATE = "certificate warned"


def was_told(ledger: Ledger, detail: str) -> bool:
    """Tell whether somebody was warned of just this."""
    which = (events.c.what == _CERTIFICATE, events.c.intent.is_(None), events.c.detail == detail)
    with ledger.read() as connection:
        return connection.scalar(sa.select(events.c.id).where(*which).limit(1)) is not None


def note_told(ledger: Ledger, detail: str, *, now: float) -> None:
    """Note that somebody was warned of this."""
    with ledger.write() as connection:
        ledger.note(connection, now, _CERTIFICATE, detail=detail)


def connections(ledger: Ledger, *, since: float) -> list[str]:
    """Return the connections over which batches were filed since an instant, sorted."""
    with ledger.read() as connection:
        found = connection.scalars(
            sa.select(batches.c.dimona_conn_id).where(batches.c.created_at >= since).distinct()
        )
        return sorted(str(one) for one in found)
