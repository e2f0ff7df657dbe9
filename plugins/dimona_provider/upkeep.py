"""
Use case: bring the ledger up to date from what is in it, without asking the service.

Answers are folded into states; what a vanished sender left, or the NSSO never answers, is called unclear;
what waits for something refused is held; and what can't be is put right.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from dimona_provider.api.client import REQUEST_TIMEOUT
from dimona_provider.api.comparing import is_same_declaration
from dimona_provider.domain.outcome import summarise
from dimona_provider.ledger import Ledger, claims, named, silent
from dimona_provider.ledger.answers import fold
from dimona_provider.ledger.putting_right import put_right
from dimona_provider.ledger.stranded import strand
from dimona_provider.ledger.summaries import Notable, notable, states_of_batch


@dataclass(frozen=True, slots=True)
class Standing:
    """How a batch stands."""

    counts: dict[str, int]
    """``declarations`` and the words of ``domain.outcome.OUTCOMES``."""
    notable: list[Notable]
    """What is refused, warned, identifying, unclear or held, or was there already."""


def fold_answers(ledger: Ledger, batch: str | None, *, now: float) -> None:
    """Fold answers into states; what a person named counts if the answer shows that very declaration."""
    fold(ledger, batch, now=now, is_same=_is_same)
    named.give_back_unanswered(ledger, batch, now=now)
    silent.call_unclear(ledger, batch, now=now)


def _is_same(ours: bytes, theirs: bytes) -> bool:
    return is_same_declaration(json.loads(ours), json.loads(theirs))


def bring_up_to_date(ledger: Ledger, batch: str, *, now: float) -> dict[str, int]:
    """Fold answers into states, call unclear what a vanished sender left, and count the outcomes."""
    put_right(ledger, batch, now=now)
    fold_answers(ledger, batch, now=now)
    claims.expire(ledger, batch, now=now, request_timeout=REQUEST_TIMEOUT)
    strand(ledger, batch, now=now)
    return summarise(states_of_batch(ledger, batch))


def sweep(ledger: Ledger, *, now: float) -> None:
    """Bring everything up to date, also what runs left behind that were failed, marked or killed."""
    put_right(ledger, None, now=now)
    fold_answers(ledger, None, now=now)
    claims.expire(ledger, None, now=now, request_timeout=REQUEST_TIMEOUT)
    strand(ledger, None, now=now)


def standing(ledger: Ledger, batch: str, *, now: float) -> Standing:
    """Bring *batch* up to date and list what a person should look at."""
    counts = bring_up_to_date(ledger, batch, now=now)
    return Standing(counts, notable(ledger, [batch]))
