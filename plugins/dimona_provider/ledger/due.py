"""What the hourly follow-up may ask for, from when, and the right to poll it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dimona_provider.domain.outcome import State
from dimona_provider.domain.polling import FOLLOW_UP_AGE, owed_look
from dimona_provider.domain.routes import Route
from dimona_provider.ledger.answers import FINAL, OpenDeclaration
from dimona_provider.ledger.schema import answers, batches, intents, looks
from dimona_provider.ledger.store import Ledger

QUIET = 180.0
"""Seconds after a filing in which the batch's own run may be about to follow it."""

GIVEN_BACK = 0.0
"""``polled_until`` of a batch whose every look was noted before the right to poll it was given back."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A declaration without a final answer, as the follow-up sees it."""

    declaration: OpenDeclaration
    due: float
    """Since or from when it is owed a look."""
    last_look: float
    batch: str
    polled_until: float
    """When the right to poll its batch ends or ended."""
    is_free: bool
    """Whether nobody else polls its batch, or is about to."""
    is_presumed: bool
    """Whether nothing but the clock says when it was asked for last."""


def routes(ledger: Ledger) -> list[Route]:
    """Return the connections, each with its environment, that have declarations without a final answer."""
    columns = (batches.c.dimona_conn_id, batches.c.environment)
    with ledger.read() as connection:
        rows = connection.execute(sa.select(*columns).where(_has_open()).distinct().order_by(*columns))
        return [Route(row.dimona_conn_id, row.environment) for row in rows]


def owed(ledger: Ledger, route: Route, *, now: float, holder: str | None = None) -> list[Owed]:
    """
    Return everything of *route* that has no final answer, with when it is owed a look.

    With *holder*, only what lies in batches that this poller holds; what others may have asked for was noted
    when it took them.
    """
    answered = sa.or_(intents.c.state != State.SENT, _answered())
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(
                *(intents.c.id, intents.c.declaration_id, intents.c.filed_at, intents.c.batch),
                *(answered.label("is_answered"), looks.c.at, batches.c.polled_until),
            )
            .join(batches, batches.c.reference == intents.c.batch)
            .outerjoin(looks, looks.c.intent == intents.c.id)
            .where(
                batches.c.dimona_conn_id == route.dimona_conn_id,
                batches.c.environment == route.environment,
                sa.true() if holder is None else batches.c.polled_by == holder,
                _is_open(),
            )
            .order_by(intents.c.id)
        ).all()
    about_to = {row.batch for row in rows if not row.is_answered and row.filed_at > now - QUIET}
    return [_owed(row, now, holder, row.batch in about_to) for row in rows]


def _owed(row: sa.Row[tuple[object, ...]], now: float, holder: str | None, about_to: bool) -> Owed:  # noqa: FBT001
    polled_until = row.polled_until or GIVEN_BACK
    # Whoever polls it now says so when it ends.
    until = GIVEN_BACK if holder or polled_until > now else polled_until
    last_look, due = owed_look(
        row.filed_at, now, is_answered=bool(row.is_answered), looked_at=row.at, polled_until=until
    )
    is_young = row.at is None and not row.is_answered and row.filed_at + FOLLOW_UP_AGE > now
    return Owed(
        OpenDeclaration(row.id, row.declaration_id, row.filed_at, last_look, due),
        due=due,
        last_look=last_look,
        batch=row.batch,
        polled_until=polled_until,
        is_free=polled_until <= now and not about_to,
        is_presumed=is_young or last_look == until,
    )


def note_looks(ledger: Ledger, looked: Mapping[int, float]) -> None:
    """Write down when intents were asked for last; never back to an earlier instant."""
    rows = [{"intent": intent, "at": at} for intent, at in looked.items()]
    if not rows:
        return
    with ledger.write() as connection:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(looks)
        later = insert.on_conflict_do_update(
            index_elements=[looks.c.intent],
            set_={"at": insert.excluded.at},
            where=looks.c.at < insert.excluded.at,
        )
        connection.execute(later, rows)


def take(ledger: Ledger, seen: Mapping[str, float], holder: str, *, now: float, seconds: float) -> list[str]:
    """
    Take the right to poll some batches; return those of them that nobody else has taken.

    *seen* says for each when the right to poll it ended, as it was read: a poller that came in between may
    have asked.
    """
    taken = []
    with ledger.write() as connection:
        for reference, polled_until in sorted(seen.items()):
            update = (
                batches.update()
                .where(
                    batches.c.reference == reference,
                    sa.func.coalesce(batches.c.polled_until, GIVEN_BACK) == polled_until,
                    sa.func.coalesce(batches.c.polled_until, GIVEN_BACK) <= now,
                )
                .values(polled_by=holder, polled_until=now + seconds)
            )
            if connection.execute(update).rowcount:
                taken.append(reference)
    return taken


def renew(ledger: Ledger, holder: str, *, now: float, seconds: float) -> int:
    """Keep the right to poll what *holder* has; return how many batches that are."""
    return _set_end(ledger, holder, now + seconds)


def give_back(ledger: Ledger, holder: str) -> None:
    """Let others poll what *holder* has; every look was noted."""
    _set_end(ledger, holder, GIVEN_BACK)


def _set_end(ledger: Ledger, holder: str, polled_until: float) -> int:
    # What was given back stays so, also when a renewal comes late.
    still = (batches.c.polled_by == holder, batches.c.polled_until > GIVEN_BACK)
    with ledger.write() as connection:
        return connection.execute(batches.update().where(*still).values(polled_until=polled_until)).rowcount


def _answered(*more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    own = (answers.c.intent == intents.c.id, answers.c.declaration_id == intents.c.declaration_id)
    return sa.select(answers.c.id).where(*own, *more).correlate(intents).exists()


def _is_open() -> sa.ColumnElement[bool]:
    """Return the condition that the service has a declaration, and has not said its last word on it."""
    return sa.and_(
        # Unclear with a number: it was answered with a letter that nobody has a meaning for.
        intents.c.state.in_([State.SENT, State.IDENTIFYING, State.UNCLEAR]),
        intents.c.declaration_id.is_not(None),
        intents.c.filed_at.is_not(None),
        sa.not_(_answered(answers.c.result.in_(FINAL))),
    )


def _has_open() -> sa.ColumnElement[bool]:
    return sa.select(intents.c.id).where(intents.c.batch == batches.c.reference, _is_open()).exists()
