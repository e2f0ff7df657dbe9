"""
Requests that the service refused (HTTP 400), and the corrected wishes that take their place.

Such a declaration never reached the NSSO, so nothing there has to be changed: it ends as refused, and the
corrected one is filed as if it were the first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.ledger.attempts import Verdict
from dimona_provider.ledger.intents import NewIntent
from dimona_provider.ledger.schema import IS_OPEN, attempts, intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.stranded import is_stranded
from dimona_provider.ledger.transitions import update_to

_GAVE_WAY = "; payroll corrected it"


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A held intent that the service refused as a request, and never took."""

    id: int
    claim: str | None
    """None of what was never tried."""
    body: bytes = field(repr=False)
    """The REST body in clear."""


def is_refused_request() -> sa.ColumnElement[bool]:
    """Return the condition that the service refused an intent with HTTP 400 and never took it."""
    tries = attempts.c.intent == intents.c.id
    refused_last = sa.exists().where(
        tries, attempts.c.claim == intents.c.claim, attempts.c.verdict == Verdict.REFUSED
    )
    may_have_arrived = sa.exists().where(
        tries, sa.or_(attempts.c.verdict.is_(None), attempts.c.verdict.in_((Verdict.UNCLEAR, Verdict.FILED)))
    )
    return sa.and_(intents.c.state == State.HELD, refused_last, sa.not_(may_have_arrived))


def refused_request(ledger: Ledger, connection: sa.Connection, intent: NewIntent) -> RefusedRequest | None:
    """
    Return what *intent* may correct: a held one of its employment and kind, refused with HTTP 400.

    Or one that is stranded (stranded.py), which never left either.
    Not one that is held for want of a mandate (403), nor one of which an earlier POST may have arrived.
    """
    row = connection.execute(
        sa.select(intents.c.id, intents.c.claim, intents.c.body).where(
            *_open(intent),
            intents.c.employment == intent.employment,
            intents.c.kind == intent.kind,
            sa.or_(is_refused_request(), is_stranded()),
        )
    ).first()
    return None if row is None else RefusedRequest(row.id, row.claim, ledger.keys.decrypt(row.body))


def close(connection: sa.Connection, held: RefusedRequest, *, now: float) -> bool:
    """End *held* as refused; False when somebody released it in the meantime."""
    change = update_to(State.REFUSED, reason=intents.c.reason + _GAVE_WAY, changed_at=now)
    same = (intents.c.id == held.id, intents.c.state == State.HELD, intents.c.claim == held.claim)
    return connection.execute(change.where(*same)).rowcount == 1


def note_successor(
    ledger: Ledger, connection: sa.Connection, held: RefusedRequest, intent: NewIntent, *, now: float
) -> None:
    """Append the event that says which intent took the place of *held*."""
    successor = connection.execute(
        sa.select(intents.c.reference, intents.c.batch).where(*_open(intent))
    ).one()
    detail = f"payroll corrected it: {successor.reference} takes its place"
    ledger.note(connection, now, "corrected", intents=[held.id], batch=successor.batch, detail=detail)


def _open(intent: NewIntent) -> tuple[sa.ColumnElement[bool] | sa.TextClause, ...]:
    return (
        intents.c.environment == intent.environment,
        intents.c.employer == intent.employer,
        intents.c.subject == intent.subject,
        IS_OPEN,
    )
