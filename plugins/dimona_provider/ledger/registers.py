"""The register of gaps and the questions of plans, page by page for people; no person is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from dimona_provider.ledger.answering import ASKED, Asked, read_question
from dimona_provider.ledger.contact_schema import gaps
from dimona_provider.ledger.plan_schema import decisions
from dimona_provider.ledger.store import Ledger

PAGE = 50


def gaps_page(
    ledger: Ledger, environment: str, *, after: int | None, with_solved: bool
) -> tuple[Sequence[Any], int | None]:
    """Return some gaps, the newest first, and after which to go on."""
    which = [gaps.c.environment == environment]
    if not with_solved:
        which.append(gaps.c.solved.is_(None))
    if after is not None:
        which.append(gaps.c.id < after)
    query = sa.select(gaps).where(*which).order_by(gaps.c.id.desc()).limit(PAGE + 1)
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def questions_page(
    ledger: Ledger, environment: str, *, after: int | None, with_answered: bool
) -> tuple[list[Asked], int | None]:
    """Return some questions, the newest first, and after which to go on."""
    which = [decisions.c.environment == environment]
    if not with_answered:
        which.append(decisions.c.answered_at.is_(None))
    if after is not None:
        which.append(decisions.c.id < after)
    query = ASKED.where(*which).order_by(decisions.c.id.desc()).limit(PAGE + 1)
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    return [read_question(row) for row in rows[:PAGE]], rows[PAGE - 1].id if len(rows) > PAGE else None
