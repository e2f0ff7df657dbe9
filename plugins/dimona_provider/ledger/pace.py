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


def reserve(ledger: Ledger, user: User, count: int, *, per_second: float, now: float) -> float:
    """Reserve *count* requests; return the seconds until the first may leave."""
    taken = count / per_second
    farthest = now + max(_FARTHEST, 20 / per_second)
    start = sa.case(
        (sa.or_(budgets.c.next_at < now - SAVED_UP, budgets.c.next_at > farthest), now - SAVED_UP),
        else_=budgets.c.next_at,
    )
    key = {"environment": user.environment, "dimona_conn_id": user.dimona_conn_id}
    with ledger.write() as connection:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(budgets).values(**key, next_at=now - SAVED_UP + taken)
        moved = insert.on_conflict_do_update(
            index_elements=[budgets.c.environment, budgets.c.dimona_conn_id], set_={"next_at": start + taken}
        ).returning(budgets.c.next_at)
        next_at = connection.execute(moved).scalar_one()
    return max(0.0, float(next_at) - taken - now)


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
