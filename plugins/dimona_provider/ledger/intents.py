"""Intents: declarations that we decided to file, written down before anything is sent."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import OPEN, State
from dimona_provider.ledger.schema import batches, intents
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
    CORRECTED = "corrected"
    """The very same intent was refused as a request (HTTP 400), and another took its place."""


def record(
    ledger: Ledger,
    connection: sa.Connection,
    intent: NewIntent,
    *,
    batch: str | None,
    now: float,
    corrects: bool = False,
) -> Recorded:
    """
    Write *intent* down unless it exists; the database's unique indexes decide, not a look beforehand.

    An identical one that is still open in another batch moves to *batch*, unless it is polled there: the run
    that was to send or to follow it ended. With *corrects* it takes the place of one that was closed just now
    (corrections.py), also when it was itself corrected before.
    """
    insert = (
        insert_once(connection, intents)
        .values(_row(ledger, connection, intent, batch, now))
        .returning(intents.c.id)
    )
    if (new_id := connection.scalar(insert)) is not None:
        ledger.note(connection, now, "planned", intents=[new_id], batch=batch)
        return Recorded.NEW
    existing = connection.execute(sa.select(intents).where(_same(intent))).first()
    if existing is None:
        return Recorded.WAITING
    if (anew := _anew(connection, intent, existing, corrects=corrects)) is not None:
        return record(ledger, connection, anew, batch=batch, now=now, corrects=corrects)
    known = _known(intent, existing)
    may_move = known is Recorded.KNOWN and batch is not None and existing.batch != batch
    if may_move and _may_move(connection, existing, now):
        still = (intents.c.id == existing.id, intents.c.state == existing.state)
        connection.execute(intents.update().where(*still).values(batch=batch, changed_at=now))
        ledger.note(connection, now, "moved", intents=[existing.id], batch=batch)
    return known


def record_all(
    ledger: Ledger, connection: sa.Connection, new: Sequence[NewIntent], *, now: float
) -> list[int | None]:
    """
    Write all of *new* down in one statement, and return their numbers in the same order.

    None stands for what the unique indexes did not let in: ``record`` says why.
    """
    if not new:
        return []
    rows = [_row(ledger, connection, one, None, now) for one in new]
    insert = insert_once(connection, intents).returning(intents.c.id, intents.c.reference)
    numbers = {row.reference: int(row.id) for row in connection.execute(insert, rows)}
    ledger.note(connection, now, "planned", intents=sorted(numbers.values()))
    return [numbers.get(row["reference"]) for row in rows]


def _row(
    ledger: Ledger, connection: sa.Connection, intent: NewIntent, batch: str | None, now: float
) -> dict[str, Any]:
    return {
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
        "body": ledger.encrypt(connection, intent.body),
        "state": State.PLANNED,
        "created_at": now,
        "changed_at": now,
    }


def _anew(connection: sa.Connection, intent: NewIntent, existing: Any, *, corrects: bool) -> NewIntent | None:
    """Return *intent* as one that builds on *existing*, which was refused and has the same key."""
    if existing.state != State.REFUSED or existing.employment != intent.employment:
        return None
    anew = intent.on(after_refusal(existing.reference))
    # A corrected SSIN or identity: no key holds it.
    if existing.worker_hash != intent.worker_hash:
        return anew
    gave_way = existing.declaration_id is None  # it never reached the NSSO
    return anew if gave_way and (corrects or _is_recorded(connection, anew)) else None


def _known(intent: NewIntent, existing: Any) -> Recorded:
    if existing.employment != intent.employment:
        return Recorded.SHARED
    if existing.worker_hash != intent.worker_hash:
        return Recorded.OTHER_WORKER
    gave_way = existing.state == State.REFUSED and existing.declaration_id is None
    return Recorded.CORRECTED if gave_way else Recorded.KNOWN


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
    row = connection.execute(sa.select(intents.c.id, intents.c.state).where(_same(intent))).first()
    return None if row is None else (int(row.id), State(row.state))


def after_refusal(reference: str) -> str:
    """Return the basis of an intent that takes the place of a refused one with the same key."""
    return f"refused {reference}"


_KEY = ("environment", "employer", "subject", "kind", "content", "basis")


def _same(intent: NewIntent) -> sa.ColumnElement[bool]:
    return sa.and_(*(intents.c[name] == getattr(intent, name) for name in _KEY))


def _is_recorded(connection: sa.Connection, intent: NewIntent) -> bool:
    return connection.scalar(sa.select(intents.c.id).where(_same(intent))) is not None


def insert_into(connection: sa.Connection, table: sa.Table) -> Any:
    """Return an INSERT into *table* that can say ON CONFLICT, which each database has in a dialect."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def insert_once(connection: sa.Connection, table: sa.Table) -> Any:
    """Return an INSERT into *table* that does nothing where a unique index already holds such a row."""
    return insert_into(connection, table).on_conflict_do_nothing()
