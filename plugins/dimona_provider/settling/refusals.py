"""What was refused as known: whether just what was wished stands at the NSSO."""

from __future__ import annotations

import json

from dimona_provider.api.comparing import is_effect_of, is_period_of
from dimona_provider.api.found import FoundPeriod
from dimona_provider.domain.declaration import Kind
from dimona_provider.ledger.unclear import Unclear
from dimona_provider.settling.evidence import Evidence

ALREADY_TRUE = ("90373-333", "00913-355", "00913-356", "90378-444")
"""Codes with which the service refuses what it has: equal period, cancelled, closed, nothing to change."""

_GIVES_UP = 7 * 86_400.0
"""Seconds after the answer from which no search is behind any more."""


async def standing_period(evidence: Evidence, one: Unclear) -> FoundPeriod | None:
    """Return the period that stands as *one* wished it, or None. Raises DimonaError."""
    body = json.loads(one.body)
    if one.kind == Kind.IN:
        ssin = body["worker"].get("ssin")
        periods = await evidence.periods(body["employer"], ssin) if ssin else []
        return next((item for item in periods if is_period_of(body, item)), None)
    standing = await evidence.period(one.period_id) if one.period_id else None
    return standing if standing is not None and is_effect_of(body, standing) else None


async def is_shown(evidence: Evidence, one: Unclear, *, now: float, refile_after: float) -> bool:
    """
    Tell whether a search surely shows what *one* was refused for, so that it need not be compared again.

    What it was refused for is older than itself: so it does once it shows *one*. Asked before the look whose
    emptiness it is to explain. Raises DimonaError.
    """
    age = now - (one.answered_at or 0.0)
    if age < refile_after:
        return False
    if one.kind != Kind.IN or age > _GIVES_UP:
        return True
    body = json.loads(one.body)
    shown = await evidence.declarations(body["employer"], body["worker"].get("ssin"))
    return one.declaration_id in {item.answer.declaration_id for item in shown}
