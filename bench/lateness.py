"""How late GETs were, each against the grid of its own declaration, and how evenly they came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dimona_provider.domain.polling import FOLLOW_UP_AGE, next_look
from include.dimona_simulator import JournalEntry

_MINUTE_STAGE = 30.0
"""Seconds: the age from which a declaration is asked for every 60 s."""


def lateness(
    journal: Iterable[JournalEntry],
    filed: Mapping[int, float],
    *,
    since: float = 0.0,
    looked: Mapping[int, float] | None = None,
) -> list[float]:
    """
    Return by how many seconds each GET came after the slot that the schedule had for it.

    *filed* is the anchor of each declaration's grid, in epoch seconds. A GET's slot is the first one that the
    GET before it allowed; one before *since* only serves as that. *looked* says when a declaration was asked
    for last before the journal began.

    >>> get = lambda at: JournalEntry(at, "GET", "/declarations/7", 404, declaration_id=7)
    >>> lateness([get(103.25), get(104.5)], {7: 100.0})
    [0.25, 0.25]
    """
    found = []
    last: dict[int, float] = dict(looked or {})
    for entry in journal:
        number = entry.declaration_id
        if entry.method != "GET" or number is None or number not in filed:
            continue
        before = last.get(number)
        last[number] = entry.at
        if entry.at < since:
            continue
        slot = next_look(filed[number], filed[number] if before is None else before, before)
        found.append(entry.at - slot)
    return found


def intervals(
    journal: Iterable[JournalEntry], filed: Mapping[int, float], *, since: float = 0.0
) -> list[float]:
    """Return the seconds between two GETs of a declaration, both in its 60 s stage, from *since* on."""
    found = []
    last: dict[int, float] = {}
    for entry in journal:
        number = entry.declaration_id
        if entry.method != "GET" or number is None or number not in filed or entry.at < since:
            continue
        before = last.get(number)
        last[number] = entry.at
        if before is not None and _in_minute_stage(before - filed[number], entry.at - filed[number]):
            found.append(entry.at - before)
    return found


def _in_minute_stage(*ages: float) -> bool:
    return all(_MINUTE_STAGE <= age < FOLLOW_UP_AGE for age in ages)


def quantile(values: Sequence[float], share: float) -> float:
    """
    Return the smallest value that at least *share* of the values don't exceed.

    >>> quantile([4.0, 1.0, 3.0, 2.0], 0.5), quantile([4.0, 1.0, 3.0, 2.0], 0.99)
    (2.0, 4.0)
    """
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
