"""
The pace of a connection, kept for all processes that use it: workers, triggerers, runs and DAGs.

One row says when the next request may leave. Whoever wants to send some moves it on by as much as they take,
so that together they never exceed the budget, and what one leaves the others have.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dimona_provider.ledger.schema import budget_users, budgets
from dimona_provider.ledger.store import Ledger

SAVED_UP = 0.1
"""Seconds of unused budget that still count, so that whoever comes a little late loses nothing."""
URGENT_FOR = 1.0
"""Seconds for which somebody who reserved urgent requests is expected to reserve more."""
PATIENT_SHARE = 0.1
"""What others get meanwhile: outcomes come late, but never not at all."""
STAYS = 6.0
"""Seconds for which a process counts as a user of the connection after it has said so."""
_FARTHEST = 60.0
"""Seconds, or else twenty requests: what is reserved further ahead was written by a clock that was wrong."""


@dataclass(frozen=True, slots=True)
class User:
    """A process that sends over a connection."""

    environment: str
    dimona_conn_id: str
    name: str
    """Random; of one budget in one process."""


def reserve(
    ledger: Ledger, user: User, count: int, *, per_second: float, now: float, is_urgent: bool = True
) -> float:
    """
    Reserve *count* requests; return the seconds until the first may leave.

    While somebody reserves urgent ones, those that are not get a tenth of the budget together.
    """
    taken = count / per_second
    start = _not_before(budgets.c.next_at, now, per_second)
    key = {"environment": user.environment, "dimona_conn_id": user.dimona_conn_id}
    first = now - SAVED_UP + taken
    row = {"next_at": first, "urgent_until": now + URGENT_FOR if is_urgent else 0.0, "patient_at": first}
    changes: dict[str, sa.ColumnElement[float] | float] = {"next_at": start + taken}
    if is_urgent:
        changes["urgent_until"] = now + URGENT_FOR
    else:
        patient = _not_before(budgets.c.patient_at, now, per_second * PATIENT_SHARE)
        after_others = sa.case((patient > start, patient), else_=start)
        is_short = sa.and_(budgets.c.urgent_until > now, budgets.c.urgent_until <= now + URGENT_FOR)
        changes["patient_at"] = sa.case(
            (is_short, after_others + taken / PATIENT_SHARE), else_=start + taken / PATIENT_SHARE
        )
    with ledger.write() as connection:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(budgets).values(**key, **row)
        moved = insert.on_conflict_do_update(
            index_elements=[budgets.c.environment, budgets.c.dimona_conn_id], set_=changes
        ).returning(budgets.c.next_at, budgets.c.urgent_until, budgets.c.patient_at)
        after = connection.execute(moved).one()
    wait = float(after.next_at) - taken - now
    if not is_urgent and after.urgent_until > now:
        wait = max(wait, float(after.patient_at) - taken / PATIENT_SHARE - now)
    return max(0.0, wait)


def _not_before(column: sa.Column[float], now: float, per_second: float) -> sa.ColumnElement[float]:
    """Return *column*, but not before now, nor further ahead than any right clock can have set it."""
    farthest = now + max(_FARTHEST, 20 / per_second)
    out_of_range = sa.or_(column < now - SAVED_UP, column > farthest)
    return sa.case((out_of_range, now - SAVED_UP), else_=column)


def use(ledger: Ledger, user: User, *, now: float) -> int:
    """Say that *user* sends; return how many do."""
    of_connection = (
        budget_users.c.environment == user.environment,
        budget_users.c.dimona_conn_id == user.dimona_conn_id,
    )
    row = {"environment": user.environment, "dimona_conn_id": user.dimona_conn_id, "name": user.name}
    with ledger.write() as connection:
        connection.execute(
            budget_users.delete().where(
                *of_connection,
                # Itself, those that are gone, and those of a clock that was far ahead.
                sa.or_(
                    budget_users.c.name == user.name,
                    budget_users.c.until <= now,
                    budget_users.c.until > now + 10 * STAYS,
                ),
            )
        )
        connection.execute(budget_users.insert().values(**row, until=now + STAYS))
        users = connection.scalar(sa.select(sa.func.count()).where(*of_connection))
    return int(users or 1)


def leave(ledger: Ledger, user: User) -> None:
    """Say that *user* sends no more."""
    with ledger.write() as connection:
        connection.execute(
            budget_users.delete().where(
                budget_users.c.environment == user.environment,
                budget_users.c.dimona_conn_id == user.dimona_conn_id,
                budget_users.c.name == user.name,
            )
        )
