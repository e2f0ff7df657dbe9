"""What came of each POST, and what that makes of its intent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.ledger.schema import attempts, intents
from dimona_provider.ledger.store import Ledger


class Verdict(StrEnum):
    """What one attempt came to."""

    FILED = "filed"
    NOT_RECEIVED = "not_received"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    NOT_SENT = "not_sent"
    """The claim ended, or sending was stopped, before this POST left."""


@dataclass(frozen=True, slots=True)
class Attempted:
    """The end of one attempt."""

    intent: int
    verdict: Verdict
    sent_at: float | None = None
    read_at: float | None = None
    detail: str = ""
    declaration_id: int | None = None
    not_before: float | None = None


_STATE_AFTER = {
    Verdict.FILED: State.SENT,
    Verdict.NOT_RECEIVED: State.PLANNED,
    Verdict.REFUSED: State.HELD,
    Verdict.UNCLEAR: State.UNCLEAR,
    Verdict.NOT_SENT: State.PLANNED,
}


def record_attempts(ledger: Ledger, token: str, ends: Sequence[Attempted], *, now: float) -> None:
    """
    Write down how attempts under *token* ended, and free, hold, or mark their intents accordingly.

    A late result of an intent that others already called unclear still counts, while its claim is unchanged.
    """
    if not ends:
        return
    ours = (
        intents.c.id == sa.bindparam("p_intent"),
        intents.c.claim == token,
        # No IN: SQLAlchemy can't expand it where one statement runs for many rows.
        sa.or_(intents.c.state == State.SENDING, intents.c.state == State.UNCLEAR),
    )
    change = {
        "state": sa.bindparam("p_state"),
        "reason": sa.bindparam("p_reason"),
        "declaration_id": sa.bindparam("p_declaration"),
        "filed_at": sa.bindparam("p_filed_at"),
        "not_before": sa.bindparam("p_not_before"),
        "changed_at": now,
    }
    finish: dict[str, sa.BindParameter[object]] = {
        "sent_at": sa.bindparam("p_sent_at"),
        "read_at": sa.bindparam("p_read_at"),
        "verdict": sa.bindparam("p_verdict"),
        "detail": sa.bindparam("p_detail"),
        "declaration_id": sa.bindparam("p_declaration"),
    }
    rows = [_parameters(end) for end in ends]
    with ledger.write() as connection:
        connection.execute(intents.update().where(*ours).values(change), rows)
        this_try = (attempts.c.intent == sa.bindparam("p_intent"), attempts.c.claim == token)
        connection.execute(attempts.update().where(*this_try).values(finish), rows)
        for verdict, what in ((Verdict.REFUSED, "held"), (Verdict.UNCLEAR, "unclear")):
            touched = [end.intent for end in ends if end.verdict is verdict]
            ledger.note(connection, now, what, intents=touched)


def _parameters(end: Attempted) -> dict[str, object]:
    filed = end.verdict is Verdict.FILED
    return {
        "p_intent": end.intent,
        "p_state": _STATE_AFTER[end.verdict],
        "p_reason": end.detail if end.verdict in {Verdict.REFUSED, Verdict.UNCLEAR} else None,
        "p_declaration": end.declaration_id,
        "p_filed_at": end.read_at if filed else None,
        "p_not_before": end.not_before,
        "p_sent_at": end.sent_at,
        "p_read_at": end.read_at,
        "p_verdict": end.verdict,
        "p_detail": end.detail,
    }
