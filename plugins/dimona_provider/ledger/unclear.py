"""Intents that may have arrived at the NSSO: what is known of them, and what a look there makes of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import State
from dimona_provider.domain.routes import Route
from dimona_provider.ledger.claims import SENDER_ENDED
from dimona_provider.ledger.named import is_named
from dimona_provider.ledger.schema import attempts, batches, events, in_batch, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.transitions import update_to

_COMPARED = "compared"


@dataclass(frozen=True, slots=True)
class Unclear:
    """An intent of which nobody can say whether its POST arrived; or one refused as "there already"."""

    id: int
    reference: str
    batch: str
    dimona_conn_id: str
    environment: str
    employer: str
    subject: str
    kind: str
    worker_type: str | None
    worker_hash: str | None
    period_id: int | None
    file_by: float | None
    body: bytes = field(repr=False)
    claim: str
    known_up_to: int
    """The highest declaration id that was known before its first POST."""
    sent_until: float
    """When its claim ended: nothing left later."""
    anomalies: tuple[str, ...] = ()
    detail: str = ""
    """How its last attempt ended, in words."""

    def is_of(self, route: Route) -> bool:
        """Whether it was filed over this connection."""
        return (self.dimona_conn_id, self.environment) == (route.dimona_conn_id, route.environment)


def unclear(ledger: Ledger, batch: str | None) -> list[Unclear]:
    """Return what is unclear in *batch*, or anywhere, and has no declaration id, in the order of sending."""
    return _select(
        ledger, in_batch(batch), intents.c.state == State.UNCLEAR, intents.c.declaration_id.is_(None)
    )


def refused_as_known(ledger: Ledger, batch: str | None, codes: Iterable[str]) -> list[Unclear]:
    """Return what was refused with one of *codes* and not compared with the NSSO's periods since."""
    compared = sa.exists().where(events.c.intent == intents.c.id, events.c.what == _COMPARED)
    any_code = sa.or_(*(intents.c.anomalies.contains(code) for code in codes))
    return _select(ledger, in_batch(batch), intents.c.state == State.REFUSED, any_code, sa.not_(compared))


def _select(ledger: Ledger, *which: sa.ColumnElement[bool]) -> list[Unclear]:
    tries = (
        sa.select(
            attempts.c.intent,
            # What the first POST made may be found after the second one left.
            sa.func.min(attempts.c.known_up_to).label("known_up_to"),
            sa.func.max(attempts.c.id).label("newest"),
        )
        .group_by(attempts.c.intent)
        .subquery()
    )
    query = (
        sa.select(intents, batches.c.dimona_conn_id, tries.c.known_up_to, attempts.c.detail)
        .join(batches, batches.c.reference == intents.c.batch)
        .join(tries, tries.c.intent == intents.c.id)
        .join(attempts, attempts.c.id == tries.c.newest)
        .where(*which)
        .order_by(tries.c.newest)
    )
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    return [_unclear(ledger, row) for row in rows]


def _unclear(ledger: Ledger, row: Any) -> Unclear:
    return Unclear(
        id=row.id,
        reference=row.reference,
        batch=row.batch,
        dimona_conn_id=row.dimona_conn_id,
        environment=row.environment,
        employer=row.employer,
        subject=row.subject,
        kind=row.kind,
        worker_type=row.worker_type,
        worker_hash=row.worker_hash,
        period_id=row.period_id,
        file_by=row.file_by,
        body=ledger.keys.decrypt(row.body),
        claim=row.claim,
        known_up_to=row.known_up_to or 0,
        sent_until=row.claimed_until,
        anomalies=tuple(row.anomalies.split()),
        detail=row.detail or SENDER_ENDED,
    )


def is_sending(ledger: Ledger, one: Unclear) -> bool:
    """Tell whether a declaration of the same employer and worker is under way: what is found may be its."""
    under_way = sa.select(intents.c.id).where(
        intents.c.environment == one.environment,
        intents.c.employer == one.employer,
        intents.c.worker_hash == one.worker_hash,
        intents.c.state == State.SENDING,
    )
    with ledger.read() as connection:
        return connection.scalar(under_way.limit(1)) is not None


def owned(ledger: Ledger, environment: str, declaration_ids: Collection[int]) -> set[int]:
    """
    Return which of *declaration_ids* belong to an intent already.

    Not what a person named and no answer has shown to be so: else the one it really is of looks as if it
    never arrived, and is filed again.
    """
    which = (
        intents.c.environment == environment,
        intents.c.declaration_id.in_(list(declaration_ids)),
        sa.not_(sa.and_(intents.c.state == State.SENT, is_named())),
    )
    with ledger.read() as connection:
        return set(connection.scalars(sa.select(intents.c.declaration_id).where(*which)))


