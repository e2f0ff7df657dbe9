"""
A new encryption key for a ledger in use, in three steps that may each be killed and run again.

1. ``begin`` adds the new key as one that decrypts only. Processes that start from then on can read it.
2. ``promote`` puts it first, so that it encrypts; ``reencrypt`` then brings every record under it.
3. ``drop_old`` forgets the old keys, once nothing is encrypted with them any more.

Keys here are values; where they are kept is up to the caller. The search key, and with it the fingerprint,
never changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sqlalchemy as sa
from cryptography.fernet import Fernet

from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger.keys import Keyring
from dimona_provider.ledger.plan_schema import decisions, employments
from dimona_provider.ledger.schema import answers, events, info, intents, staged_pages
from dimona_provider.ledger.store import Ledger

PAGE = 500
QUIET = 24 * 3600.0
"""Seconds after which no process lives that still encrypts with the old key; see ``drop_old``."""

_COLUMNS = (
    info.c.canary,
    intents.c.body,
    answers.c.body,
    staged_pages.c.body,
    employments.c.body,
    decisions.c.body,
)
"""Every encrypted column. The canary comes first: from then on nobody writes with an old key."""
ROTATION_EVENTS = _BEGUN, _ROTATED, _DROPPED = "key rotation begun", "keys rotated", "old keys dropped"


def begin(keys: Keyring) -> Keyring:
    """Return *keys* with a new one that decrypts only. Raises DecisionRefused while another one is."""
    if keys.next is not None:
        raise DecisionRefused(
            "a rotation was begun already: when every task that ran then has ended, "
            "go on with `dimona ledger rotate-key --continue`"
        )
    return replace(keys, next=Fernet.generate_key())


def promote(keys: Keyring) -> Keyring:
    """Return *keys* with the new one first; the same keys when it is there already."""
    return keys if keys.next is None else Keyring((keys.next, *keys.encryption), keys.search)


def without_old(keys: Keyring) -> Keyring:
    """Return *keys* with the first encryption key alone."""
    return replace(keys, encryption=keys.encryption[:1])


def note_begun(ledger: Ledger, *, now: float) -> None:
    """Write down that a rotation was begun."""
    with ledger.write() as connection:
        ledger.note(connection, now, _BEGUN)


def reencrypt(ledger: Ledger, progress: Callable[[int, int], None], *, now: float) -> int:
    """
    Bring every record under the first key; return how many were under another one.

    Goes in pages, each a transaction: killed at any moment, it is simply run again. *progress* gets how many
    records were looked at and how many changed, after each page.
    """
    looked = changed = 0
    for column in _COLUMNS:
        last = 0
        while True:
            page = _page(ledger, column, last)
            if not page:
                break
            last = page[-1][0]
            looked += len(page)
            changed += _reencrypt_page(ledger, column, page)
            progress(looked, changed)
    with ledger.write() as connection:
        if changed or _at(connection, _ROTATED) < _at(connection, _BEGUN):
            ledger.note(connection, now, _ROTATED, detail=f"{changed} records")
    return changed


def _page(ledger: Ledger, column: sa.Column[bytes], last: int) -> list[tuple[int, bytes]]:
    table = column.table
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(table.c.id, column)
            # What was purged has an empty body.
            .where(table.c.id > last, sa.func.length(column) > 0)
            .order_by(table.c.id)
            .limit(PAGE)
        )
        return [(int(id_), bytes(body)) for id_, body in rows]


def _reencrypt_page(ledger: Ledger, column: sa.Column[bytes], page: list[tuple[int, bytes]]) -> int:
    old = [(id_, body) for id_, body in page if not ledger.keys.encrypted_first(body)]
    if not old:
        return 0
    table = column.table
    # The old body is part of the condition: what a purge emptied meanwhile stays empty.
    still_so = (table.c.id == sa.bindparam("p_id"), column == sa.bindparam("p_old"))
    rows = [
        {"p_id": id_, "p_old": body, "p_new": ledger.keys.encrypt(ledger.keys.decrypt(body))}
        for id_, body in old
    ]
    with ledger.write() as connection:
        connection.execute(
            sa.update(table).where(*still_so).values({column.name: sa.bindparam("p_new")}), rows
        )
    return len(rows)


def check_droppable(ledger: Ledger, *, restarted: bool, now: float) -> None:
    """
    Raise DecisionRefused while an old key may still be needed.

    That is while a record is encrypted with one, and for a day after the rotation: a task or a trigger that
    started before may be about to commit what it encrypted with the key that it read. *restarted* says that
    every component was restarted since, so that there is no such process.
    """
    if ledger.keys.next is not None:
        raise DecisionRefused("a rotation was begun and not ended: run `dimona ledger rotate-key --continue`")
    with ledger.read() as connection:
        rotated_at = _at(connection, _ROTATED)
    if not restarted and now < rotated_at + QUIET:
        raise DecisionRefused(
            "the keys were rotated less than a day ago: a task that started before may still use the old "
            "one; wait, or restart every component of Airflow and say --restarted"
        )
    left = sum(_under_old(ledger, column) for column in _COLUMNS)
    if left:
        raise DecisionRefused(
            f"{left} records are still encrypted with an old key: run `dimona ledger rotate-key --continue`"
        )


def _under_old(ledger: Ledger, column: sa.Column[bytes]) -> int:
    count = last = 0
    while page := _page(ledger, column, last):
        last = page[-1][0]
        count += sum(not ledger.keys.encrypted_first(body) for _, body in page)
    return count


def note_dropped(ledger: Ledger, *, now: float) -> None:
    """Write down that the old keys were forgotten."""
    with ledger.write() as connection:
        ledger.note(connection, now, _DROPPED)


def _at(connection: sa.Connection, what: str) -> float:
    """Return when this happened last, 0.0 for never."""
    return float(connection.scalar(sa.select(sa.func.max(events.c.at)).where(events.c.what == what)) or 0.0)
