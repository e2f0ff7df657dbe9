"""Payroll's export on its way to the planner: encrypted, page by page, deleted once it was planned."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from dimona_provider.ledger.schema import staged_pages
from dimona_provider.ledger.store import Ledger


def new_export() -> str:
    """Return a random reference for one reading of payroll."""
    return secrets.token_urlsafe(9)


def stage(ledger: Ledger, export: str, number: int, records: Sequence[Any], *, now: float) -> None:
    """Keep one page of records until it is planned."""
    plain = json.dumps(list(records), separators=(",", ":")).encode()
    with ledger.write() as connection:
        body = ledger.encrypt(connection, plain)
        connection.execute(
            staged_pages.insert().values(export=export, number=number, body=body, staged_at=now)
        )


def discard(ledger: Ledger, export: str) -> None:
    """Delete what was staged of an export that could not be read to its end."""
    with ledger.write() as connection:
        connection.execute(staged_pages.delete().where(staged_pages.c.export == export))


def pages(ledger: Ledger) -> Iterator[tuple[int, str, list[Any]]]:
    """
    Yield id, place and records of every page that waits, oldest first.

    The place, such as ``export x1y2 page 3``, names no person. Whoever plans a page deletes it in the same
    transaction.
    """
    last = 0
    while True:
        with ledger.read() as connection:
            row = connection.execute(
                sa.select(staged_pages).where(staged_pages.c.id > last).order_by(staged_pages.c.id).limit(1)
            ).first()
        if row is None:
            return
        last = row.id
        yield row.id, f"export {row.export} page {row.number}", json.loads(ledger.keys.decrypt(row.body))


def staged_since(ledger: Ledger) -> float | None:
    """Return when the oldest page that waits was staged, in epoch seconds; None when none waits."""
    with ledger.read() as connection:
        oldest: float | None = connection.scalar(sa.select(sa.func.min(staged_pages.c.staged_at)))
    return oldest


def delete_page(connection: sa.Connection, page: int) -> bool:
    """Delete a planned page; tells whether it was still there, so that two planners don't both plan it."""
    return connection.execute(staged_pages.delete().where(staged_pages.c.id == page)).rowcount == 1
