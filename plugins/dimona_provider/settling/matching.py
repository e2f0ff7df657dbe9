"""
Which declaration that a search found is that of an IN of which nobody knows whether it arrived.

Equal content alone proves nothing: a person may have filed the same and cancelled it, or been refused.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from dimona_provider.api.comparing import is_period_of
from dimona_provider.api.found import FoundDeclaration, FoundPeriod
from dimona_provider.domain.outcome import Result
from dimona_provider.ledger import Ledger
from dimona_provider.ledger.surroundings import is_after_claim, owned
from dimona_provider.ledger.unclear import Unclear
from dimona_provider.settling.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Ours:
    """The declaration that the intent made, or one that does just what it was to do."""

    found: FoundDeclaration


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An older declaration, filed by somebody else, with the period that it made and that still stands."""

    found: FoundDeclaration
    period: FoundPeriod


@dataclass(frozen=True, slots=True)
class Doubtful:
    """An equal declaration that has no effect, and may or may not be that of the intent."""


Match = Ours | Elsewhere | Doubtful


class Matcher:
    """Tell what equal declarations mean."""

    def __init__(self, ledger: Ledger, evidence: Evidence) -> None:
        self._ledger = ledger
        self._evidence = evidence

    async def of_nobody(self, environment: str, found: Sequence[FoundDeclaration]) -> list[FoundDeclaration]:
        """Return what belongs to no intent yet, by number or by the period it made, in order of numbers."""
        numbers = {one.answer.declaration_id for one in found}
        periods = {period for one in found if (period := made_period(one)) is not None}
        taken, made = await asyncio.to_thread(owned, self._ledger, environment, numbers, periods)
        free = [
            one for one in found if one.answer.declaration_id not in taken and made_period(one) not in made
        ]
        return sorted(free, key=lambda one: one.answer.declaration_id)

    async def match(
        self, one: Unclear, same: Sequence[FoundDeclaration], *, is_complete: bool
    ) -> Match | None:
        """
        Return what *same*, all equal to *one* and of no other intent, in the order of numbers, means for it.

        None: it is not there. What has its effect comes before what has none. *is_complete*: had our POST
        arrived, it would be among them.
        """
        without_effect = []
        for found in same:
            effect = await self._effect(one, found)
            if effect is not None:
                return effect
            if found.answer.declaration_id > one.known_up_to:
                without_effect.append(found)
        for found in without_effect:
            # Refused or cancelled: only what surely came after our POST is nothing older, filed by hand.
            if await asyncio.to_thread(is_after_claim, self._ledger, one, found.answer.declaration_id):
                return Ours(found)
        if is_complete and without_effect and all(_is_refused(found) for found in without_effect):
            # Whosever it is: the NSSO refused just this since we sent it, and nothing else came of it.
            return Ours(without_effect[-1])
        return Doubtful() if without_effect else None

    async def _effect(self, one: Unclear, found: FoundDeclaration) -> Match | None:
        is_newer = found.answer.declaration_id > one.known_up_to
        if found.answer.result == Result.IDENTIFYING:
            return Ours(found) if is_newer else None
        period_id = made_period(found)
        if period_id is None:
            return None
        period = await self._evidence.period(period_id)
        if period is None or period.is_cancelled:
            return None
        if is_newer:
            return Ours(found)
        return Elsewhere(found, period) if is_period_of(json.loads(one.body), period) else None


def _is_refused(found: FoundDeclaration) -> bool:
    return found.answer.result == Result.REFUSED


def made_period(found: FoundDeclaration) -> int | None:
    """Return the period that a declaration made; what was refused may name one that it did not make."""
    is_effective = found.answer.result in {Result.ACCEPTED, Result.WARNED}
    return found.answer.period_id if is_effective else None
