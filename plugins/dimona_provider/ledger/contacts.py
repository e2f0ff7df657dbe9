"""
First contact with an employer: whether its periods were read from the NSSO, and how far a reading has come.

A reading goes page by page, and what it read stays written down when it is killed: the next one goes on where
it ended. Only after the last page does the employer count as imported.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger.contact_schema import contacts
from dimona_provider.ledger.intents import insert_once
from dimona_provider.ledger.periods import SeenPeriod, put
from dimona_provider.ledger.store import Ledger

MAY_GO_ON = 3600.0
"""Seconds after its last page in which a broken reading may be gone on with; an older one begins anew."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of all periods of an employer, by whoever holds its token."""

    environment: str
    employer: str
    token: str = field(repr=False)
    began_at: float
    next_query: str | None
    """The page to read next; None before the first one, and after the last."""
    pages: int
    """Pages read, also by an earlier process."""

    @property
    def is_at_end(self) -> bool:
        """Whether everything was read."""
        return self.pages > 0 and self.next_query is None


def begin(ledger: Ledger, environment: str, employer: str, *, now: float) -> Reading:
    """Begin a reading, or go on with one that was broken off; another process that reads it has to stop."""
    token = secrets.token_urlsafe(12)
    with ledger.write() as connection:
        row = {"environment": environment, "employer": employer}
        connection.execute(insert_once(connection, contacts).values(row))
        found = connection.execute(sa.select(contacts).where(*_of(environment, employer))).one()
        goes_on = found.reader is not None and (found.touched_at or 0.0) > now - MAY_GO_ON
        new = {"next_query": None, "pages": 0, "began_at": now, "touched_at": None}
        connection.execute(
            contacts.update()
            .where(contacts.c.id == found.id)
            .values(reader=token, **({} if goes_on else new))
        )
    if goes_on:
        return Reading(environment, employer, token, found.began_at, found.next_query, found.pages)
    return Reading(environment, employer, token, now, None, 0)


def save(
    ledger: Ledger, reading: Reading, page: Sequence[SeenPeriod], next_query: str | None, *, now: float
) -> Reading:
    """
    Write down a page, and which one comes next; return the reading as it stands then.

    Raises DecisionRefused if somebody else has begun to read this employer.
    """
    pages = reading.pages + 1
    with ledger.write() as connection:
        values = {"next_query": next_query, "pages": pages, "touched_at": now}
        _change(connection, reading, values)
        put(connection, reading.environment, reading.employer, page, now=now)
    return Reading(reading.environment, reading.employer, reading.token, reading.began_at, next_query, pages)


def complete(ledger: Ledger, reading: Reading, detail: str, *, now: float) -> None:
    """Let the employer count as imported. Raises DecisionRefused as ``save`` does."""
    with ledger.write() as connection:
        _change(connection, reading, {"reader": None, "next_query": None, "imported_at": now})
        ledger.note(connection, now, "imported", detail=f"employer {reading.employer}: {detail}")


def waive(ledger: Ledger, environment: str, employer: str, reason: str, *, now: float) -> bool:
    """
    Write down that a person decided that the employer needs no import; return whether that is new.

    It is not where it was imported, or waived before.
    """
    row = {"environment": environment, "employer": employer}
    waived = {"waived_at": now, "waived_by": ledger.actor, "reason": reason}
    with ledger.write() as connection:
        connection.execute(insert_once(connection, contacts).values(row))
        changed = connection.execute(
            contacts.update().where(*_of(environment, employer), sa.not_(_IS_MET)).values(waived)
        ).rowcount
        if changed:
            ledger.note(connection, now, "import waived", detail=f"employer {employer}: {reason}")
    return changed > 0


def is_met(connection: sa.Connection, environment: str, employer: str) -> bool:
    """Tell whether an employer was imported, or somebody decided that it need not be."""
    met = sa.select(contacts.c.id).where(*_of(environment, employer), _IS_MET)
    return connection.scalar(met) is not None


def imported_at(ledger: Ledger, environment: str, employer: str) -> float | None:
    """Return when an employer's periods were last read whole, in epoch seconds; None for never."""
    with ledger.read() as connection:
        at: float | None = connection.scalar(
            sa.select(contacts.c.imported_at).where(*_of(environment, employer))
        )
    return at


_IS_MET = sa.or_(contacts.c.imported_at.is_not(None), contacts.c.waived_at.is_not(None))


def _of(environment: str, employer: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return contacts.c.environment == environment, contacts.c.employer == employer


def _change(connection: sa.Connection, reading: Reading, values: Mapping[str, object]) -> None:
    mine = (*_of(reading.environment, reading.employer), contacts.c.reader == reading.token)
    if not connection.execute(contacts.update().where(*mine).values(values)).rowcount:
        raise DecisionRefused("another import of this employer has begun: let that one end")
