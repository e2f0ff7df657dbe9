"""What came of each POST, and what that makes of its intent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.ledger.schema import attempts, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.transitions import FROM, update_to


class Verdict(StrEnum):
    """What one attempt came to."""

    FILED = "filed"
    NOT_RECEIVED = "not_received"
    REFUSED = "refused"
    """The service does not take this request: HTTP 400."""
    FORBIDDEN = "forbidden"
    """The service takes nothing of this employer from us: HTTP 403 (version 0.1.0 wrote refused)."""
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
    Verdict.FORBIDDEN: State.HELD,
    Verdict.UNCLEAR: State.UNCLEAR,
    Verdict.NOT_SENT: State.PLANNED,
}
_WITH_REASON = frozenset({Verdict.REFUSED, Verdict.FORBIDDEN, Verdict.UNCLEAR})


def record_attempts(ledger: Ledger, token: str, ends: Sequence[Attempted], *, now: float) -> None:
    """
    Write down how attempts under *token* ended, and free, hold, or mark their intents accordingly.

    A late result of an intent that others already called unclear still counts, while its claim is unchanged.
    """
    if not ends:
        return
    with ledger.write() as connection:
        for verdict in sorted({end.verdict for end in ends}):
            some = [end for end in ends if end.verdict is verdict]
            touched = _record(connection, token, _STATE_AFTER[verdict], some, now=now)
            if verdict in _WITH_REASON:
                ledger.note(connection, now, str(_STATE_AFTER[verdict]), intents=touched)


def _record(
    connection: sa.Connection, token: str, state: State, ends: Sequence[Attempted], *, now: float
) -> list[int]:
    """Return the intents that this changed: others may have settled some in the meantime."""
    rows = [_parameters(end) for end in ends]
    this_try = (attempts.c.intent == sa.bindparam("p_intent"), attempts.c.claim == token)
    connection.execute(attempts.update().where(*this_try).values(_FINISH), rows)
    before = _still_ours(connection, token, [end.intent for end in ends])
    change = update_to(state, changed_at=now, **_CHANGE)
    ours = (intents.c.id == sa.bindparam("p_intent"), intents.c.claim == token)
    connection.execute(change.where(*ours), rows)
    return [id_ for id_, was in before.items() if was in FROM[state]]


def _still_ours(connection: sa.Connection, token: str, ids: Iterable[int]) -> dict[int, str]:
    """Return the states of those of *ids* that are claimed with *token*."""
    which = (intents.c.id.in_(list(ids)), intents.c.claim == token)
    rows = connection.execute(sa.select(intents.c.id, intents.c.state).where(*which))
    return {row.id: row.state for row in rows}


_CHANGE: dict[str, sa.BindParameter[object]] = {
    "reason": sa.bindparam("p_reason"),
    "declaration_id": sa.bindparam("p_declaration"),
    "filed_at": sa.bindparam("p_filed_at"),
    "not_before": sa.bindparam("p_not_before"),
}
_FINISH: dict[str, sa.BindParameter[object]] = {
    "sent_at": sa.bindparam("p_sent_at"),
    "read_at": sa.bindparam("p_read_at"),
    "verdict": sa.bindparam("p_verdict"),
    "detail": sa.bindparam("p_detail"),
    "declaration_id": sa.bindparam("p_declaration"),
}


def _parameters(end: Attempted) -> dict[str, object]:
    filed = end.verdict is Verdict.FILED
    return {
        "p_intent": end.intent,
        "p_reason": end.detail if end.verdict in _WITH_REASON else None,
        "p_declaration": end.declaration_id,
        "p_filed_at": end.read_at if filed else None,
        "p_not_before": end.not_before,
        "p_sent_at": end.sent_at,
        "p_read_at": end.read_at,
        "p_verdict": end.verdict,
        "p_detail": end.detail,
    }
