"""Use case: ask people what the machine may not do: what a plan held back, outcomes that leave a choice."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from dimona_provider.api.codec import read_declaration, write_declaration
from dimona_provider.domain import choices as law
from dimona_provider.domain.choices import Choice
from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.planning.values import Decision, Planned
from dimona_provider.ledger import Ledger, choices, questions
from dimona_provider.ledger.choices import Undecided
from dimona_provider.ledger.decisions import SHOWS_AFTER
from dimona_provider.ledger.questions import Question
from dimona_provider.ledger.slices import slices

_AT_ONCE = 200
"""Questions in one transaction."""


def ask(
    ledger: Ledger,
    connection: sa.Connection,
    environment: str,
    decision: Decision,
    *,
    employer: str,
    now: float,
) -> tuple[bool, str | None]:
    """Write a question of a plan down; tell whether it is new, and what a person answered to it before."""
    harmless_first = sorted(decision.options, key=lambda one: one is not decision.harmless)
    question = Question(
        environment=environment,
        employer=employer,
        kind=decision.kind,
        employments=decision.employments,
        periods=[one.number for one in decision.periods],
        options=[str(one) for one in harmless_first],
        answer_by=decision.answer_by.timestamp(),
        body=_as_json(decision.held).encode(),
    )
    return questions.ask(ledger, connection, question, now=now)


def _as_json(held: Sequence[Planned]) -> str:
    return json.dumps(
        [
            {
                "key": one.key,
                "subject": one.subject,
                "reason": one.reason,
                "file_by": one.file_by.timestamp() if one.file_by else None,
                "employments": list(one.employments),
                "depends_on": list(one.depends_on),
                "declaration": write_declaration(one.declaration),
            }
            for one in held
        ],
        sort_keys=True,
    )


def ask_about_outcomes(ledger: Ledger, *, now: float) -> int:
    """Write down a question for each outcome that leaves a choice; return how many are new."""
    found = list(_choices(ledger, dt.datetime.fromtimestamp(now, BRUSSELS)))
    new = 0
    for some in slices(found, _AT_ONCE):
        with ledger.write() as connection:
            for one, choice in some:
                asked, _ = questions.ask(ledger, connection, _question(one, choice), now=now)
                new += asked
    return new


def _choices(ledger: Ledger, now: dt.datetime) -> Iterator[tuple[Undecided, Choice]]:
    at = now.timestamp()
    for one in choices.warned(ledger, law.spoilt_types(), now=at):
        content = read_declaration(json.loads(one.body))
        if isinstance(content, DimonaIn) and (
            choice := law.of_warning(one.worker_type, one.codes, content, now)
        ):
            yield one, choice
    for one in choices.refused(ledger, now=at):
        if choice := law.of_refusal(one.codes, _instant(one.file_by), now):
            yield one, choice
    for one in choices.unclear(ledger, shows_after=SHOWS_AFTER, now=at):
        of = law.of_unclear if one.declaration_id is None else law.of_unread
        yield one, of(_instant(one.file_by), now)


def _instant(at: float | None) -> dt.datetime | None:
    return None if at is None else dt.datetime.fromtimestamp(at, BRUSSELS)


def _question(one: Undecided, choice: Choice) -> Question:
    return Question(
        environment=one.environment,
        employer=one.employer,
        kind=choice.kind,
        employments=[one.employment],
        periods=[one.period_id] if one.period_id is not None else [],
        options=[str(option) for option in choice.options],
        answer_by=choice.answer_by.timestamp(),
        body=b"[]",
        intent=one.id,
        since=one.tried_at,
    )
