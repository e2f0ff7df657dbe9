"""What people said that plans act on: what is to be filed, cancelled, or filed again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.planning.words import DecisionKind, Option
from dimona_provider.ledger import wishes
from dimona_provider.ledger.plan_schema import decisions, employments
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.unreadable import opened


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be done in one environment; nothing of it was overtaken by payroll."""

    to_file: frozenset[str] = frozenset()
    """Held declarations, as ``held_mark`` names them."""
    to_keep: frozenset[str] = frozenset()
    """Those that a brake holds until a person lets them go, or payroll says something else."""
    to_cancel: frozenset[int] = frozenset()
    """Periods, by their numbers."""
    to_file_again: Mapping[int, str] = field(default_factory=dict)
    """Refused intents: their references by number."""


def said(ledger: Ledger, connection: sa.Connection, environment: str) -> Said:
    """Return what people said; what payroll changed after it was asked is left out."""
    to_file = _held(ledger, connection, environment, decisions.c.answer == Option.FILE)
    no_yes = sa.and_(
        decisions.c.kind == DecisionKind.BRAKE, decisions.c.answer.is_distinct_from(str(Option.FILE))
    )
    return Said(
        to_file,
        _held(ledger, connection, environment, no_yes) - to_file,
        frozenset(row.period_id for row in _of_intents(connection, environment, Option.CANCEL)),
        {row.id: row.reference for row in _of_intents(connection, environment, Option.AGAIN)},
    )


def held_mark(key: str, declaration: Any) -> str:
    """Return what tells a held declaration, given by its key in the plan and its REST body, from others."""
    return json.dumps([key, declaration], sort_keys=True)


def kept(connection: sa.Connection, environment: str, employer: str, *, now: float) -> set[str]:
    """
    Return the employments whose wish somebody decided not to follow, or nobody decided in time.

    Only while payroll wishes what was asked about.
    """
    holds = sa.or_(
        decisions.c.answer == Option.KEEP,
        sa.and_(decisions.c.answered_at.is_(None), decisions.c.answer_by < now),
    )
    query = sa.select(decisions).where(
        decisions.c.environment == environment,
        decisions.c.employer.in_([employer, ""]),
        decisions.c.intent.is_(None),
        holds,
    )
    found: set[str] = set()
    for row in connection.execute(query).all():
        asked = set(json.loads(row.employments))
        found |= asked - wishes.changed_since(connection, environment, asked, row.asked_at)
    return found


def _held(
    ledger: Ledger, connection: sa.Connection, environment: str, which: sa.ColumnElement[bool]
) -> frozenset[str]:
    query = sa.select(decisions.c.id, decisions.c.body, decisions.c.asked_at, decisions.c.employments).where(
        decisions.c.environment == environment, which
    )
    # What no key opens is not filed, and its question stays.
    readable, _ = opened(ledger, connection.execute(query).all())
    found: set[str] = set()
    for row, body in readable:
        named = json.loads(row.employments)
        changed = wishes.changed_since(connection, environment, named, row.asked_at)
        found |= {
            held_mark(one["key"], one["declaration"])
            for one in json.loads(body)
            if changed.isdisjoint(one["employments"])
        }
    return frozenset(found)


def _of_intents(connection: sa.Connection, environment: str, option: Option) -> list[Any]:
    overtaken = sa.exists().where(
        employments.c.environment == intents.c.environment,
        employments.c.employment == intents.c.employment,
        employments.c.changed_at > decisions.c.asked_at,
    )
    query = (
        sa.select(intents.c.id, intents.c.reference, intents.c.period_id)
        .join(decisions, decisions.c.intent == intents.c.id)
        .where(
            decisions.c.environment == environment,
            decisions.c.kind.in_([DecisionKind.WARNED, DecisionKind.REFUSED]),
            decisions.c.answer == option,
            sa.not_(overtaken),
        )
    )
    return list(connection.execute(query).all())
