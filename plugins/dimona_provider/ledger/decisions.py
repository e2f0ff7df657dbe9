"""What a person decides about a declaration of which the machine does not know whether it arrived."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.domain.outcome import State
from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger.claims import LEASE
from dimona_provider.ledger.putting_right import CLOCKS_DIFFER
from dimona_provider.ledger.schema import attempts, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.transitions import update_to

SHOWS_AFTER = 20 * 60.0
"""Seconds after which a declaration that arrived is to be seen at the NSSO; before, nobody can tell."""

_HINTS = {
    State.PLANNED: "a run sends it",
    State.SENDING: "a sender is at it: look again in two minutes",
    State.SENT: "the NSSO has it, and a run or the follow-up asks for its outcome",
    State.IDENTIFYING: "the NSSO has it, and is looking for the worker's number",
    State.HELD: "`dimona release` sends it again",
}
_FINAL = "nothing is left to decide"


@dataclass(frozen=True, slots=True)
class Resolved:
    """An intent after a person's decision."""

    reference: str
    state: State


def resolve_filed(
    ledger: Ledger, reference: str, declaration_id: int, *, reason: str, now: float
) -> Resolved:
    """
    Record that an unclear intent was filed as *declaration_id*: its outcome is asked for from now on.

    Raises DecisionRefused when it is not unclear, or when another intent has that declaration.
    """
    with ledger.write() as connection:
        row = _unclear(connection, reference)
        owner = connection.scalar(
            sa.select(intents.c.reference).where(
                intents.c.environment == row.environment, intents.c.declaration_id == declaration_id
            )
        )
        if owner is not None:
            raise DecisionRefused(f"declaration {declaration_id} is that of {owner}")
        tried = _last_attempt(connection, row.id)
        filed_at = tried.sent_at if tried is not None and tried.sent_at is not None else now
        change = update_to(
            State.SENT,
            declaration_id=declaration_id,
            filed_at=filed_at,
            reason=None,
            claim=None,
            changed_at=now,
        )
        _decide(connection, change, row.id)
        detail = f"filed as {declaration_id}: {reason}"
        ledger.note(connection, now, "resolved", intents=[row.id], batch=row.batch, detail=detail)
    return Resolved(reference, State.SENT)


def resolve_not_filed(ledger: Ledger, reference: str, *, reason: str, now: float) -> Resolved:
    """
    Record that an unclear intent was not filed: it is planned again.

    The next run looks for it once more before it sends it.
    Raises DecisionRefused when it is not unclear, or when it is too early to tell.
    """
    with ledger.write() as connection:
        row = _unclear(connection, reference)
        tried = _last_attempt(connection, row.id)
        if tried is not None:
            left_at = tried.sent_at or tried.claimed_at + LEASE
            # Of a clock that was far ahead: it had left when it was called unclear.
            left_at = left_at if left_at < now + CLOCKS_DIFFER else row.changed_at
            shows_at = left_at + SHOWS_AFTER
            if now < shows_at:
                at = dt.datetime.fromtimestamp(shows_at, tz=BRUSSELS).strftime("%H:%M")
                raise DecisionRefused(
                    f"{reference} was sent less than 20 minutes ago and may still appear at the NSSO: "
                    f"look there again after {at}"
                )
        # Its claim stays: by it a run knows that it has to look once more before it sends.
        _decide(connection, update_to(State.PLANNED, reason=None, not_before=None, changed_at=now), row.id)
        detail = f"not filed: {reason}"
        ledger.note(connection, now, "resolved", intents=[row.id], batch=row.batch, detail=detail)
    return Resolved(reference, State.PLANNED)


def _unclear(connection: sa.Connection, reference: str) -> Any:
    row = connection.execute(
        sa.select(intents).where(intents.c.reference == reference).with_for_update()
    ).first()
    if row is None:
        raise DecisionRefused(
            "the ledger knows no such reference: `dimona ledger list --state unclear` shows those to decide"
        )
    if row.state != State.UNCLEAR:
        raise DecisionRefused(f"{reference} is {row.state}: {_HINTS.get(State(row.state), _FINAL)}")
    if row.declaration_id is not None:
        raise DecisionRefused(
            f"{reference} was filed as {row.declaration_id}, and {row.reason or 'has an unknown answer'}: "
            "ask the NSSO what that means; the follow-up asks it again"
        )
    return row


def _last_attempt(connection: sa.Connection, intent: int) -> Any:
    return connection.execute(
        sa.select(attempts).where(attempts.c.intent == intent).order_by(attempts.c.id.desc()).limit(1)
    ).first()


def _decide(connection: sa.Connection, change: sa.Update, intent: int) -> None:
    connection.execute(change.where(intents.c.id == intent, intents.c.state == State.UNCLEAR))
