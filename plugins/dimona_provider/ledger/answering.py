"""What people answer to the questions of plans; the next plan files what somebody said is to be filed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger import wishes
from dimona_provider.ledger.plan_schema import decisions
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.unreadable import opened

FILE = "file"
"""The answer by which the held declarations are filed; with any other one they are not."""
DECIDED = "decided"
"""The name of the event."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as people see it; no person is in it."""

    reference: str
    employer: str
    kind: str
    employments: tuple[str, ...]
    options: tuple[str, ...]
    """The harmless one first."""
    asked_at: float
    answer_by: float
    answer: str | None
    answered_by: str | None
    answered_at: float | None

    def holds(self, now: float) -> str | None:
        """Return the answer that holds: that of a person, or the harmless one after the deadline."""
        return self.answer or (self.options[0] if now > self.answer_by else None)


def questions(ledger: Ledger, *, employer: str | None = None, only_open: bool = True) -> Iterator[Asked]:
    """Yield questions, the most urgent first; the open ones are those that no person has answered."""
    query = sa.select(decisions).order_by(decisions.c.answer_by, decisions.c.id)
    if only_open:
        query = query.where(decisions.c.answered_at.is_(None))
    if employer:
        query = query.where(decisions.c.employer == employer)
    with ledger.read() as connection:
        for row in connection.execute(query):
            yield read_question(row)


def answer(ledger: Ledger, reference: str, option: str, *, reason: str, now: float) -> bool:
    """
    Write a person's answer down, and plan its employments again; return whether it is new.

    After the deadline the harmless option holds until somebody says otherwise, which this is. Raises
    DecisionRefused for what is no question or no option of it, and for another answer than ``file`` once that
    was given: the declarations may have left by now.
    """
    with ledger.write() as connection:
        found = connection.execute(
            sa.select(decisions).where(decisions.c.reference == reference).with_for_update()
        ).first()
        if found is None:
            raise DecisionRefused("the ledger knows no such question: `dimona decide` lists them")
        asked = read_question(found)
        if option not in asked.options:
            raise DecisionRefused(f"{reference} may be answered with {', '.join(asked.options)}")
        if asked.answer == option:
            return False
        if asked.answer == FILE:
            raise DecisionRefused(f"{reference} was to be filed: take it back by declaring it anew")
        change = {"answer": option, "answered_by": ledger.actor, "answered_at": now}
        connection.execute(decisions.update().where(decisions.c.id == found.id).values(change))
        wishes.plan_again(connection, found.environment, dict.fromkeys(asked.employments, now))
        ledger.note(connection, now, DECIDED, detail=f"{reference} {asked.kind}: {option}; {reason}")
    return True


def to_file(ledger: Ledger, connection: sa.Connection, environment: str) -> frozenset[str]:
    """Return what somebody said is to be filed all the same, as ``held_mark`` names it."""
    query = sa.select(decisions.c.id, decisions.c.body).where(
        decisions.c.environment == environment, decisions.c.answer == FILE
    )
    # What no key opens is not filed, and its question stays.
    readable, _ = opened(ledger, connection.execute(query).all())
    return frozenset(
        held_mark(one["key"], one["declaration"]) for _, body in readable for one in json.loads(body)
    )


def held_mark(key: str, declaration: Any) -> str:
    """Return what tells a held declaration, given by its key in the plan and its REST body, from others."""
    return json.dumps([key, declaration], sort_keys=True)


def read_question(row: Any) -> Asked:
    """Return a row of decisions as people see it."""
    return Asked(
        reference=row.reference,
        employer=row.employer,
        kind=row.kind,
        employments=tuple(json.loads(row.employments)),
        options=tuple(row.options.split()),
        asked_at=row.asked_at,
        answer_by=row.answer_by,
        answer=row.answer,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
    )
