"""Answers of the service: inserted once by whoever asked, folded into the intents' states by a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from dimona_provider.domain.outcome import Answer, Result, State, state_after
from dimona_provider.ledger.intents import insert_once
from dimona_provider.ledger.named import IsSame, is_named, without_strangers
from dimona_provider.ledger.schema import answers, in_batch, intents
from dimona_provider.ledger.store import Ledger, numbers_of
from dimona_provider.ledger.transitions import update_to


@dataclass(frozen=True, slots=True)
class OpenDeclaration:
    """A filed declaration without a final answer in the ledger."""

    intent: int
    declaration_id: int
    filed_at: float
    last_look: float | None = None
    """When it may have been asked for last, if that is known."""
    due: float | None = None
    """Since or from when it is owed a look, if that is not for the schedule alone to say."""


@dataclass(frozen=True, slots=True)
class Received:
    """An answer to a declaration, with the body that it was read from."""

    intent: int
    answer: Answer
    body: bytes = field(repr=False)
    at: float


def open_declarations(ledger: Ledger, batch: str) -> list[OpenDeclaration]:
    """Return the declarations of *batch* that were filed and have no answer yet, not even S."""
    answered = sa.exists().where(
        answers.c.intent == intents.c.id, answers.c.declaration_id == intents.c.declaration_id
    )
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(intents.c.id, intents.c.declaration_id, intents.c.filed_at)
            .where(intents.c.batch == batch, intents.c.state == State.SENT, sa.not_(answered))
            .order_by(intents.c.id)
        )
        return [OpenDeclaration(row.id, row.declaration_id, row.filed_at) for row in rows]


def insert_answers(ledger: Ledger, environment: str, received: Sequence[Received]) -> None:
    """
    Insert each answer unless it is there: two pollers may have asked at the same time.

    Of what has another number by now, or is purged, nothing is inserted.
    """
    if not received:
        return
    with ledger.write() as connection:
        numbers = sa.select(intents.c.id, intents.c.declaration_id).where(
            intents.c.id.in_({one.intent for one in received})
        )
        current = {tuple(row) for row in connection.execute(numbers)}
        still = [one for one in received if (one.intent, one.answer.declaration_id) in current]
        if still:
            rows = [_row(ledger, connection, environment, one) for one in still]
            connection.execute(insert_once(connection, answers), rows)


def _row(ledger: Ledger, connection: sa.Connection, environment: str, one: Received) -> dict[str, object]:
    return {
        "intent": one.intent,
        "environment": environment,
        "declaration_id": one.answer.declaration_id,
        "result": one.answer.result,
        "period_id": one.answer.period_id,
        "anomalies": " ".join(one.answer.anomalies),
        "body": ledger.encrypt(connection, one.body),
        "received_at": one.at,
    }


def fold(ledger: Ledger, batch: str | None, *, now: float, is_same: IsSame | None = None) -> int:
    """
    Bring the intents of *batch*, or of all, to the state that their answers say; return how many changed.

    A final answer outranks S. An answer to a number that a person gave counts if *is_same* says so, and waits
    without it. Doing it again changes nothing.
    """
    with ledger.write() as connection:
        found = connection.execute(
            sa.select(answers, intents.c.state, intents.c.filed_at, is_named().label("is_named"))
            .join(intents, intents.c.id == answers.c.intent)
            .where(
                in_batch(batch),
                intents.c.state.in_(ANSWERABLE),
                answers.c.declaration_id == intents.c.declaration_id,
            )
            # What is final sorts last, so that it overwrites S and unknown letters below.
            .order_by(sa.case((answers.c.result.in_(FINAL), 1), else_=0), answers.c.id)
        ).all()
        rows = without_strangers(ledger, connection, found, is_same, now=now)
        changes = {row.intent: (state_after(row.result), _change(row, now)) for row in rows}
        before = {row.intent: row.state for row in rows}
        moved = {id_: to for id_, (to, _) in changes.items() if to != before[id_]}
        for state in sorted(set(moved.values())):
            ids = [id_ for id_, to in moved.items() if to is state]
            connection.execute(_fold_to(state), [changes[id_][1] for id_ in ids])
            ledger.note(connection, now, str(state), intents=ids)
        for row in rows:
            if row.intent in moved and row.result in FINAL and row.filed_at is not None:
                numbers_of(connection).answered_after(row.received_at - row.filed_at)
    return len(moved)


ANSWERABLE = (State.SENT, State.IDENTIFYING, State.UNCLEAR)
"""States in which an answer may still change something: unclear ones may have an unknown letter so far."""
FINAL = (Result.ACCEPTED, Result.WARNED, Result.REFUSED)


def _fold_to(state: State) -> sa.Update:
    return update_to(
        state,
        reason=sa.bindparam("p_reason"),
        result=sa.bindparam("p_result"),
        period_id=sa.func.coalesce(sa.bindparam("p_period", type_=sa.BigInteger), intents.c.period_id),
        anomalies=sa.bindparam("p_anomalies"),
        answered_at=sa.bindparam("p_answered_at"),
        changed_at=sa.bindparam("p_changed_at"),
    ).where(intents.c.id == sa.bindparam("p_intent"))


def _change(row: sa.Row[tuple[object, ...]], now: float) -> dict[str, object]:
    state = state_after(row.result)
    unknown = f"the service answered the unknown result {row.result}" if state is State.UNCLEAR else None
    return {
        "p_intent": row.intent,
        "p_reason": unknown,
        "p_result": row.result,
        "p_period": row.period_id,
        "p_anomalies": row.anomalies,
        "p_answered_at": row.received_at,
        "p_changed_at": now,
    }
