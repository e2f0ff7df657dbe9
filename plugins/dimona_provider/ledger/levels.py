"""How many declarations stand where, for gauges: what is open, what was not asked for, what is late."""

from __future__ import annotations

import sqlalchemy as sa

from dimona_provider.domain.outcome import OPEN, State
from dimona_provider.ledger.lateness import late, open_states
from dimona_provider.ledger.schema import batches, intents
from dimona_provider.ledger.store import Ledger

NEAR = 86_400.0
"""Seconds before its deadline from which a declaration that was not sent counts as near it."""

_NOT_THERE = (State.PLANNED, State.UNCLEAR, State.HELD)


def levels(ledger: Ledger, *, now: float) -> dict[str, dict[str, float]]:
    """
    Return the gauges of each environment that ever filed something, zeros too: else a gauge keeps its last.

    ``open.STATE`` for each open state, ``late_looks`` (should have been asked for five minutes ago), and of
    what is planned, unclear or held ``deadline.passed`` and ``deadline.near`` (within 24 hours).
    """
    by_state, looks = open_states(ledger), late(ledger, now=now)
    passed = _with_deadline(ledger, intents.c.file_by <= now)
    near = _with_deadline(ledger, sa.and_(intents.c.file_by > now, intents.c.file_by <= now + NEAR))
    with ledger.read() as connection:
        filed = connection.scalars(sa.select(batches.c.environment).distinct()).all()
    return {
        environment: {
            **{f"open.{state}": float(by_state.get(environment, {}).get(state, 0)) for state in sorted(OPEN)},
            "late_looks": float(looks.get(environment, 0)),
            "deadline.passed": float(passed.get(environment, 0)),
            "deadline.near": float(near.get(environment, 0)),
        }
        for environment in {*filed, *by_state}
    }


def _with_deadline(ledger: Ledger, when: sa.ColumnElement[bool]) -> dict[str, int]:
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(intents.c.environment, sa.func.count().label("n"))
            .where(intents.c.state.in_(_NOT_THERE), when)
            .group_by(intents.c.environment)
        )
        return {row.environment: row.n for row in rows}
