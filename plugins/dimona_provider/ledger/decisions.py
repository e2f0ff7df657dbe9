"""What a person decides about a declaration that the machine can't bring to its end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.domain.outcome import Result, State
from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger import batch_of_one, silent
from dimona_provider.ledger.claims import LEASE
from dimona_provider.ledger.named import RESOLVED, detail_of, disown, named_at
from dimona_provider.ledger.putting_right import CLOCKS_DIFFER
from dimona_provider.ledger.schema import answers, attempts, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.transitions import decide_to

SHOWS_AFTER = 20 * 60.0
"""Seconds after which a declaration that arrived is to be seen at the NSSO; before, nobody can tell."""

DECIDED_OUTCOMES = (State.ACCEPTED, State.WARNED, State.REFUSED)
"""What a person may say that an unknown letter means."""

_HINTS = {
    State.PLANNED: "a run sends it",
    State.SENDING: "a sender is at it: look again in two minutes",
    State.SENT: "the NSSO has it, and a run or the follow-up asks for its outcome",
    State.IDENTIFYING: "the NSSO has it, and is looking for the worker's number",
    State.HELD: "`dimona release` sends it again; `--declaration-id N` says that you filed it",
}
_FINAL = "nothing is left to decide"


@dataclass(frozen=True, slots=True)
class Resolved:
    """An intent after a person's decision."""

    reference: str
    state: State
    was_so: bool = False
    """Whether nothing had to change."""


def resolve_filed(
    ledger: Ledger, reference: str, declaration_id: int, *, reason: str, now: float, differs: bool = False
) -> Resolved:
    """
    Record that an intent was filed as *declaration_id*, by its own POST or by hand: its outcome is asked for.

    Of what is unclear, held or planned; and of what a person gave another number, while no answer came to it.
    The answer counts only if it shows this very declaration, or with *differs*, whatever it shows. Raises
    DecisionRefused in any other case, and when another intent has that declaration.
    """
    with ledger.write() as connection:
        row = _found(connection, reference)
        if row.declaration_id == declaration_id and row.state != State.UNCLEAR and not differs:
            return Resolved(reference, State(row.state), was_so=True)
        before = _check_nameable(connection, row)
        owner = connection.scalar(
            sa.select(intents.c.reference).where(
                intents.c.environment == row.environment,
                intents.c.declaration_id == declaration_id,
                intents.c.id != row.id,
            )
        )
        if owner is not None:
            raise DecisionRefused(f"declaration {declaration_id} is that of {owner}")
        if row.declaration_id != declaration_id:
            disown(connection, row.id, row.declaration_id)
        tried = _last_attempt(connection, row.id) if before is State.UNCLEAR else None
        change = decide_to(
            State.SENT,
            before,
            declaration_id=declaration_id,
            filed_at=tried.sent_at if tried is not None and tried.sent_at is not None else now,
            not_before=None,
            reason=None,
            claim=None,
            changed_at=now,
        )
        _decide(connection, change, row)
        detail = detail_of(declaration_id, reason, differs=differs)
        ledger.note(connection, now, RESOLVED, intents=[row.id], batch=row.batch, detail=detail)
        if row.batch is None:
            batch_of_one.put_in(ledger, connection, row, now=now)
    return Resolved(reference, State.SENT)


def resolve_not_filed(ledger: Ledger, reference: str, *, reason: str, now: float) -> Resolved:
    """
    Record that an unclear intent was not filed: it is planned again, and looked for before it is sent.

    What is planned is so already. Raises DecisionRefused when it is neither, or when it is too early to tell.
    """
    with ledger.write() as connection:
        row = _found(connection, reference)
        if row.state == State.PLANNED:
            return Resolved(reference, State.PLANNED, was_so=True)
        _check_unclear(row)
        _check_unanswered(connection, row)
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
        values = {"declaration_id": None, "filed_at": None, "reason": None, "not_before": None}
        change = decide_to(State.PLANNED, State.UNCLEAR, changed_at=now, **values)
        disown(connection, row.id, row.declaration_id)
        _decide(connection, change, row)
        batch_of_one.take_out(connection, row)
        detail = f"not filed: {reason}"
        ledger.note(connection, now, RESOLVED, intents=[row.id], batch=row.batch, detail=detail)
    return Resolved(reference, State.PLANNED)


def resolve_outcome(ledger: Ledger, reference: str, outcome: State, *, reason: str, now: float) -> Resolved:
    """
    Record what an answer with a letter that nobody knows came to, as the NSSO explained it to a person.

    Raises DecisionRefused for anything else, and for what is no outcome.
    """
    if outcome not in DECIDED_OUTCOMES:
        raise DecisionRefused(f"{outcome} is no outcome")
    with ledger.write() as connection:
        row = _found(connection, reference)
        has_unknown_letter = row.result is not None and row.result not in set(Result)
        if has_unknown_letter and row.state == outcome:
            return Resolved(reference, outcome, was_so=True)
        _check_unclear(row)
        if row.declaration_id is None or not has_unknown_letter:
            raise DecisionRefused(
                f"{reference} has no answer with an unknown letter: say whether it was filed"
            )
        _decide(connection, decide_to(outcome, State.UNCLEAR, reason=None, changed_at=now), row)
        detail = f"{row.result} came to {outcome}: {reason}"
        ledger.note(connection, now, RESOLVED, intents=[row.id], batch=row.batch, detail=detail)
    return Resolved(reference, outcome)


def _found(connection: sa.Connection, reference: str) -> Any:
    row = connection.execute(
        sa.select(intents, named_at().label("named_at"))
        .where(intents.c.reference == reference)
        .with_for_update(of=intents)
    ).first()
    if row is None:
        raise DecisionRefused(
            "the ledger knows no such reference: `dimona ledger list --state unclear` shows those to decide"
        )
    return row


def _check_nameable(connection: sa.Connection, row: Any) -> State:
    """Return the state of what may be given a number. Raises DecisionRefused."""
    state = State(row.state)
    if state is State.SENT and row.named_at is not None:
        own = (answers.c.intent == row.id, answers.c.declaration_id == row.declaration_id)
        if connection.scalar(sa.select(answers.c.id).where(*own).limit(1)) is None:
            return state
        raise DecisionRefused(f"{row.reference} has an answer: a run or the follow-up looks whose it is")
    if state not in {State.PLANNED, State.HELD}:
        _check_unclear(row)
        _check_unanswered(connection, row)
    return state


def _check_unclear(row: Any) -> None:
    if row.state != State.UNCLEAR:
        raise DecisionRefused(f"{row.reference} is {row.state}: {_HINTS.get(State(row.state), _FINAL)}")


def _check_unanswered(connection: sa.Connection, row: Any) -> None:
    if row.declaration_id is not None and (row.result is not None or silent.has_answer(connection, row.id)):
        raise DecisionRefused(
            f"{row.reference} was filed as {row.declaration_id}, and "
            f"{row.reason or 'has an unknown answer'}: ask the NSSO what that means, and say --outcome"
        )


def _last_attempt(connection: sa.Connection, intent: int) -> Any:
    return connection.execute(
        sa.select(attempts).where(attempts.c.intent == intent).order_by(attempts.c.id.desc()).limit(1)
    ).first()


def _decide(connection: sa.Connection, change: sa.Update, row: Any) -> None:
    still = (intents.c.id == row.id, intents.c.declaration_id.is_not_distinct_from(row.declaration_id))
    if not connection.execute(change.where(*still)).rowcount:
        raise DecisionRefused(f"{row.reference} has changed in this moment: look at it again")
