"""
Numbers that a person gave: a declaration counts for an intent only once its answer says the same.

Whoever types a number may mistype it, or name somebody else's declaration. What does not fit goes back to
``unclear``, with the reason, for a person to look again; the machine never sends it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.ledger.attempts import Verdict
from dimona_provider.ledger.schema import answers, attempts, events, in_batch, intents, looks
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.transitions import update_to

RESOLVED = "resolved"
BY_A_PERSON = "that a person named"
"""Stands in the detail of the last attempt of what was named wrongly."""
ANSWERED_WITHIN = 24 * 3600.0
"""Seconds after which a number without an answer is taken for a wrong one."""
_LATEST_LOOK = ANSWERED_WITHIN - 2 * 3600.0
"""Seconds after the naming since when somebody must have asked: else nobody knows."""

IsSame = Callable[[bytes, bytes], bool]
"""Tells from two bodies, ours and the service's, whether they are the same declaration."""


def detail_of(declaration_id: int, reason: str, *, differs: bool) -> str:
    """Return what the event of a person's naming says."""
    return f"filed as {declaration_id}{_DIFFERS if differs else ''}: {reason}"


_DIFFERS = ", whatever it says"


def is_named() -> sa.ColumnElement[bool]:
    """Return the condition that a person gave an intent its number, which is then to be compared."""
    by, whatever = (_naming(sa.select(events.c.id), differs=differs).exists() for differs in (False, True))
    return sa.and_(by, sa.not_(whatever))


def named_at() -> sa.ColumnElement[float]:
    """Return when a person gave an intent its number, in whatever way; null when nobody did."""
    latest = sa.select(sa.func.max(events.c.at))
    return sa.func.coalesce(
        *(_naming(latest, differs=differs).scalar_subquery() for differs in (False, True))
    )


def _naming(query: sa.Select[Any], *, differs: bool) -> sa.Select[Any]:
    number = sa.cast(intents.c.declaration_id, sa.Text)
    pattern = sa.literal("filed as ") + number + (f"{_DIFFERS}:%" if differs else ":%")
    which = (events.c.intent == intents.c.id, events.c.what == RESOLVED, events.c.detail.like(pattern))
    return query.where(*which).correlate(intents)


def without_strangers(
    ledger: Ledger, connection: sa.Connection, rows: Sequence[Any], is_same: IsSame | None, *, now: float
) -> list[Any]:
    """
    Return those of *rows*, answers with ``is_named``, that are the answers of their intents.

    An intent whose answer is somebody else's becomes unclear. Without *is_same* nothing that a person named
    is judged, nor returned.
    """
    unsure = [row for row in rows if row.is_named]
    found = [row for row in rows if not row.is_named]
    if is_same is None or not unsure:
        return found
    which = intents.c.id.in_({row.intent for row in unsure})
    bodies = {row.id: row.body for row in connection.execute(sa.select(intents).where(which))}
    for row in unsure:
        ours, theirs = (ledger.keys.decrypt(bytes(body)) for body in (bodies[row.intent], row.body))
        if is_same(ours, theirs):
            found.append(row)
        else:
            why = f"declaration {row.declaration_id}, {BY_A_PERSON}, says something else"
            _give_back(ledger, connection, row.intent, row.declaration_id, why=why, now=now)
    return found


def give_back_unanswered(ledger: Ledger, batch: str | None, *, now: float) -> int:
    """Call unclear what has had no answer for a day to a number that a person gave; return how many."""
    when = named_at()
    answered = sa.exists().where(
        answers.c.intent == intents.c.id, answers.c.declaration_id == intents.c.declaration_id
    )
    query = (
        sa.select(intents.c.id, intents.c.declaration_id)
        .join(looks, looks.c.intent == intents.c.id)
        .where(
            in_batch(batch),
            intents.c.state == State.SENT,
            sa.not_(answered),
            when <= now - ANSWERED_WITHIN,
            looks.c.at >= when + _LATEST_LOOK,
        )
    )
    with ledger.write() as connection:
        rows = connection.execute(query).all()
        for row in rows:
            why = f"the NSSO gave no answer in a day to declaration {row.declaration_id}, {BY_A_PERSON}"
            _give_back(ledger, connection, row.id, row.declaration_id, why=why, now=now)
    return len(rows)


def disown(connection: sa.Connection, intent: int, declaration_id: int | None) -> None:
    """
    Take a number for one that came to nothing, also where the service itself gave it to *intent*.

    Its POST may have arrived all the same, so that it is looked for before it is sent again.
    """
    tries = (attempts.c.intent == intent, attempts.c.declaration_id == declaration_id)
    doubt = {"verdict": Verdict.UNCLEAR, "detail": f"declaration {declaration_id} had no answer"}
    if declaration_id is not None:
        connection.execute(attempts.update().where(*tries).values(doubt))


def _give_back(
    ledger: Ledger, connection: sa.Connection, intent: int, declaration_id: int, *, why: str, now: float
) -> None:
    disown(connection, intent, declaration_id)
    tried = connection.execute(
        sa.select(attempts).where(attempts.c.intent == intent).order_by(attempts.c.id.desc()).limit(1)
    ).first()
    before = f"{tried.detail or 'no answer to the POST'}; " if tried is not None else ""
    change = update_to(
        State.UNCLEAR,
        declaration_id=None,
        filed_at=None,
        reason=before + why,
        # Settlement and a late report of the sender know it by this.
        claim=None if tried is None else tried.claim,
        changed_at=now,
    ).where(intents.c.id == intent, intents.c.declaration_id == declaration_id)
    if not connection.execute(change).rowcount:
        return
    if tried is not None:
        # Whoever explains later why it stays unclear begins with this.
        connection.execute(attempts.update().where(attempts.c.id == tried.id).values(detail=before + why))
    # They are somebody else's, and whose they are must get them.
    connection.execute(
        answers.delete().where(answers.c.intent == intent, answers.c.declaration_id == declaration_id)
    )
    ledger.note(connection, now, str(State.UNCLEAR), intents=[intent], detail=why)
