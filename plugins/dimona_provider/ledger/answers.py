"""Answers of the service: inserted once by whoever asked, folded into the intents' states by a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from dimona_provider.domain.outcome import Answer, Result, State, state_after
from dimona_provider.ledger.intents import insert_once
from dimona_provider.ledger.schema import answers, in_batch, intents
from dimona_provider.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class OpenDeclaration:
    """A filed declaration without a final answer in the ledger."""

    intent: int
    declaration_id: int
    filed_at: float


@dataclass(frozen=True, slots=True)
class Received:
    """An answer to a declaration, with the body that it was read from."""

    intent: int
    answer: Answer
    body: bytes = field(repr=False)
    at: float


def open_declarations(ledger: Ledger, batch: str) -> list[OpenDeclaration]:
    """Return the declarations of *batch* that were filed and have no answer yet, not even S."""
    answered = sa.exists().where(answers.c.intent == intents.c.id)
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(intents.c.id, intents.c.declaration_id, intents.c.filed_at)
            .where(intents.c.batch == batch, intents.c.state == State.SENT, sa.not_(answered))
            .order_by(intents.c.id)
        )
        return [OpenDeclaration(row.id, row.declaration_id, row.filed_at) for row in rows]


def insert_answers(ledger: Ledger, environment: str, received: Sequence[Received]) -> None:
    """Insert each answer unless it is there: two pollers may have asked at the same time."""
    rows = [
        {
            "intent": one.intent,
            "environment": environment,
            "declaration_id": one.answer.declaration_id,
            "result": one.answer.result,
            "period_id": one.answer.period_id,
            "anomalies": " ".join(one.answer.anomalies),
            "body": ledger.keys.encrypt(one.body),
            "received_at": one.at,
        }
        for one in received
    ]
    if rows:
        with ledger.write() as connection:
            connection.execute(insert_once(connection, answers), rows)


def fold(ledger: Ledger, batch: str | None, *, now: float) -> int:
    """
    Bring the intents of *batch*, or of all, to the state that their answers say; return how many changed.

    A final answer outranks S. Doing it again changes nothing.
    """
    with ledger.write() as connection:
        rows = connection.execute(
            sa.select(answers, intents.c.state)
            .join(intents, intents.c.id == answers.c.intent)
            .where(in_batch(batch), intents.c.state.in_([State.SENT, State.IDENTIFYING]))
            # S sorts first, so that a final answer of the same declaration overwrites it below.
            .order_by(sa.case((answers.c.result == Result.IDENTIFYING, 0), else_=1), answers.c.id)
        ).all()
        changes = {row.intent: _change(row, now) for row in rows}
        before = {row.intent: row.state for row in rows}
        moved = {id_: change for id_, change in changes.items() if change["p_state"] != before[id_]}
        if moved:
            connection.execute(_FOLD, list(moved.values()))
        for state in {change["p_state"] for change in moved.values()}:
            ids = [id_ for id_, change in moved.items() if change["p_state"] == state]
            ledger.note(connection, now, str(state), intents=ids)
    return len(moved)


_FOLD = (
    intents.update()
    .where(intents.c.id == sa.bindparam("p_intent"))
    .values(
        state=sa.bindparam("p_state"),
        reason=sa.bindparam("p_reason"),
        result=sa.bindparam("p_result"),
        period_id=sa.func.coalesce(sa.bindparam("p_period", type_=sa.BigInteger), intents.c.period_id),
        anomalies=sa.bindparam("p_anomalies"),
        answered_at=sa.bindparam("p_answered_at"),
        changed_at=sa.bindparam("p_changed_at"),
    )
)


def _change(row: sa.Row[tuple[object, ...]], now: float) -> dict[str, object]:
    state = state_after(row.result)
    unknown = f"the service answered the unknown result {row.result}" if state is State.UNCLEAR else None
    return {
        "p_intent": row.intent,
        "p_state": state,
        "p_reason": unknown,
        "p_result": row.result,
        "p_period": row.period_id,
        "p_anomalies": row.anomalies,
        "p_answered_at": row.received_at,
        "p_changed_at": now,
    }
