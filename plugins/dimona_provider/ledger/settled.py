"""What a look at the NSSO makes of an intent, written down: each change only of what was looked at."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import State
from dimona_provider.ledger import stranded
from dimona_provider.ledger.schema import attempts, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.transitions import update_to
from dimona_provider.ledger.unclear import COMPARED, Unclear


def adopt(
    ledger: Ledger, one: Unclear, declaration_id: int, *, period_id: int | None = None, now: float
) -> bool:
    """
    Give an unclear intent the declaration that a search found; return whether it was still unclear.

    False too when another intent has that declaration, or the period *period_id* that it made.
    """
    try:
        return _adopt(ledger, one, declaration_id, period_id, now)
    except sa.exc.IntegrityError:
        return False


def _adopt(ledger: Ledger, one: Unclear, declaration_id: int, period_id: int | None, now: float) -> bool:
    with ledger.write() as connection:
        if _is_of_another(connection, one, declaration_id, period_id):
            return False
        sent_at = connection.scalar(
            sa.select(sa.func.coalesce(attempts.c.sent_at, attempts.c.claimed_at)).where(*_try_of(one))
        )
        changed = _change(
            connection,
            one,
            State.SENT,
            declaration_id=declaration_id,
            filed_at=sent_at or now,
            changed_at=now,
        )
        if changed:
            found = {"declaration_id": declaration_id, "detail": "found by search"}
            connection.execute(attempts.update().where(*_try_of(one)).values(found))
            ledger.note(connection, now, "adopted", intents=[one.id], detail=f"declaration {declaration_id}")
    return changed


def mark_already_true(
    ledger: Ledger,
    one: Unclear,
    reason: str,
    *,
    period_id: int | None,
    declaration_id: int | None = None,
    now: float,
) -> bool:
    """
    Write down that the NSSO has it already; return whether the intent was still as it was looked at.

    False too when another intent has the period, or the declaration that made it: one period is no answer
    to two wishes.
    """
    with ledger.write() as connection:
        if one.kind == Kind.IN and _is_of_another(connection, one, declaration_id, period_id):
            return False
        changed = _change(
            connection,
            one,
            State.ALREADY_TRUE,
            reason=reason,
            period_id=period_id,
            answered_at=now,
            changed_at=now,
        )
        if changed:
            ledger.note(connection, now, str(State.ALREADY_TRUE), intents=[one.id], detail=reason)
            stranded.free(ledger, connection, one.id, now=now)
    return changed


def _is_of_another(
    connection: sa.Connection, one: Unclear, declaration_id: int | None, period_id: int | None
) -> bool:
    # Equal wishes are of one worker: locked, two who settle them can't both find the other one free.
    same_worker = (
        intents.c.environment == one.environment,
        intents.c.employer == one.employer,
        intents.c.worker_hash == one.worker_hash,
    )
    locked = sa.select(intents.c.id).where(*same_worker).order_by(intents.c.id).with_for_update()
    connection.execute(locked).all()
    made = []
    if period_id is not None:
        made.append(sa.and_(intents.c.period_id == period_id, intents.c.kind == Kind.IN))
    if declaration_id is not None:
        made.append(intents.c.declaration_id == declaration_id)
    which = (intents.c.environment == one.environment, intents.c.id != one.id, sa.or_(sa.false(), *made))
    return connection.scalar(sa.select(intents.c.id).where(*which).limit(1)) is not None


def plan_again(ledger: Ledger, one: Unclear, reason: str, *, now: float) -> bool:
    """Let an intent that did not arrive be claimed anew; return whether it was still unclear."""
    with ledger.write() as connection:
        changed = _change(
            connection, one, State.PLANNED, reason=None, claim=None, not_before=None, changed_at=now
        )
        if changed:
            ledger.note(connection, now, "planned again", intents=[one.id], batch=one.batch, detail=reason)
    return changed


def let_go(ledger: Ledger, one: Unclear, *, now: float) -> bool:
    """Let what a person called not filed be sent, now that it was looked for; return whether it waited."""
    mine = (intents.c.id == one.id, intents.c.claim == one.claim, intents.c.state == State.PLANNED)
    with ledger.write() as connection:
        changed = connection.execute(intents.update().where(*mine).values(claim=None)).rowcount > 0
        if changed:
            ledger.note(connection, now, "looked for", intents=[one.id], detail="not found at the NSSO")
    return changed


def explain(ledger: Ledger, one: Unclear, reason: str, *, now: float) -> None:
    """Write down why an intent stays unclear, after how it came to be so; when that has changed."""
    reason = f"{one.detail}; {reason}"
    is_new = sa.func.coalesce(intents.c.reason, "") != reason
    still = (intents.c.id == one.id, intents.c.state == State.UNCLEAR, is_new)
    with ledger.write() as connection:
        changed = connection.scalars(
            intents.update().where(*still).values(reason=reason, changed_at=now).returning(intents.c.id)
        )
        ledger.note(connection, now, "stays unclear", intents=list(changed), detail=reason)


def note_compared(ledger: Ledger, one: Unclear, *, now: float) -> None:
    """Remember that a refused intent was compared, so that it is not done every hour."""
    with ledger.write() as connection:
        # A purge may have deleted it since we looked.
        still = sa.select(intents.c.id).where(intents.c.id == one.id).with_for_update()
        ledger.note(connection, now, COMPARED, intents=list(connection.scalars(still)))


def _change(connection: sa.Connection, one: Unclear, to: State, **values: Any) -> bool:
    # The claim: a sender that still lives may have reported, or another one claimed it, since we looked.
    mine = (intents.c.id == one.id, intents.c.claim == one.claim)
    return connection.execute(update_to(to, **values).where(*mine)).rowcount > 0


def _try_of(one: Unclear) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return attempts.c.intent == one.id, attempts.c.claim == one.claim
