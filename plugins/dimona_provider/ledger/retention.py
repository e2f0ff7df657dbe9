"""
Deleting what is old, without forgetting what was declared.

Payroll goes on exporting an employment for as long as it lasts. A wish that the ledger no longer recognises
would be declared anew, so what has its effect at the NSSO is stripped and not deleted: the row keeps its key,
the keyed hash of the worker, its state and its ids, and loses its body, its attempts, answers and events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from dimona_provider.domain.outcome import EFFECTIVE, State
from dimona_provider.ledger.plan_schema import askings, decisions, employments, served
from dimona_provider.ledger.schema import answers, attempts, batches, events, findings, intents, looks
from dimona_provider.ledger.store import Ledger

PAGE = 500
_FINAL = sorted({*EFFECTIVE, State.REFUSED})
_IN_USE = 7 * 24 * 3600.0
"""Seconds for which a batch may be empty because its run has not filled it yet."""
_MAY_EXIST_TWICE = ("STU", "FLX", "EXT")
"""Worker types of which the NSSO takes a second, equal declaration: a refused one is never forgotten, in case
that a person filed it by hand."""


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge deleted, or would."""

    deleted: int = 0
    """Refused declarations, wholly."""
    stripped: int = 0
    """Declarations that count, and others that have to be recognised: their rows stay, without content."""
    findings: int = 0
    batches: int = 0
    """Batches that became empty."""


def _is_old(before: float) -> sa.ColumnElement[bool]:
    return sa.and_(intents.c.state.in_(_FINAL), intents.c.changed_at < before)


def _is_needless() -> sa.ColumnElement[bool]:
    """Return the condition that nothing is lost when the row goes."""
    later = intents.alias()
    awaited = sa.exists().where(later.c.depends_on == intents.c.id)
    twice = sa.func.coalesce(intents.c.worker_type, "").in_(_MAY_EXIST_TWICE)
    return sa.and_(intents.c.state == State.REFUSED, sa.not_(awaited), sa.not_(twice))


def purged_since(ledger: Ledger, at: float) -> bool:
    """Tell whether a purge deleted something at this instant or later."""
    which = (events.c.what == _PURGED, events.c.intent.is_(None), events.c.at >= at)
    with ledger.read() as connection:
        return connection.scalar(sa.select(events.c.id).where(*which).limit(1)) is not None


_PURGED = "purged"
_HAS_CONTENT = sa.func.length(intents.c.body) > 0


def count(ledger: Ledger, before: float, *, now: float) -> Purged:
    """Count what ``purge`` would delete."""
    needless = _is_needless()
    stripped = (_is_old(before), sa.not_(needless), _HAS_CONTENT)
    # Of an empty batch every intent would be deleted.
    kept = sa.exists().where(
        intents.c.batch == batches.c.reference, sa.not_(sa.and_(_is_old(before), needless))
    )
    with ledger.read() as connection:

        def number(table: sa.Table, *which: sa.ColumnElement[bool]) -> int:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(table).where(*which)) or 0)

        return Purged(
            deleted=number(intents, _is_old(before), needless),
            stripped=number(intents, *stripped),
            findings=number(findings, findings.c.created_at < before),
            batches=number(batches, batches.c.created_at < min(before, now - _IN_USE), sa.not_(kept)),
        )


def purge(
    ledger: Ledger, before: float, *, now: float, progress: Callable[[int], None] = lambda _: None
) -> Purged:
    """
    Delete what ended before *before* (epoch seconds), in pages; what is open stays whole.

    Killed at any moment, it is simply run again. *progress* gets how many declarations were dealt with, after
    each page.
    """
    deleted = stripped = last = 0
    while True:
        with ledger.write() as connection:
            page = connection.execute(
                sa.select(intents.c.id, _is_needless().label("needless"))
                .where(intents.c.id > last, _is_old(before), sa.or_(_is_needless(), _HAS_CONTENT))
                .order_by(intents.c.id)
                .limit(PAGE)
                .with_for_update(of=intents)
            ).all()
            if not page:
                break
            last = page[-1].id
            needless = [row.id for row in page if row.needless]
            _delete_what_hangs_on(connection, [row.id for row in page])
            connection.execute(served.delete().where(served.c.intent.in_(needless)))
            connection.execute(intents.delete().where(intents.c.id.in_(needless)))
            rest = [row.id for row in page if not row.needless]
            connection.execute(intents.update().where(intents.c.id.in_(rest)).values(body=b""))
        deleted, stripped = deleted + len(needless), stripped + len(rest)
        progress(deleted + stripped)
    return _finish(ledger, Purged(deleted, stripped), before, now)


def _delete_what_hangs_on(connection: sa.Connection, ids: Sequence[int]) -> None:
    for table in (attempts, answers, events, looks):
        connection.execute(table.delete().where(table.c.intent.in_(ids)))


def _finish(ledger: Ledger, purged: Purged, before: float, now: float) -> Purged:
    """Delete what belongs to no declaration any more, and write down that all this was deleted."""
    used = sa.exists().where(intents.c.batch == batches.c.reference)
    with ledger.write() as connection:
        emptied = sa.select(batches.c.reference).where(
            batches.c.created_at < min(before, now - _IN_USE), sa.not_(used)
        )
        connection.execute(
            events.delete().where(
                events.c.intent.is_(None), events.c.at < before, events.c.batch.in_(emptied)
            )
        )
        # Payroll no longer names these, and their periods stay: absence is not a wish.
        connection.execute(employments.delete().where(employments.c.seen_at < before))
        connection.execute(decisions.delete().where(decisions.c.answer_by < before))
        connection.execute(askings.delete().where(askings.c.answer_by < before))
        done = Purged(
            purged.deleted,
            purged.stripped,
            connection.execute(findings.delete().where(findings.c.created_at < before)).rowcount,
            connection.execute(batches.delete().where(batches.c.reference.in_(emptied))).rowcount,
        )
        if done != Purged():
            detail = (
                f"what ended before {before:.0f}: {done.deleted} deleted, {done.stripped} stripped, "
                f"{done.findings} findings, {done.batches} batches"
            )
            ledger.note(connection, now, _PURGED, detail=detail)
    return done
