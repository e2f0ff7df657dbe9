"""Whether a declaration that was not found at the NSSO may be sent once more; pure."""

from __future__ import annotations

import json
from typing import Any

from dimona_provider.api.found import FoundPeriod
from dimona_provider.api.reading import read_draft
from dimona_provider.domain.deadlines import follow_up_by
from dimona_provider.domain.declaration import Kind
from dimona_provider.ledger.named import BY_A_PERSON
from dimona_provider.ledger.unclear import Unclear

MAY_EXIST_TWICE = frozenset({"STU", "FLX", "EXT"})
"""Worker types of which the NSSO may accept an equal second period: it would cost the worker his rights."""


def why_not_again(
    one: Unclear, period: FoundPeriod | None, *, now: float, refile_after: float, caught_up: float
) -> str | None:
    """
    Return why *one* may not be sent again now, or None.

    *period* is what an OUT, UPDATE or CANCEL is about, as it stands. *caught_up* is the filing time up to
    which the search surely shows this employer's declarations.
    """
    if (never := _why_never_again(one)) is not None:
        return never
    if now < one.sent_until + refile_after:
        return "not found so far; it may still show"
    if caught_up <= one.sent_until:
        return "not found, but no later declaration of this employer shows either"
    if one.kind != Kind.IN and (period is None or period.is_cancelled):
        return "the period that it is about is not there, or cancelled: a person decides"
    until = _lawful_until(one, period)
    if until is None or now > until:
        return "not found, and its deadline has passed: a person decides"
    return None


def _why_never_again(one: Unclear) -> str | None:
    if BY_A_PERSON in one.detail:
        return "not found so far, and somebody said that it was filed: a person decides"
    if one.worker_type in MAY_EXIST_TWICE:
        return f"not found so far, and {one.worker_type} may exist twice: a person decides"
    return None


def _lawful_until(one: Unclear, period: FoundPeriod | None) -> float | None:
    if one.kind == Kind.IN:
        return one.file_by
    draft = read_draft(json.loads(one.body)).draft
    values: dict[str, Any] = draft.values if draft else {}
    starts = period.start if period is not None else None
    until = follow_up_by(Kind(one.kind), values.get("start_date"), values.get("end_date"), starts)
    return until.timestamp() if until else None
