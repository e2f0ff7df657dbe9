"""Open questions put to people together: one asking for each employer and day."""

from __future__ import annotations

import datetime as dt
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.deadlines import BRUSSELS, brussels_today, cancel_by
from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger.answering import Asked, questions, why_overtaken
from dimona_provider.ledger.plan_schema import askings, decisions
from dimona_provider.ledger.store import Ledger

ASKED, UNANSWERED, OVERTAKEN = "asked", "unanswered", "overtaken"
"""Events: put to people; nobody answered in time; an answer that came too late or that payroll overtook."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Questions of one employer, as one task asks them; names no person."""

    id: int
    reference: str
    environment: str
    employer: str
    answer_by: float
    """The last deadline of its questions; each has its own."""


def collect(ledger: Ledger, origin: str, *, now: float) -> list[Asking]:
    """
    Put all open questions into askings, and return those of *origin*, the task that collects.

    An employer is asked once a day, and once more only for what would be too late tomorrow. A retry of the
    same task finds its own again.
    """
    day = brussels_today(now)
    tomorrow = cancel_by(day).timestamp() + _MORNING
    with ledger.write() as connection:
        waiting: dict[tuple[str, str], list[Any]] = defaultdict(list)
        query = sa.select(decisions).where(
            decisions.c.asking.is_(None), decisions.c.answered_at.is_(None), decisions.c.answer_by > now
        )
        for row in connection.execute(query.order_by(decisions.c.id).with_for_update()).all():
            if not why_overtaken(connection, row):
                waiting[row.environment, row.employer].append(row)
        for (environment, employer), rows in sorted(waiting.items()):
            same_day = sa.select(askings.c.id).where(
                askings.c.environment == environment,
                askings.c.employer == employer,
                askings.c.day == day.isoformat(),
            )
            is_urgent = any(row.answer_by <= tomorrow for row in rows)
            if connection.scalar(same_day.limit(1)) is not None and not is_urgent:
                continue
            _put(ledger, connection, rows, day=day.isoformat(), origin=origin, now=now)
        found = connection.execute(
            sa.select(askings)
            .where(askings.c.origin == origin, askings.c.ended_at.is_(None))
            .order_by(askings.c.id)
        )
        return [_read(row) for row in found]


_MORNING = 12 * 3600.0
"""Seconds of a day by which whoever is asked on it has had a chance to answer."""


def _put(
    ledger: Ledger, connection: sa.Connection, rows: Sequence[Any], *, day: str, origin: str, now: float
) -> None:
    values = {
        "reference": secrets.token_urlsafe(12),
        "environment": rows[0].environment,
        "employer": rows[0].employer,
        "day": day,
        "origin": origin,
        "asked_at": now,
        "answer_by": max(row.answer_by for row in rows),
    }
    number = connection.scalar(askings.insert().values(values).returning(askings.c.id))
    of_asking = decisions.c.id.in_([row.id for row in rows])
    connection.execute(decisions.update().where(of_asking).values(asking=number))
    ledger.note(connection, now, ASKED, detail=f"{values['reference']}: {len(rows)} questions")


def find(ledger: Ledger, reference: str) -> Asking:
    """Return an asking; raises DecisionRefused when there is none."""
    with ledger.read() as connection:
        row = connection.execute(sa.select(askings).where(askings.c.reference == reference)).first()
    if row is None:
        raise DecisionRefused("the ledger knows no such asking: it was purged, or made in another ledger")
    return _read(row)


def still_open(ledger: Ledger, asking: Asking, *, now: float) -> list[Asked]:
    """Return its questions that nobody has answered, and that may still be answered in time."""
    return [one for one in questions(ledger, asking=asking.id) if one.answer_by > now]


def end(ledger: Ledger, asking: Asking, unanswered: Sequence[Asked], *, now: float) -> None:
    """Write down that an asking is over, and that *unanswered* are left as they are because of it."""
    with ledger.write() as connection:
        still = (askings.c.id == asking.id, askings.c.ended_at.is_(None))
        if not connection.execute(askings.update().where(*still).values(ended_at=now)).rowcount:
            return
        for one in unanswered:
            detail = f"{one.reference} {one.kind}: nobody answered in time, {one.options[0]} holds"
            ledger.note(connection, now, UNANSWERED, detail=detail)


def note_overtaken(ledger: Ledger, one: Asked, why: str, *, now: float) -> None:
    """Write down an answer that does not count, and why."""
    with ledger.write() as connection:
        ledger.note(connection, now, OVERTAKEN, detail=f"{one.reference} {one.kind}: {why}")


def day_of(at: float) -> str:
    """
    Return an instant in Brussels, for people.

    >>> day_of(1_800_000_000.0)
    '2027-01-15 09:00'
    """
    return f"{dt.datetime.fromtimestamp(at, BRUSSELS):%Y-%m-%d %H:%M}"


def _read(row: Any) -> Asking:
    return Asking(row.id, row.reference, row.environment, row.employer, row.answer_by)
