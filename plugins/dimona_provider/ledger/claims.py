"""
Claims: who may send which intent now, and what came of each attempt.

A claim is committed before its POSTs leave, so that nobody else sends the same intent. What a sender could
not report is unclear afterwards, never free to be sent again (docs/adr/0002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.outcome import EFFECTIVE, State
from dimona_provider.errors import KeysRotated
from dimona_provider.ledger import switch
from dimona_provider.ledger.attempts import awaits_a_look
from dimona_provider.ledger.forbidding import hold_in
from dimona_provider.ledger.overdue import give_up, is_never_late
from dimona_provider.ledger.putting_right import was_filed
from dimona_provider.ledger.schema import attempts, batches, in_batch, intents, nearest_deadline
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.transitions import update_to
from dimona_provider.ledger.unreadable import opened, set_aside, was_rotated

LEASE = 60.0
"""Seconds for which a claim keeps others away."""
GRACE = 30.0
"""Seconds after lease and HTTP time-out before others may call a claimed intent unclear."""
SENDER_ENDED = "the sender ended before it reported back"


@dataclass(frozen=True, slots=True)
class Claimed:
    """An intent that this sender, and nobody else, may send now."""

    id: int
    employer: str
    body: bytes = field(repr=False)
    """The REST body in clear."""
    leave_by: float | None = None
    """When it may not leave any more; None for what may leave late."""


_CLAIMED = ("id", "employer", "body", "file_by", "kind", "worker_type")


def claim(ledger: Ledger, batch: str, token: str, *, limit: int, now: float) -> list[Claimed]:
    """
    Claim up to *limit* planned intents of *batch*, nearest deadline first; write their attempts down.

    Left out is what a person called not filed and nobody has looked for since (``settlement``), and what was
    filed already; what may not leave late, and is late by now, is given up (``overdue``). Raises KeysRotated
    when this process can open none of them and a new one may.
    """
    other = intents.alias()
    prerequisite_done = sa.exists().where(other.c.id == intents.c.depends_on, other.c.state.in_(EFFECTIVE))
    free = (
        sa.select(intents.c.id)
        .where(
            intents.c.batch == batch,
            intents.c.state == State.PLANNED,
            sa.or_(intents.c.not_before.is_(None), intents.c.not_before <= now),
            sa.or_(intents.c.depends_on.is_(None), prerequisite_done),
            switch.not_switched_off(),
            sa.not_(awaits_a_look()),
            sa.not_(was_filed()),
        )
        .order_by(*nearest_deadline())
        .limit(limit)
        .with_for_update(skip_locked=True)
        # A subquery with LIMIT may be run once for each row by PostgreSQL, and then claims all of them.
        .cte("free")
    )
    take = (
        update_to(State.SENDING, claim=token, claimed_until=now + LEASE, changed_at=now)
        .where(intents.c.id.in_(sa.select(free.c.id)))
        .returning(*(intents.c[name] for name in _CLAIMED))
    )
    with ledger.write() as connection:
        give_up(ledger, connection, batch, now=now)
        # A database returns updated rows in any order.
        rows = sorted(connection.execute(take), key=lambda row: (row.file_by is None, row.file_by, row.id))
        readable, unreadable = opened(ledger, rows)
        if unreadable and not readable and was_rotated(connection, now):
            raise KeysRotated(
                "these keys don't open what is planned: they were rotated since this process began"
            )
        set_aside(ledger, connection, unreadable, now=now)
        if readable:
            # What gets a higher number than this was filed after it, if it is found later.
            highest = connection.scalar(_highest_known(batch))
            tries = [
                {"intent": row.id, "claim": token, "claimed_at": now, "known_up_to": highest}
                for row, _ in readable
            ]
            connection.execute(attempts.insert(), tries)
        return [Claimed(row.id, row.employer, body, _leave_by(row, now)) for row, body in readable]


def _leave_by(row: Any, now: float) -> float | None:
    is_in_time = row.file_by is not None and row.file_by > now
    return row.file_by if is_in_time and is_never_late(row.kind, row.worker_type) else None


def _highest_known(batch: str) -> sa.Select[tuple[int]]:
    environment = sa.select(batches.c.environment).where(batches.c.reference == batch).scalar_subquery()
    highest = sa.func.max(intents.c.declaration_id)
    return sa.select(sa.func.coalesce(highest, 0)).where(intents.c.environment == environment)


# Made once: SQLAlchemy takes as long to build it as a database takes to answer it.
_STANDING = sa.select(intents.c.id, intents.c.claim).where(
    intents.c.id.in_(sa.bindparam("claimed", expanding=True)),
    intents.c.state == State.SENDING,
    switch.not_switched_off(),
)


def standing(connection: sa.Connection, claimed: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return which of these intents, each with its token, are still claimed so and not switched off."""
    rows = connection.execute(_STANDING, {"claimed": [intent for intent, _ in claimed]})
    return {(row.id, row.claim) for row in rows} & set(claimed)


def hold_employer(ledger: Ledger, batch: str, employer: str, reason: str, *, now: float) -> int:
    """
    Hold what is still planned for *employer* in *batch*, and turn the switch on for its other batches.

    Returns how many intents that stopped.
    """
    with ledger.write() as connection:
        return hold_in(ledger, connection, batch, employer, reason, now=now)


def expire(ledger: Ledger, batch: str | None, *, now: float, request_timeout: float) -> int:
    """
    Call unclear what a vanished sender left in *batch*, or anywhere, once it can't be sending any more.

    Returns how many that were.
    """
    with ledger.write() as connection:
        gone = list(
            connection.scalars(
                update_to(State.UNCLEAR, reason=SENDER_ENDED, changed_at=now)
                .where(
                    in_batch(batch),
                    intents.c.state == State.SENDING,
                    sa.or_(
                        intents.c.claimed_until < now - request_timeout - GRACE,
                        # The clock of who claimed it was ahead: nothing can be claimed for that long.
                        intents.c.claimed_until > now + LEASE + request_timeout + GRACE,
                    ),
                )
                .returning(intents.c.id)
            )
        )
        ledger.note(connection, now, "unclear", intents=gone, batch=batch)
    return len(gone)


def sending_until(ledger: Ledger, batch: str, *, request_timeout: float) -> float | None:
    """Return when the last claim of *batch* that is still open may be called unclear, or None without one."""
    with ledger.read() as connection:
        latest = connection.scalar(
            sa.select(sa.func.max(intents.c.claimed_until)).where(
                intents.c.batch == batch, intents.c.state == State.SENDING
            )
        )
    return None if latest is None else float(latest) + request_timeout + GRACE


def planned(ledger: Ledger, batch: str) -> tuple[int, float | None]:
    """Return how many intents of *batch* are still to be sent, and when the first of them may be."""
    with ledger.read() as connection:
        row = connection.execute(
            sa.select(sa.func.count(), sa.func.min(sa.func.coalesce(intents.c.not_before, 0.0))).where(
                intents.c.batch == batch, intents.c.state == State.PLANNED
            )
        ).one()
    return int(row[0]), row[1]
