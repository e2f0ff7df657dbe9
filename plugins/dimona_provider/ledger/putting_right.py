"""
What has to be put right in the ledger itself, without asking the service.

Instants of a clock that was ahead lie further away than they can be: taken as they are, nobody would look at
their rows for years. A declaration that was read as filed has its number, whatever became of its intent.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.ledger.attempts import Verdict
from dimona_provider.ledger.schema import attempts, batches, in_batch, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.transitions import update_to

CLOCKS_DIFFER = 900.0
"""Seconds by which two machines may disagree; what is less passes by itself."""
_DAY = 86_400.0
_LONGEST_RETRY_AFTER = _DAY
_CLOCK = "an instant of a clock that was ahead was put right"


def put_right(ledger: Ledger, batch: str | None, *, now: float) -> None:
    """
    Bring what can't be back to what can be, in *batch* or anywhere.

    That is instants that lie too far ahead, and intents that don't have the declaration they were read to be.
    """
    with ledger.write() as connection:
        _put_clocks_right(ledger, connection, batch, now)
        _give_numbers(ledger, connection, batch, now)


def _put_clocks_right(ledger: Ledger, connection: sa.Connection, batch: str | None, now: float) -> None:
    ahead: list[tuple[dict[str, Any], tuple[sa.ColumnElement[bool], ...]]] = [
        # Nobody knows when it left: a clock that is a day off can't talk to the service, so before now.
        (
            {"claimed_until": now},
            (intents.c.state == State.UNCLEAR, intents.c.claimed_until > now + _DAY),
        ),
        (
            {"not_before": None},
            (
                intents.c.state == State.PLANNED,
                intents.c.not_before > now + _LONGEST_RETRY_AFTER + CLOCKS_DIFFER,
            ),
        ),
        # Rather too early: what was filed later is a sign that a search has caught up.
        (
            {"filed_at": sa.case((intents.c.created_at < now, intents.c.created_at), else_=now - _DAY)},
            (intents.c.state.in_(_FILED), intents.c.filed_at > now + CLOCKS_DIFFER),
        ),
    ]
    for values, which in ahead:
        changed = intents.update().where(in_batch(batch), *which).values(values).returning(intents.c.id)
        ledger.note(connection, now, "put right", intents=list(connection.scalars(changed)), detail=_CLOCK)
    polled = (
        sa.true() if batch is None else batches.c.reference == batch,
        batches.c.polled_until > now + CLOCKS_DIFFER,
    )
    connection.execute(batches.update().where(*polled).values(polled_until=now))


_FILED = (
    State.SENT,
    State.IDENTIFYING,
    State.UNCLEAR,
    State.ACCEPTED,
    State.WARNED,
    State.REFUSED,
)


def _give_numbers(ledger: Ledger, connection: sa.Connection, batch: str | None, now: float) -> None:
    """Bring planned intents to the declaration that one of their attempts was read to have made."""
    own = sa.select(intents.c.id, attempts.c.declaration_id, attempts.c.read_at, attempts.c.claim)
    found = connection.execute(
        own.join(attempts, attempts.c.intent == intents.c.id)
        .where(in_batch(batch), intents.c.state == State.PLANNED, is_nobodys())
        .order_by(attempts.c.id)
    ).all()
    for row in {row.id: row for row in reversed(found)}.values():
        values = {"declaration_id": row.declaration_id, "filed_at": row.read_at or now, "claim": row.claim}
        change = update_to(State.SENT, reason=None, changed_at=now, **values)
        connection.execute(change.where(intents.c.id == row.id))
        detail = f"declaration {row.declaration_id}"
        ledger.note(connection, now, "reported late", intents=[row.id], detail=detail)


def is_nobodys() -> sa.ColumnElement[bool]:
    """Return the condition that an attempt of an intent was read as filed, and no intent has its number."""
    owner = intents.alias()
    owned = sa.exists().where(
        owner.c.environment == intents.c.environment, owner.c.declaration_id == attempts.c.declaration_id
    )
    filed = (attempts.c.verdict == Verdict.FILED, attempts.c.declaration_id.is_not(None))
    return sa.and_(*filed, sa.not_(owned.correlate(intents, attempts)))


def was_filed() -> sa.ColumnElement[bool]:
    """Return the condition that an intent has such an attempt: it must not be sent again."""
    return sa.exists().where(attempts.c.intent == intents.c.id, is_nobodys()).correlate(intents)
