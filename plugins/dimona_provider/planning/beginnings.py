"""The first declarations of workers of whom nothing was declared before: written down all at once."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from dimona_provider.domain.declaration import Kind
from dimona_provider.ledger import Ledger, intents
from dimona_provider.planning.recording import intent_of, serve
from dimona_provider.planning.workplans import WorkerPlan

Begun = frozenset[tuple[str, str, str]]
"""What was written down: environment, keyed hash of the worker, and key in his plan."""


def begin(ledger: Ledger, connection: sa.Connection, thoughts: Iterable[WorkerPlan], *, now: float) -> Begun:
    """
    Write the first declarations of new workers down, where nothing else has their place; return which.

    An IN without a prerequisite, before which nothing was declared, has no basis and corrects nothing. What
    the unique indexes did not let in, because somebody was faster, is left to the way that looks.
    """
    plans = [
        (thought, planned)
        for thought in thoughts
        if thought.is_new
        for planned in thought.plan.planned
        if planned.kind is Kind.IN and not planned.depends_on
    ]
    new = [intent_of(ledger, connection, one.environment, one.worker_hash, planned) for one, planned in plans]
    numbers = intents.record_all(ledger, connection, new, now=now)
    written = [(number, plan) for number, plan in zip(numbers, plans, strict=True) if number is not None]
    serve(connection, [(number, planned) for number, (_, planned) in written])
    return frozenset((one.environment, one.worker_hash, planned.key) for _, (one, planned) in written)
