"""How far the search of the NSSO has surely come: by declarations of ours that it shows."""

from __future__ import annotations

import asyncio

from dimona_provider.api.client import REQUEST_TIMEOUT
from dimona_provider.ledger import Ledger
from dimona_provider.ledger.surroundings import answered_after
from dimona_provider.ledger.unclear import Unclear
from dimona_provider.settling.evidence import Evidence

_LATER = 3
"""Declarations of an employer that are tried as a sign that the search has caught up."""


class CatchingUp:
    """Remember what one pass has learnt."""

    def __init__(self, ledger: Ledger, evidence: Evidence) -> None:
        self._ledger = ledger
        self._evidence = evidence
        self._caught_up: dict[tuple[str, str], float] = {}
        self._not_shown: set[int] = set()

    async def up_to(self, one: Unclear) -> float:
        """
        Return up to which filing time the search surely shows the declarations of this employer, or 0.

        Asked before the search whose emptiness it is to explain.
        """
        employer = one.environment, one.employer
        proven = self._caught_up.get(employer, 0.0)
        if proven > one.sent_until:
            return proven
        # The earliest that prove enough: newer ones may not show yet, however far the search has come.
        after = one.sent_until + REQUEST_TIMEOUT
        candidates = await asyncio.to_thread(answered_after, self._ledger, *employer, after, limit=_LATER)
        for later in candidates:
            if later.declaration_id in self._not_shown:
                continue
            shown = await self._evidence.declarations(later.employer, later.ssin)
            if later.declaration_id in {item.answer.declaration_id for item in shown}:
                self._caught_up[employer] = later.filed_at - REQUEST_TIMEOUT
                break
            self._not_shown.add(later.declaration_id)
        return self._caught_up.get(employer, 0.0)
