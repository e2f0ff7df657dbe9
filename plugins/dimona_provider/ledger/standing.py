"""Which intents stand: those that have their effect, or may still have it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from dimona_provider.domain.deadlines import brussels_today
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import EFFECTIVE
from dimona_provider.ledger.contact_schema import periods
from dimona_provider.ledger.intents import NewIntent
from dimona_provider.ledger.schema import IS_OPEN, intents


@dataclass(frozen=True, slots=True)
class Standing:
    """An intent that has its effect, or may still have it."""

    reference: str
    employment: str
    kind: str
    state: str
    worker_hash: str | None
    content: str
    basis: str
    declaration_id: int | None
    period_id: int | None


def of_subject(
    connection: sa.Connection, intent: NewIntent, *, same_content: bool = False
) -> Standing | None:
    """Return the newest standing intent of this kind and subject, if need be with the same content."""
    which = [
        intents.c.environment == intent.environment,
        intents.c.employer == intent.employer,
        intents.c.subject == intent.subject,
        intents.c.kind == intent.kind,
        _STANDS,
    ]
    if same_content:
        which.append(intents.c.content == intent.content)
    return _newest(connection, which)


def on_period(connection: sa.Connection, environment: str, period_id: int) -> Standing | None:
    """Return the newest standing intent that made or changed a period."""
    return _newest(
        connection, [intents.c.environment == environment, intents.c.period_id == period_id, _STANDS]
    )


def employer_of_period(connection: sa.Connection, environment: str, period_id: int) -> str | None:
    """Return whose period it is, when this ledger has its IN or was shown it at an import."""
    made = sa.select(intents.c.employer).where(*_in_of(environment, period_id))
    shown = sa.select(periods.c.employer).where(*_shown(environment, period_id))
    return connection.scalar(made.limit(1)) or connection.scalar(shown.limit(1))


def start_of_period(connection: sa.Connection, environment: str, period_id: int) -> dt.date | None:
    """Return the first day of a period, when this ledger has its IN or was shown it at an import."""
    made = sa.select(intents.c.file_by).where(*_in_of(environment, period_id))
    begins = connection.scalar(made.limit(1))
    if begins is not None:
        return brussels_today(begins)
    shown = sa.select(periods.c.start_date).where(*_shown(environment, period_id))
    day = connection.scalar(shown.limit(1))
    return None if day is None else dt.date.fromisoformat(day)


def _in_of(environment: str, period_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        intents.c.environment == environment,
        intents.c.period_id == period_id,
        intents.c.kind == Kind.IN,
    )


def _shown(environment: str, period_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return periods.c.environment == environment, periods.c.period_id == period_id


_STANDS = sa.or_(IS_OPEN, intents.c.state.in_(EFFECTIVE))


def _newest(connection: sa.Connection, which: list[sa.ColumnElement[bool]]) -> Standing | None:
    row = connection.execute(sa.select(intents).where(*which).order_by(intents.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    return Standing(
        reference=row.reference,
        employment=row.employment,
        kind=row.kind,
        state=row.state,
        worker_hash=row.worker_hash,
        content=row.content,
        basis=row.basis,
        declaration_id=row.declaration_id,
        period_id=row.period_id,
    )
