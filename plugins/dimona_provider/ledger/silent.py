"""
Declarations that the NSSO took and never answers: unclear after a day, for a person to look.

GET answers 404 both while a declaration is processed and when nobody knows its number. Processing takes
seconds or minutes. Such a one is asked for every hour as before, so that an answer that comes after all
counts; the machine never sends it again, for the service gave it a number.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.ledger.named import ANSWERED_WITHIN, named_at
from dimona_provider.ledger.schema import answers, in_batch, intents, looks
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.transitions import update_to

_LATEST_LOOK = ANSWERED_WITHIN - 2 * 3600.0
"""Seconds after the filing since when somebody must have asked: else nobody knows."""


def call_unclear(ledger: Ledger, batch: str | None, *, now: float) -> int:
    """Call unclear what was asked for during a day since its filing, without any answer; return how many."""
    asked = sa.exists().where(looks.c.intent == intents.c.id, looks.c.at >= intents.c.filed_at + _LATEST_LOOK)
    query = sa.select(intents.c.id, intents.c.declaration_id).where(
        in_batch(batch),
        intents.c.state == State.SENT,
        intents.c.filed_at <= now - ANSWERED_WITHIN,
        asked,
        sa.not_(_answered()),
        named_at().is_(None),  # what a person named counts from then, and goes back without its number
    )
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    return sum(_call_unclear(ledger, row, now) for row in rows)


def _call_unclear(ledger: Ledger, row: Any, now: float) -> bool:
    reason = f"the NSSO took it as declaration {row.declaration_id} and gave no answer to that in a day"
    still = (intents.c.id == row.id, intents.c.state == State.SENT, sa.not_(_answered()))
    same = intents.c.declaration_id == row.declaration_id
    with ledger.write() as connection:
        change = update_to(State.UNCLEAR, reason=reason, changed_at=now).where(*still, same)
        changed = connection.execute(change).rowcount > 0
        if changed:
            ledger.note(connection, now, str(State.UNCLEAR), intents=[row.id], detail=reason)
    return changed


def has_answer(connection: sa.Connection, intent: int) -> bool:
    """Tell whether the service has said anything about the declaration that an intent has now."""
    query = sa.select(intents.c.id).where(intents.c.id == intent, _answered())
    return connection.scalar(query) is not None


def _answered() -> sa.ColumnElement[bool]:
    own = (answers.c.intent == intents.c.id, answers.c.declaration_id == intents.c.declaration_id)
    return sa.exists().where(*own)