def is_overtaken(ledger: Ledger, one: Unclear) -> bool:
    """Tell whether a newer intent speaks of the same employment or period: then only a person may decide."""
    same = intents.c.subject == one.subject
    if one.period_id is not None:
        same = sa.or_(same, intents.c.period_id == one.period_id)
    newer = sa.select(intents.c.id).where(
        intents.c.environment == one.environment,
        intents.c.employer == one.employer,
        intents.c.id > one.id,
        same,
    )
    with ledger.read() as connection:
        return connection.scalar(newer.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class Later:
    """A declaration that was filed later than something unclear, by which the search can be judged."""

    declaration_id: int
    filed_at: float
    body: bytes = field(repr=False)


def answered_after(
    ledger: Ledger, environment: str, employer: str, after: float, *, limit: int
) -> Sequence[Later]:
    """Return declarations of an employer with an outcome that were filed after an instant, earliest first."""
    query = (
        sa.select(intents.c.declaration_id, intents.c.filed_at, intents.c.body)
        .where(
            intents.c.environment == environment,
            intents.c.employer == employer,
            intents.c.declaration_id.is_not(None),
            intents.c.filed_at > after,
            intents.c.state.in_([State.ACCEPTED, State.WARNED, State.REFUSED]),
            sa.func.length(intents.c.body) > 0,  # a purge leaves an empty one
        )
        .order_by(intents.c.filed_at, intents.c.id)
        .limit(limit)
    )
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    return [Later(row.declaration_id, row.filed_at, ledger.keys.decrypt(row.body)) for row in rows]


def adopt(ledger: Ledger, one: Unclear, declaration_id: int, *, now: float) -> bool:
    """
    Give an unclear intent the declaration that a search found; return whether it was still unclear.

    False too when another intent has got that declaration in the meantime.
    """
    try:
        return _adopt(ledger, one, declaration_id, now)
    except sa.exc.IntegrityError:
        return False


def _adopt(ledger: Ledger, one: Unclear, declaration_id: int, now: float) -> bool:
    with ledger.write() as connection:
        sent_at = connection.scalar(
            sa.select(sa.func.coalesce(attempts.c.sent_at, attempts.c.claimed_at)).where(*_try_of(one))
        )
        changed = _change(
            connection,
            one,
            State.SENT,
            declaration_id=declaration_id,
            filed_at=sent_at or now,
            changed_at=now,
        )
        if changed:
            found = {"declaration_id": declaration_id, "detail": "found by search"}
            connection.execute(attempts.update().where(*_try_of(one)).values(found))
            ledger.note(connection, now, "adopted", intents=[one.id], detail=f"declaration {declaration_id}")
    return changed


def mark_already_true(
    ledger: Ledger, one: Unclear, reason: str, *, period_id: int | None, now: float
) -> bool:
    """Write down that the NSSO has it already; return whether the intent was still as it was looked at."""
    with ledger.write() as connection:
        changed = _change(
            connection,
            one,
            State.ALREADY_TRUE,
            reason=reason,
            period_id=period_id,
            answered_at=now,
            changed_at=now,
        )
        if changed:
            ledger.note(connection, now, str(State.ALREADY_TRUE), intents=[one.id], detail=reason)
    return changed


def plan_again(ledger: Ledger, one: Unclear, reason: str, *, now: float) -> bool:
    """Let an intent that did not arrive be claimed anew; return whether it was still unclear."""
    with ledger.write() as connection:
        changed = _change(
            connection, one, State.PLANNED, reason=None, claim=None, not_before=None, changed_at=now
        )
        if changed:
            ledger.note(connection, now, "planned again", intents=[one.id], batch=one.batch, detail=reason)
    return changed


def explain(ledger: Ledger, one: Unclear, reason: str, *, now: float) -> None:
    """Write down why an intent stays unclear, after how it came to be so; when that has changed."""
    reason = f"{one.detail}; {reason}"
    still = (intents.c.id == one.id, intents.c.state == State.UNCLEAR, intents.c.reason != reason)
    with ledger.write() as connection:
        changed = connection.scalars(
            intents.update().where(*still).values(reason=reason, changed_at=now).returning(intents.c.id)
        )
        ledger.note(connection, now, "stays unclear", intents=list(changed), detail=reason)


def is_period_of_another(ledger: Ledger, one: Unclear, period_id: int) -> bool:
    """Tell whether a period was made by another intent: payroll then wishes one thing twice."""
    which = (
        intents.c.environment == one.environment,
        intents.c.period_id == period_id,
        intents.c.kind == Kind.IN,
        intents.c.id != one.id,
    )
    with ledger.read() as connection:
        return connection.scalar(sa.select(intents.c.id).where(*which).limit(1)) is not None


def planned_again(ledger: Ledger, route: Route, *, before: float) -> list[str]:
    """
    Return the batches of *route* with intents that were tried, and are planned again since before *before*.

    Their runs may have ended: whoever settles then files them.
    """
    again = sa.exists().where(attempts.c.intent == intents.c.id)
    query = (
        sa.select(intents.c.batch)
        .join(batches, batches.c.reference == intents.c.batch)
        .where(
            batches.c.dimona_conn_id == route.dimona_conn_id,
            batches.c.environment == route.environment,
            intents.c.state == State.PLANNED,
            intents.c.changed_at < before,
            again,
        )
        .distinct()
    )
    with ledger.read() as connection:
        return sorted(str(batch) for batch in connection.scalars(query))


def routes_to_settle(ledger: Ledger) -> list[Route]:
    """Return the connections that have something unclear, refused or planned."""
    columns = (batches.c.dimona_conn_id, batches.c.environment)
    query = (
        sa.select(*columns)
        .join(intents, intents.c.batch == batches.c.reference)
        .where(intents.c.state.in_([State.UNCLEAR, State.REFUSED, State.PLANNED]))
    )
    with ledger.read() as connection:
        rows = connection.execute(query.distinct().order_by(*columns))
        return [Route(row.dimona_conn_id, row.environment) for row in rows]


def note_compared(ledger: Ledger, one: Unclear, *, now: float) -> None:
    """Remember that a refused intent was compared, so that it is not done every hour."""
    with ledger.write() as connection:
        ledger.note(connection, now, _COMPARED, intents=[one.id])


def _change(connection: sa.Connection, one: Unclear, to: State, **values: Any) -> bool:
    # The claim: a sender that still lives may have reported, or another one claimed it, since we looked.
    mine = (intents.c.id == one.id, intents.c.claim == one.claim)
    return connection.execute(update_to(to, **values).where(*mine)).rowcount > 0


def _try_of(one: Unclear) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return attempts.c.intent == one.id, attempts.c.claim == one.claim
