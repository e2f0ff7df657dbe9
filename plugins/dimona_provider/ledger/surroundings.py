"""What else the ledger knows that bears on something unclear: of the same worker, employment or employer."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import State
from dimona_provider.ledger.attempts import Verdict, may_have_arrived
from dimona_provider.ledger.named import is_named
from dimona_provider.ledger.schema import attempts, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.unclear import Unclear
from dimona_provider.ledger.unreadable import HAS_CONTENT, opened

_PAGE = 50


def is_sending(ledger: Ledger, one: Unclear) -> bool:
    """Tell whether a declaration of the same employer and worker is under way: what is found may be its."""
    under_way = sa.select(intents.c.id).where(
        intents.c.environment == one.environment,
        intents.c.employer == one.employer,
        intents.c.worker_hash == one.worker_hash,
        intents.c.state == State.SENDING,
    )
    with ledger.read() as connection:
        return connection.scalar(under_way.limit(1)) is not None


def owned(
    ledger: Ledger, environment: str, declaration_ids: Collection[int], period_ids: Collection[int]
) -> tuple[set[int], set[int]]:
    """
    Return which of these declarations, and which of these periods, some intent has made already.

    Not what a person named and no answer has shown to be so: else the one it really is of looks as if it
    never arrived, and is filed again.
    """
    here = intents.c.environment == environment
    declared = sa.select(intents.c.declaration_id).where(
        here,
        intents.c.declaration_id.in_(list(declaration_ids)),
        sa.not_(sa.and_(intents.c.state == State.SENT, is_named())),
    )
    made = sa.select(intents.c.period_id).where(
        here, intents.c.period_id.in_(list(period_ids)), intents.c.kind == Kind.IN
    )
    with ledger.read() as connection:
        return set(connection.scalars(declared)), set(connection.scalars(made))


def is_overtaken(ledger: Ledger, one: Unclear) -> bool:
    """Tell whether a newer intent speaks of the same employment or period: then only a person may decide."""
    same = intents.c.subject == one.subject
    if one.period_id is not None:
        same = sa.or_(same, intents.c.period_id == one.period_id)
    newer = sa.select(intents.c.id).where(
        intents.c.environment == one.environment,
        intents.c.employer == one.employer,
        intents.c.id > one.id,
        same,
    )
    with ledger.read() as connection:
        return connection.scalar(newer.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class Later:
    """A declaration that was filed later than something unclear, by which the search can be judged."""

    declaration_id: int
    filed_at: float
    employer: dict[str, Any]
    ssin: str = field(repr=False)


def answered_after(
    ledger: Ledger, environment: str, employer: str, after: float, *, limit: int
) -> Sequence[Later]:
    """
    Return declarations of an employer with an outcome that were filed after an instant, earliest first.

    Only INs with an SSIN: others name nobody that a search could be made for.
    """
    query = (
        sa.select(intents.c.id, intents.c.declaration_id, intents.c.filed_at, intents.c.body)
        .where(
            intents.c.environment == environment,
            intents.c.employer == employer,
            intents.c.kind == Kind.IN,
            intents.c.declaration_id.is_not(None),
            intents.c.filed_at > after,
            intents.c.state.in_([State.ACCEPTED, State.WARNED, State.REFUSED]),
            HAS_CONTENT,
        )
        .order_by(intents.c.filed_at, intents.c.id)
    )
    found: list[Later] = []
    start = 0
    while len(found) < limit:
        with ledger.read() as connection:
            rows = connection.execute(query.limit(_PAGE).offset(start)).all()
        for row, raw in opened(ledger, rows)[0]:
            body = json.loads(raw)
            ssin = body["worker"].get("ssin")
            if ssin is not None:
                found.append(Later(row.declaration_id, row.filed_at, body["employer"], ssin))
        if len(rows) < _PAGE:
            break
        start += _PAGE
    return found[:limit]


def is_after_claim(ledger: Ledger, one: Unclear, declaration_id: int) -> bool:
    """
    Tell whether a declaration surely came after the first POST of *one* that may have arrived was claimed.

    It did when a declaration with a lower number was filed under the same claim or a later one: numbers go
    up, and no clock has to be trusted.
    """
    first = (
        sa.select(attempts.c.id, attempts.c.claim)
        .where(attempts.c.intent == one.id, may_have_arrived())
        .order_by(attempts.c.id)
        .limit(1)
        .cte("first")
    )
    filed = (
        sa.select(intents.c.id)
        .join(attempts, attempts.c.intent == intents.c.id)
        .join(first, sa.or_(attempts.c.claim == first.c.claim, attempts.c.id > first.c.id))
        .where(
            intents.c.environment == one.environment,
            intents.c.declaration_id > one.known_up_to,
            intents.c.declaration_id < declaration_id,
            attempts.c.declaration_id == intents.c.declaration_id,
            attempts.c.verdict == Verdict.FILED,
        )
    )
    with ledger.read() as connection:
        return connection.scalar(filed.limit(1)) is not None
