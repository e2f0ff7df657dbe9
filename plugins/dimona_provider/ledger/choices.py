"""Declarations whose outcome a person may have to choose about, and of which nobody was asked yet."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import State
from dimona_provider.ledger.claims import LEASE
from dimona_provider.ledger.plan_schema import decisions, employments
from dimona_provider.ledger.schema import attempts, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.unreadable import HAS_CONTENT, opened

LOOKS_BACK = 7 * 86_400.0
"""Seconds: what was answered longer ago is not asked about, as after an upgrade."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """One intent."""

    id: int
    environment: str
    employer: str
    employment: str
    worker_type: str | None
    state: State
    codes: tuple[str, ...]
    period_id: int | None
    declaration_id: int | None
    file_by: float | None
    body: bytes = field(repr=False)
    """The REST body, in clear."""
    tried_at: float = 0.0
    """When it was claimed last, of what is unclear: a question from before is asked anew."""


def warned(ledger: Ledger, types: Collection[str], *, now: float) -> list[Undecided]:
    """Return INs of these worker types that were accepted with a warning, as payroll still wishes them."""
    return _undecided(
        ledger,
        intents.c.state == State.WARNED,
        intents.c.kind == Kind.IN,
        intents.c.worker_type.in_(sorted(types)),
        intents.c.period_id.is_not(None),
        intents.c.answered_at > now - LOOKS_BACK,
        _is_as_wished(),
    )


def refused(ledger: Ledger, *, now: float) -> list[Undecided]:
    """Return what the NSSO refused and payroll still wishes so, if nothing came after it."""
    later = intents.alias()
    is_last = sa.not_(
        sa.exists().where(
            later.c.environment == intents.c.environment,
            later.c.employer == intents.c.employer,
            later.c.subject == intents.c.subject,
            later.c.id > intents.c.id,
        )
    )
    return _undecided(
        ledger,
        intents.c.state == State.REFUSED,
        intents.c.declaration_id.is_not(None),
        intents.c.answered_at > now - LOOKS_BACK,
        _is_as_wished(),
        is_last,
    )


def unclear(ledger: Ledger, *, shows_after: float, now: float) -> list[Undecided]:
    """
    Return what is unclear, if its last POST left more than *shows_after* seconds ago.

    What payroll wishes otherwise by now is left out: it must not be sent, and is settled by looking alone.
    """
    newest = (
        sa.select(sa.func.max(attempts.c.claimed_at))
        .where(attempts.c.intent == intents.c.id)
        .scalar_subquery()
    )
    return _undecided(
        ledger,
        intents.c.state == State.UNCLEAR,
        sa.func.coalesce(newest, 0.0) + LEASE <= now - shows_after,
        sa.not_(_is_wished_otherwise()),
        since=sa.func.coalesce(newest, 0.0),
    )


def _undecided(
    ledger: Ledger, *which: sa.ColumnElement[bool], since: sa.ColumnElement[float] | None = None
) -> list[Undecided]:
    """Return intents that were not asked about since *since*, or at all."""
    asked = [decisions.c.intent == intents.c.id]
    if since is not None:
        asked.append(decisions.c.asked_at >= since)
    tried_at = sa.literal(0.0) if since is None else since
    query = sa.select(intents, tried_at.label("tried_at")).where(
        *which, HAS_CONTENT, sa.not_(sa.exists().where(*asked))
    )
    with ledger.read() as connection:
        rows = connection.execute(query.order_by(intents.c.id)).all()
    readable, _ = opened(ledger, rows)
    return [
        Undecided(
            id=row.id,
            environment=row.environment,
            employer=row.employer,
            employment=row.employment,
            worker_type=row.worker_type,
            state=State(row.state),
            codes=tuple(row.anomalies.split()),
            period_id=row.period_id,
            declaration_id=row.declaration_id,
            file_by=row.file_by,
            body=body,
            tried_at=row.tried_at,
        )
        for row, body in readable
    ]


def _of_employment() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        employments.c.environment == intents.c.environment,
        employments.c.employment == intents.c.employment,
    )


def _is_as_wished() -> sa.ColumnElement[bool]:
    """Whether payroll names the employment, and has said nothing else since the intent was planned."""
    return sa.exists().where(*_of_employment(), employments.c.changed_at <= intents.c.created_at)


def _is_wished_otherwise() -> sa.ColumnElement[bool]:
    return sa.exists().where(*_of_employment(), employments.c.changed_at > intents.c.created_at)
