"""
What was planned in time and did not leave in time, and no machine may file late.

A late CANCEL is an offence, and a late UPDATE of some worker types makes their whole period count as late. It
ends as refused, before anything left, with what was to follow it; its employments are planned again, and that
plan asks a person.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import State
from dimona_provider.domain.planning.lawful import SPOILT_BY_LATENESS
from dimona_provider.ledger import wishes
from dimona_provider.ledger.attempts import awaits_a_look
from dimona_provider.ledger.named import RESOLVED
from dimona_provider.ledger.plan_schema import served
from dimona_provider.ledger.putting_right import was_filed
from dimona_provider.ledger.schema import events, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.transitions import update_to

TOO_LATE = "it did not leave before its deadline, and no machine files it late: a person decides"
_FOLLOWS = "it was to follow what did not leave before its deadline: a person decides"


def is_never_late(kind: str, worker_type: str | None) -> bool:
    """Tell whether no machine files this after its deadline, if it was planned before."""
    return kind == Kind.CANCEL or (kind == Kind.UPDATE and worker_type in SPOILT_BY_LATENESS)


def give_up(ledger: Ledger, connection: sa.Connection, batch: str, *, now: float) -> None:
    """
    End what is too late of *batch*, and plan its employments again.

    Not what was late when it was written down, which a person wished so, nor what a person said after the
    deadline was not filed.
    """
    resolved = sa.exists().where(
        events.c.intent == intents.c.id, events.c.what == RESOLVED, events.c.at >= intents.c.file_by
    )
    late = connection.execute(
        sa.select(intents.c.id, intents.c.environment, intents.c.employment).where(
            intents.c.batch == batch,
            intents.c.state == State.PLANNED,
            _is_never_late(),
            intents.c.file_by <= now,
            intents.c.created_at < intents.c.file_by,
            sa.not_(resolved),
            sa.not_(awaits_a_look()),
            sa.not_(was_filed()),
        )
    ).all()
    if not late:
        return
    after = _following(connection, [row.id for row in late])
    _plan_again(connection, [*late, *after], now)
    for rows, reason in ((late, TOO_LATE), (after, _FOLLOWS)):
        which = intents.c.id.in_([row.id for row in rows])
        # By way of held, as whatever gives way before it left.
        held = update_to(State.HELD, reason=reason, changed_at=now).where(which, _is_planned())
        ended = list(connection.scalars(held.returning(intents.c.id)))
        connection.execute(update_to(State.REFUSED).where(intents.c.id.in_(ended)))
        ledger.note(connection, now, "given up", intents=ended, batch=batch, detail=reason)


def was_given_up(connection: sa.Connection, intent: int) -> str | None:
    """Return the reference of an intent that ended so; None for any other."""
    which = (intents.c.state == State.REFUSED, intents.c.reason.in_([TOO_LATE, _FOLLOWS]))
    found: str | None = connection.scalar(
        sa.select(intents.c.reference).where(intents.c.id == intent, *which)
    )
    return found


def _following(connection: sa.Connection, before: list[int]) -> list[Any]:
    found: list[Any] = []
    while before:
        which = (intents.c.depends_on.in_(before), _is_planned())
        query = sa.select(intents.c.id, intents.c.environment, intents.c.employment).where(*which)
        rows = connection.execute(query).all()
        found += rows
        before = [row.id for row in rows]
    return found


def _is_never_late() -> sa.ColumnElement[bool]:
    """As ``is_never_late``, in SQL."""
    is_spoilt = intents.c.worker_type.in_(sorted(SPOILT_BY_LATENESS))
    return sa.or_(intents.c.kind == Kind.CANCEL, sa.and_(intents.c.kind == Kind.UPDATE, is_spoilt))


def _is_planned() -> sa.ColumnElement[bool]:
    return intents.c.state == State.PLANNED


def _plan_again(connection: sa.Connection, rows: list[Any], now: float) -> None:
    """Before the intents are changed: a plan locks employments first, too."""
    of: dict[int, str] = {row.id: row.environment for row in rows}
    names: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        names[row.environment].add(row.employment)
    serving = sa.select(served.c.intent, served.c.employment).where(served.c.intent.in_(list(of)))
    for number, employment in connection.execute(serving).all():
        names[of[number]].add(employment)
    for environment, some in names.items():
        wishes.plan_again(connection, environment, dict.fromkeys(sorted(some), now))
