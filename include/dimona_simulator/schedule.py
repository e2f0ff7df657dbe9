"""The NSSO's polling schedule, held against the journal."""

from collections.abc import Iterable, Iterator

from include.dimona_simulator.journal import JournalEntry

_NOT_BEFORE = 2.0
_STAGES = ((30.0, 1.0), (1200.0, 60.0), (float("inf"), 3600.0))
"""Up to which age (seconds) how much time lies between two GETs at least."""


def polls_off_schedule(journal: Iterable[JournalEntry], tolerance: float = 0.05) -> list[JournalEntry]:
    """
    Give the GETs of declarations that came too early.

    The schedule: none in the first 2 s after the 201, then every 1 s until 30 s, every 60 s until 20 min,
    and hourly. The age of the later of two GETs decides how far apart they have to be. Whatever the answer
    was, a GET counts; one for an unknown number doesn't, because it has no age. *tolerance* is in seconds.
    """
    return list(_offending(journal, tolerance))


def _offending(journal: Iterable[JournalEntry], tolerance: float) -> Iterator[JournalEntry]:
    last: dict[int, float] = {}
    for entry in journal:
        if entry.method != "GET" or entry.declaration_id is None or entry.age is None:
            continue
        gap = entry.at - last.get(entry.declaration_id, float("-inf"))
        last[entry.declaration_id] = entry.at
        if entry.age < _NOT_BEFORE - tolerance or gap < _least_gap(entry.age, tolerance) - tolerance:
            yield entry


def _least_gap(age: float, tolerance: float) -> float:
    return next(gap for until, gap in _STAGES if age <= until + tolerance)
