"""
When the NSSO lets us ask for an outcome: its polling schedule as a grid of slots.

Counted from the moment the 201 was read: nothing before 2 s, every 1 s to 30 s, every 60 s to 20 minutes,
hourly after. Slots lie on a grid, so that a restarted poller asks at the same instants as the one before it.
Whoever is too late for the grid keeps the interval alone, so that lateness is not doubled (docs/adr/0010).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FIRST_LOOK = 3.0
"""Seconds: the NSSO's 2 s and a margin of 1 s for clocks that differ."""

FOLLOW_UP_AGE = 1200.0
"""Seconds after which a declaration leaves its run for the hourly follow-up."""

LONGEST_INTERVAL = 3600.0
"""Seconds between two GETs of a declaration that is older than that."""

LATENESS = 0.1
"""Share of the interval by which a GET may leave after its slot and still keep to the grid."""

_ROUNDING = 1e-5  # epoch seconds are exact to a quarter of a millionth


@dataclass(frozen=True, slots=True)
class _Stage:
    begins: float
    ends: float
    interval: float


_STAGES = (
    _Stage(FIRST_LOOK, 30.0, 1.0),
    _Stage(30.0, FOLLOW_UP_AGE, 60.0),
    _Stage(FOLLOW_UP_AGE, math.inf, LONGEST_INTERVAL),
)


def _first_slot(stage: _Stage, earliest: float) -> float | None:
    steps = max(0, math.ceil((earliest - stage.begins) / stage.interval - 1e-9))
    slot = stage.begins + steps * stage.interval
    return slot if slot < stage.ends else None


def next_look(filed_at: float, now: float, last_look: float | None = None) -> float:
    """
    Return the next instant at which a declaration may be asked for, in epoch seconds like the arguments.

    It is the first slot at or after *now* that also keeps the interval of its stage from *last_look*, the
    instant the last GET left. A GET that left a little after its slot (``LATENESS``) keeps the next slot;
    after one that left later the next is due when the interval has passed, slot or not. The full interval
    always passes between two GETs.

    >>> next_look(100.0, now=100.0)
    103.0
    >>> next_look(100.0, now=105.25, last_look=105.05)
    106.05
    >>> next_look(100.0, now=129.0, last_look=129.0)
    190.0
    >>> next_look(100.0, now=140.0, last_look=140.0)
    200.0
    """
    age = now - filed_at
    for stage in _STAGES:
        # The later of two GETs decides which interval lies between them: the strictest reading.
        floor = -math.inf if last_look is None else last_look - filed_at + stage.interval
        tolerance = LATENESS * stage.interval
        slot = _first_slot(stage, max(age, floor - tolerance))
        if slot is not None and slot <= max(age, floor) + tolerance:
            return filed_at + max(slot, floor)
        if stage.begins <= max(age, floor) < stage.ends and floor >= age:
            return filed_at + floor
        if slot is not None:
            return filed_at + max(slot, floor)
    raise AssertionError("the last stage never ends")


def may_look(filed_at: float, now: float, last_look: float | None = None) -> bool:
    """
    Tell whether a look that was planned earlier may leave at *now*.

    One that waited, say for the request budget, may have slipped into a stage with a longer interval.

    >>> may_look(100.0, now=129.5, last_look=128.0), may_look(100.0, now=130.5, last_look=128.0)
    (True, False)
    """
    age = now - filed_at
    if age < FIRST_LOOK - _ROUNDING:
        return False
    interval = next(stage.interval for stage in _STAGES if age < stage.ends)
    return last_look is None or now - last_look >= interval - _ROUNDING


def owed_look(
    filed_at: float, now: float, *, is_answered: bool, looked_at: float | None, polled_until: float
) -> tuple[float, float]:
    """
    Return when a declaration may have been asked for last, and when the follow-up owes it the next look.

    That may have passed already. *looked_at* is what the follow-up noted; without it, its run may have asked
    until now, or until it was 20 minutes old. Whoever held the right to poll until *polled_until* may have
    asked until then without noting it. What has an answer that is not final (S) is asked for hourly from the
    first.

    >>> owed_look(0.0, 9000.0, is_answered=True, looked_at=None, polled_until=30.0)
    (1200.0, 4800.0)
    >>> owed_look(0.0, 9000.0, is_answered=True, looked_at=None, polled_until=5000.0)
    (5000.0, 8600.0)
    """
    leaves_run = filed_at + FOLLOW_UP_AGE
    if is_answered:
        last = max(looked_at or leaves_run, leaves_run)
    else:
        last = looked_at if looked_at is not None else min(leaves_run, now)
    due = next_look(filed_at, last, last)
    if due <= polled_until:
        last = polled_until
        due = next_look(filed_at, last, last)
    if due <= now and not may_look(filed_at, now, last):
        due = next_look(filed_at, now, last)  # it has slipped into a stage with a longer interval
    return last, due
