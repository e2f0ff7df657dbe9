"""What people answer to questions: written down once, checked, and acted on by the next plan or look."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.domain.planning.words import DecisionKind, Option
from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger import wishes
from dimona_provider.ledger.decisions import resolve_not_filed, resolve_outcome
from dimona_provider.ledger.plan_schema import decisions
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.store import Ledger

DECIDED = "decided"
"""The name of the event."""

HARMLESS = frozenset({Option.KEEP, Option.CORRECT, Option.APPROVED})
"""Options that file nothing and change no declaration; the others can't be taken back here."""

_STATES = {
    DecisionKind.WARNED: State.WARNED,
    DecisionKind.REFUSED: State.REFUSED,
    DecisionKind.UNCLEAR: State.UNCLEAR,
    DecisionKind.UNREAD: State.UNCLEAR,
}
"""How a declaration stands of which this is asked."""
_AT_ONCE = frozenset({DecisionKind.UNCLEAR, DecisionKind.UNREAD})
"""Questions whose answer is acted on before it is written down."""


ASKED = sa.select(decisions, intents.c.anomalies).select_from(
    decisions.outerjoin(intents, intents.c.id == decisions.c.intent)
)
"""The rows that ``read_question`` reads."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as people see it; no person is in it."""

    reference: str
    environment: str
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
    codes: tuple[str, ...] = ()
    """Anomaly codes of the declaration that it is about."""

    def holds(self, now: float) -> str | None:
        """Return the answer that holds: that of a person, or the harmless one after the deadline."""
        return self.answer or (self.options[0] if now > self.answer_by else None)


def questions(
    ledger: Ledger,
    *,
    employer: str | None = None,
    kind: str | None = None,
    asking: int | None = None,
    only_open: bool = True,
) -> Iterator[Asked]:
    """
    Yield questions, the most urgent first.

    The open ones are those that no person has answered, and that still may be: neither payroll nor the
    declaration has changed since. With *employer*, *kind* or *asking* (the number of one of ``askings``)
    only those of it.
    """
    query = ASKED.order_by(decisions.c.answer_by, decisions.c.id)
    if only_open:
        query = query.where(decisions.c.answered_at.is_(None))
    if employer:
        query = query.where(decisions.c.employer == employer)
    if kind:
        query = query.where(decisions.c.kind == kind)
    if asking is not None:
        query = query.where(decisions.c.asking == asking)
    with ledger.read() as connection:
        for row in connection.execute(query).all():
            if not (only_open and why_overtaken(connection, row)):
                yield read_question(row)


def why_overtaken(connection: sa.Connection, row: Any, done: str | None = None) -> str | None:
    """
    Return in words why a question, a row of ``decisions``, may not be answered any more.

    *done* is how its declaration stands if whoever answered so died before the answer was written down.
    """
    named = json.loads(row.employments)
    changed = wishes.changed_since(connection, row.environment, named, row.asked_at)
    # What a brake holds is many wishes: those that changed are left out, and asked about anew.
    if changed and (row.kind != DecisionKind.BRAKE or changed.issuperset(named)):
        return (
            f"payroll has changed what {row.reference} is about since it was asked: "
            "the next plan goes by payroll"
        )
    if row.intent is None:
        return None
    state = connection.scalar(sa.select(intents.c.state).where(intents.c.id == row.intent))
    if state in {_STATES[DecisionKind.of(row.kind)], done}:
        return None
    return f"what {row.reference} is about is {state or 'purged'} by now"


def answer(ledger: Ledger, reference: str, option: str, *, reason: str, now: float) -> bool:
    """
    Write a person's answer down, and plan its employments again; return whether it is new.

    After the deadline the harmless option holds until somebody says otherwise, which this is. Raises
    DecisionRefused for what is no question or no option of it, when payroll or the declaration has changed
    since it was asked, and for another answer once one was given that may have been acted on.
    """
    with ledger.read() as connection:
        asked = _checked(connection, reference, option)
        of = connection.scalar(_intent_of(reference))
    if asked.answer == option:
        return False
    if of is not None and option not in HARMLESS:
        _resolve(ledger, asked.kind, of, option, reason=reason, now=now)
    with ledger.write() as connection:
        asked = _checked(connection, reference, option, is_resolved=True)
        if asked.answer == option:
            return False
        row = connection.execute(
            decisions.update()
            .where(decisions.c.reference == reference)
            .values(answer=option, answered_by=ledger.actor, answered_at=now)
            .returning(decisions.c.environment, decisions.c.intent)
        ).one()
        wishes.plan_again(connection, row.environment, dict.fromkeys(asked.employments, now))
        of_intent = [row.intent] if row.intent is not None else None
        detail = f"{reference} {asked.kind}: {option}; {reason}"
        ledger.note(connection, now, DECIDED, intents=of_intent, detail=detail)
    return True


def _checked(connection: sa.Connection, reference: str, option: str, *, is_resolved: bool = False) -> Asked:
    """Return the question that *option* may answer; with *is_resolved* what it asks for was done just now."""
    query = ASKED.where(decisions.c.reference == reference)
    found = connection.execute(query.with_for_update(of=decisions) if is_resolved else query).first()
    if found is None:
        raise DecisionRefused("the ledger knows no such question: `dimona decide` lists them")
    asked = read_question(found)
    if option not in asked.options:
        raise DecisionRefused(f"{reference} may be answered with {', '.join(asked.options)}")
    if asked.answer == option:
        return asked
    if asked.answer is not None and asked.answer not in HARMLESS:
        raise DecisionRefused(
            f"{reference} was answered with {asked.answer}, which may have been done by now: "
            "take it back by declaring it anew"
        )
    is_at_once = asked.kind in _AT_ONCE and option not in HARMLESS
    done = str(State.PLANNED) if option == Option.NOT_FILED else option
    why = why_overtaken(connection, found, done if is_at_once else None)
    # An unclear declaration that this very answer has just settled is not overtaken.
    if why is not None and not (is_resolved and is_at_once):
        raise DecisionRefused(why)
    return asked


def _intent_of(reference: str) -> sa.Select[Any]:
    return (
        sa.select(intents.c.reference)
        .join(decisions, decisions.c.intent == intents.c.id)
        .where(decisions.c.reference == reference)
    )


def _resolve(ledger: Ledger, kind: str, intent: str, option: str, *, reason: str, now: float) -> None:
    """Do at once what no plan has to do. If this process dies here, the same answer finds it done."""
    if kind == DecisionKind.UNCLEAR:
        resolve_not_filed(ledger, intent, reason=reason, now=now)
    elif kind == DecisionKind.UNREAD:
        resolve_outcome(ledger, intent, State(option), reason=reason, now=now)


def read_question(row: Any) -> Asked:
    """Return a row of ``ASKED`` as people see it."""
    return Asked(
        reference=row.reference,
        environment=row.environment,
        employer=row.employer,
        kind=row.kind,
        employments=tuple(json.loads(row.employments)),
        options=tuple(row.options.split()),
        asked_at=row.asked_at,
        answer_by=row.answer_by,
        answer=row.answer,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        codes=tuple((row.anomalies or "").split()),
    )
