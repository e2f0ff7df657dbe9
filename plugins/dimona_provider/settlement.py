"""
Use case: resolve what is unclear, by looking and never by hoping.

So far it brings a batch up to date and lists what nobody can say arrived; nothing is filed again here.
"""

from __future__ import annotations

from dataclasses import dataclass

from dimona_provider.api.client import REQUEST_TIMEOUT
from dimona_provider.domain.outcome import summarise
from dimona_provider.ledger import Ledger, claims
from dimona_provider.ledger.answers import fold
from dimona_provider.ledger.summaries import Unclear, states_of_batch, to_settle


@dataclass(frozen=True, slots=True)
class Standing:
    """How a batch stands."""

    counts: dict[str, int]
    """``declarations`` and the words of ``domain.outcome.OUTCOMES``."""
    unclear: list[Unclear]


def bring_up_to_date(ledger: Ledger, batch: str, *, now: float) -> dict[str, int]:
    """Fold answers into states, call unclear what a vanished sender left, and count the outcomes."""
    fold(ledger, batch, now=now)
    claims.expire(ledger, batch, now=now, request_timeout=REQUEST_TIMEOUT)
    return summarise(states_of_batch(ledger, batch))


def settle(ledger: Ledger, batch: str, *, now: float) -> Standing:
    """Bring *batch* up to date and list what is unclear or held."""
    counts = bring_up_to_date(ledger, batch, now=now)
    return Standing(counts, to_settle(ledger, batch))
