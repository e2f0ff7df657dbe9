"""Questions of a plan that a person answers; the same is asked once, whoever plans it again."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from dimona_provider.ledger import wishes
from dimona_provider.ledger.intents import insert_once
from dimona_provider.ledger.plan_schema import decisions
from dimona_provider.ledger.store import Ledger

ASKED_ANEW = "asked_anew"
"""The event of a question whose old answer counts no more."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; no person is in it but in the body."""

    environment: str
    employer: str
    kind: str
    employments: Sequence[str]
    periods: Sequence[int]
    options: Sequence[str]
    """The harmless one first."""
    answer_by: float
    body: bytes = field(repr=False)
    """The declarations that a yes would file, as JSON in clear; encrypted on the way in."""
    intent: int | None = None
    """The declaration it is about; None for a question of a plan."""
    since: float = 0.0
    """When the declaration was tried last: what was asked before is asked anew."""


def ask(
    ledger: Ledger, connection: sa.Connection, question: Question, *, now: float
) -> tuple[bool, str | None]:
    """
    Write *question* down; tell whether it is new, and what a person answered to it before.

    If payroll said something else since it was asked, and says now what it said then, it is asked anew; so is
    what was sent again since.
    """
    of_intent = [] if question.intent is None else [question.intent]
    said = [question.employer, question.kind, list(question.periods), sorted(question.employments)]
    key = ledger.keys.content_hash(json.dumps([*said, question.body.decode(), *of_intent]))
    row = {
        "reference": secrets.token_urlsafe(12),
        "environment": question.environment,
        "employer": question.employer,
        "kind": question.kind,
        "key": key,
        "employments": json.dumps(list(question.employments)),
        "options": " ".join(question.options),
        "answer_by": question.answer_by,
        "body": ledger.encrypt(connection, question.body),
        "asked_at": now,
        "intent": question.intent,
    }
    insert = insert_once(connection, decisions).values(row).returning(decisions.c.id)
    if connection.scalar(insert) is not None:
        return True, None
    same = (decisions.c.environment == question.environment, decisions.c.key == key)
    before = connection.execute(sa.select(decisions).where(*same).with_for_update()).one()
    named = question.employments
    is_tried_again = before.asked_at < question.since
    if not is_tried_again and not wishes.changed_since(
        connection, question.environment, named, before.asked_at
    ):
        return False, before.answer
    anew = {"asked_at": now, "answer_by": question.answer_by, "asking": None}
    anew |= dict.fromkeys(("answer", "answered_by", "answered_at"))
    connection.execute(decisions.update().where(decisions.c.id == before.id).values(anew))
    why = "it was sent again" if is_tried_again else "payroll said something else"
    detail = f"{before.reference} {question.kind}: {why} meanwhile"
    ledger.note(connection, now, ASKED_ANEW, detail=detail)
    return True, None
