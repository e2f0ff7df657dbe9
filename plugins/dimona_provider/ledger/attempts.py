"""What came of each POST, and what that makes of its intent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.ledger.forbidding import forbid
from dimona_provider.ledger.schema import attempts, intents
from dimona_provider.ledger.store import Ledger, numbers_of
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


class _Before(NamedTuple):
    """How an intent stood, and its deadline."""

    state: str
    file_by: float | None


_STATE_AFTER = {
    Verdict.FILED: State.SENT,
    Verdict.NOT_RECEIVED: State.PLANNED,
    Verdict.REFUSED: State.HELD,
    Verdict.FORBIDDEN: State.HELD,
    Verdict.UNCLEAR: State.UNCLEAR,
    Verdict.NOT_SENT: State.PLANNED,
}
_WITH_REASON = frozenset({Verdict.REFUSED, Verdict.FORBIDDEN, Verdict.UNCLEAR})

TAKEN_BESIDES = "taken besides"
"""The event of a declaration that the service took and that is no intent's own: a person has to look."""


def may_have_arrived(table: sa.FromClause = attempts) -> sa.ColumnElement[bool]:
    """Return the condition that an attempt may have reached the service, as far as anybody knows."""
    return sa.or_(table.c.verdict.is_(None), table.c.verdict.in_([Verdict.UNCLEAR, Verdict.FILED]))


def awaits_a_look() -> sa.ColumnElement[bool]:
    """
    Return the condition that a planned intent has to be looked for before it is sent.

    A person called it not filed: its claim is still that of the attempt which may have arrived.
    """
    own = (attempts.c.intent == intents.c.id, attempts.c.claim == intents.c.claim)
    return sa.exists().where(*own, may_have_arrived()).correlate(intents)


def record_attempts(ledger: Ledger, token: str, ends: Sequence[Attempted], *, now: float) -> None:
    """
    Write down how attempts under *token* ended, and free, hold, or mark their intents accordingly.

    A late result of an intent that others already called unclear still counts, while its claim is unchanged;
    a declaration id counts as long as the intent has none.
    """
    if not ends:
        return
    with ledger.write() as connection:
        for verdict in sorted({end.verdict for end in ends}):
            some = [end for end in ends if end.verdict is verdict]
            touched = _record(connection, token, _STATE_AFTER[verdict], some, now=now)
            if verdict in _WITH_REASON:
                ledger.note(connection, now, str(_STATE_AFTER[verdict]), intents=touched)
            if verdict is Verdict.FILED:
                for end in some:
                    if end.intent not in touched:
                        _record_late(ledger, connection, token, end, now)
            if verdict is Verdict.FORBIDDEN:
                forbid(ledger, connection, touched, now=now)


def _record(
    connection: sa.Connection, token: str, state: State, ends: Sequence[Attempted], *, now: float
) -> list[int]:
    """Return the intents that this changed: others may have settled some in the meantime."""
    rows = [_parameters(end) for end in ends]
    this_try = (attempts.c.intent == sa.bindparam("p_intent"), attempts.c.claim == token)
    connection.execute(attempts.update().where(*this_try).values(_FINISH), rows)
    before = _still_ours(connection, token, [end.intent for end in ends])
    _measure(connection, ends, before)
    change = update_to(state, changed_at=now, **_CHANGE)
    ours = (intents.c.id == sa.bindparam("p_intent"), intents.c.claim == token)
    connection.execute(change.where(*ours), rows)
    return [id_ for id_, was in before.items() if was.state in FROM[state]]


def _still_ours(connection: sa.Connection, token: str, ids: Iterable[int]) -> dict[int, _Before]:
    """Return state and deadline of those of *ids* that are claimed with *token*."""
    which = (intents.c.id.in_(list(ids)), intents.c.claim == token)
    rows = connection.execute(sa.select(intents.c.id, intents.c.state, intents.c.file_by).where(*which))
    return {row.id: _Before(row.state, row.file_by) for row in rows}


def _measure(connection: sa.Connection, ends: Sequence[Attempted], before: Mapping[int, _Before]) -> None:
    numbers = numbers_of(connection)
    for end in ends:
        numbers.count(f"posts.{end.verdict}")
        row = before.get(end.intent)
        late = (end.sent_at or 0.0) - row.file_by if row is not None and row.file_by is not None else 0.0
        if end.verdict is Verdict.FILED and late > 0:
            numbers.count("filed_late")
            numbers.time("lateness", late)


def _record_late(ledger: Ledger, connection: sa.Connection, token: str, end: Attempted, now: float) -> None:
    """Give an intent that is no longer ours what its own POST made, or leave word for a person."""
    # Locked: who claims it now waits, or has claimed it already and is seen here.
    row = connection.execute(sa.select(intents).where(intents.c.id == end.intent).with_for_update()).first()
    if row is None or row.declaration_id == end.declaration_id:
        return
    detail = f"declaration {end.declaration_id}"
    if row.declaration_id is not None or row.state not in _TAKES_LATE:
        note = f"{detail} was taken besides"
        ledger.note(connection, now, TAKEN_BESIDES, intents=[end.intent], detail=note)
        return
    # Also while it is being sent again: that POST is stopped if it has not left.
    values = {"declaration_id": end.declaration_id, "filed_at": end.read_at, "claim": token}
    own = update_to(State.SENT, reason=None, changed_at=now, **values)
    connection.execute(own.where(intents.c.id == end.intent))
    ledger.note(connection, now, "reported late", intents=[end.intent], detail=detail)
    if row.state != State.SENDING and _was_sent_since(connection, token, end.intent):
        note = "a later POST of it may have been taken besides"
        ledger.note(connection, now, TAKEN_BESIDES, intents=[end.intent], detail=note)


_TAKES_LATE = frozenset({State.PLANNED, State.SENDING, State.UNCLEAR})


def _was_sent_since(connection: sa.Connection, token: str, intent: int) -> bool:
    this_try = sa.select(sa.func.min(attempts.c.id)).where(
        attempts.c.intent == intent, attempts.c.claim == token
    )
    newer = attempts.alias()
    since = (newer.c.intent == intent, newer.c.id > this_try.scalar_subquery(), may_have_arrived(newer))
    return connection.scalar(sa.select(newer.c.id).where(*since).limit(1)) is not None


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
