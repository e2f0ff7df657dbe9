"""Intents: declarations that we decided to file, written down before anything is sent."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import EFFECTIVE, OPEN, State
from dimona_provider.ledger.schema import IS_OPEN, batches, intents
from dimona_provider.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class NewIntent:
    """What is written down of a declaration."""

    environment: str
    employer: str
    subject: str
    """What at most one intent may be open for: the employment, or for a student worker and quarter."""
    employment: str
    kind: Kind
    content: str
    """Keyed hash of the declaration without its worker."""
    body: bytes = field(repr=False)
    """The REST body, in clear; encrypted on the way in."""
    basis: str = ""
    worker_hash: str | None = None
    worker_type: str | None = None
    period_id: int | None = None
    """The period that an OUT, UPDATE or CANCEL is about."""
    file_by: float | None = None
    depends_on: int | None = None
    """The intent that has to be effective before."""

    def on(self, basis: str) -> NewIntent:
        """Return the same intent built on another declaration."""
        return replace(self, basis=basis)


class Recorded(StrEnum):
    """What became of a wish to file."""

    NEW = "new"
    KNOWN = "known"
    """The very same intent exists already, whatever its outcome: nothing to file."""
    WAITING = "waiting"
    """Another declaration of this employment is still open: this one has to wait for it."""
    SHARED = "shared"
    """The very same intent exists under another employment: payroll means two things, or one thing twice."""
    OTHER_WORKER = "other_worker"
    """The very same intent exists for somebody else, or for the same person by another number."""


def record(
    ledger: Ledger, connection: sa.Connection, intent: NewIntent, *, batch: str | None, now: float
) -> Recorded:
    """
    Write *intent* down unless it exists; the database's unique indexes decide, not a look beforehand.

    An identical one that is still open in another batch moves to *batch*, unless it is polled there: the run
    that was to send or to follow it ended.
    """
    row = {
        "reference": secrets.token_urlsafe(12),
        "batch": batch,
        "environment": intent.environment,
        "employer": intent.employer,
        "subject": intent.subject,
        "employment": intent.employment,
        "kind": intent.kind,
        "content": intent.content,
        "basis": intent.basis,
        "worker_hash": intent.worker_hash,
        "worker_type": intent.worker_type,
        "period_id": intent.period_id,
        "file_by": intent.file_by,
        "depends_on": intent.depends_on,
        "body": ledger.keys.encrypt(intent.body),
        "state": State.PLANNED,
        "created_at": now,
        "changed_at": now,
    }
    insert = insert_once(connection, intents).values(row).returning(intents.c.id)
    if (new_id := connection.scalar(insert)) is not None:
        ledger.note(connection, now, "planned", intents=[new_id], batch=batch)
        return Recorded.NEW
    same = sa.and_(*(intents.c[name] == row[name] for name in _KEY))
    existing = connection.execute(sa.select(intents).where(same)).first()
    if existing is None:
        return Recorded.WAITING
    if existing.employment != intent.employment:
        return Recorded.SHARED
    if existing.worker_hash != intent.worker_hash:
        if existing.state != State.REFUSED:
            return Recorded.OTHER_WORKER
        # A corrected SSIN or identity: no key holds it, so the correction builds on what was refused.
        return record(ledger, connection, intent.on(f"refused {existing.reference}"), batch=batch, now=now)
    if batch is not None and existing.batch != batch and _may_move(connection, existing, now):
        still = (intents.c.id == existing.id, intents.c.state == existing.state)
        connection.execute(intents.update().where(*still).values(batch=batch, changed_at=now))
        ledger.note(connection, now, "moved", intents=[existing.id], batch=batch)
    return Recorded.KNOWN


def _may_move(connection: sa.Connection, existing: Any, now: float) -> bool:
    if existing.state == State.PLANNED:
        return True
    if existing.state not in OPEN or existing.changed_at > now - _QUIET:
        return False
    polled = sa.select(batches.c.polled_until).where(batches.c.reference == existing.batch)
    return (connection.scalar(polled) or 0.0) <= now  # a declaration has one poller at a time


_QUIET = 180.0
"""Seconds without a change after which no sender of an open intent lives, and no sensor is about to begin."""


def id_and_state(connection: sa.Connection, intent: NewIntent) -> tuple[int, State] | None:
    """Return the number and state of the intent with the key of *intent*, if it is written down."""
    same = sa.and_(*(intents.c[name] == getattr(intent, name) for name in _KEY))
    row = connection.execute(sa.select(intents.c.id, intents.c.state).where(same)).first()
    return None if row is None else (int(row.id), State(row.state))


_KEY = ("environment", "employer", "subject", "kind", "content", "basis")


def insert_once(connection: sa.Connection, table: sa.Table) -> Any:
    """Return an INSERT into *table* that does nothing where a unique index already holds such a row."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()


@dataclass(frozen=True, slots=True)
class Standing:
    """An intent that has its effect, or may still have it."""

    employment: str
    kind: str
    state: str
    worker_hash: str | None
    content: str
    basis: str
    declaration_id: int | None
    period_id: int | None


def standing(connection: sa.Connection, intent: NewIntent, *, same_content: bool = False) -> Standing | None:
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


def standing_on_period(connection: sa.Connection, environment: str, period_id: int) -> Standing | None:
    """Return the newest standing intent that made or changed a period."""
    return _newest(
        connection, [intents.c.environment == environment, intents.c.period_id == period_id, _STANDS]
    )


def employer_of_period(connection: sa.Connection, environment: str, period_id: int) -> str | None:
    """Return whose period it is, when its IN is in this ledger."""
    of_period = (
        intents.c.environment == environment,
        intents.c.period_id == period_id,
        intents.c.kind == Kind.IN,
    )
    return connection.scalar(sa.select(intents.c.employer).where(*of_period).limit(1))


_STANDS = sa.or_(IS_OPEN, intents.c.state.in_(EFFECTIVE))


def _newest(connection: sa.Connection, which: list[sa.ColumnElement[bool]]) -> Standing | None:
    row = connection.execute(sa.select(intents).where(*which).order_by(intents.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    return Standing(
        employment=row.employment,
        kind=row.kind,
        state=row.state,
        worker_hash=row.worker_hash,
        content=row.content,
        basis=row.basis,
        declaration_id=row.declaration_id,
        period_id=row.period_id,
    )
