"""Use case: find the employments that payroll's exports no longer name. They are reported, never ended."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from dimona_provider.api.terms import read_effect
from dimona_provider.domain.deadlines import brussels_today
from dimona_provider.ledger import Ledger, wishes


def absent(
    ledger: Ledger, employers: Collection[tuple[str, str]], *, since: float, now: float
) -> Iterator[str]:
    """
    Yield what no export has named since *since*, of the employers (with their environments) that one named.

    What was withdrawn, or ended before today, need not be named any more.
    """
    today = brussels_today(now)
    for environment, employer in sorted(employers):
        for wish in wishes.unseen_since(ledger, environment, employer, since):
            kept = json.loads(wish.body)
            _, terms, _ = read_effect(kept["declaration"])
            is_over = terms is not None and terms.end is not None and terms.end < today
            if kept["status"] != "withdrawn" and not is_over:
                yield wish.employment
