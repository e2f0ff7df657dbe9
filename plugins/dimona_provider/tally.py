"""
Adds up what happened until somebody takes it: the numbers behind the metrics (docs/metrics.md).

The use cases count here and know nothing of where numbers go; a task or a trigger passes them on in groups,
so that a declaration costs an addition and no packet.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

WITHIN = {"5s": 5.0, "30s": 30.0, "2m": 120.0, "20m": 1200.0, "1h": 3600.0, "1d": 86_400.0}
"""Times from filing to outcome, in seconds, within which declarations are counted; each with those before."""


@dataclass(slots=True)
class Numbers:
    """What was added up; names have dots and no prefix."""

    counts: dict[str, int] = field(default_factory=dict)
    longest: dict[str, float] = field(default_factory=dict)
    """The longest duration of each name, in seconds."""
    levels: dict[str, float] = field(default_factory=dict)
    """The last value of each name."""

    def count(self, name: str, number: int = 1) -> None:
        """Add *number*."""
        self.counts[name] = self.counts.get(name, 0) + number

    def time(self, name: str, seconds: float) -> None:
        """Keep *seconds* if it is the longest so far."""
        self.longest[name] = max(self.longest.get(name, 0.0), seconds)

    def answered_after(self, seconds: float) -> None:
        """Count an outcome that came *seconds* after its filing."""
        self.time("time_to_outcome", seconds)
        for name, limit in WITHIN.items():
            if seconds <= limit:
                self.count(f"outcome_within.{name}")

    def add(self, other: Numbers) -> None:
        """Add what *other* holds."""
        for name, number in other.counts.items():
            self.count(name, number)
        for name, seconds in other.longest.items():
            self.time(name, seconds)
        self.levels.update(other.levels)


class Tally:
    """Numbers that several threads and tasks add to."""

    def __init__(self) -> None:
        self._numbers = Numbers()
        self._lock = threading.Lock()

    def count(self, name: str, number: int = 1) -> None:
        """Add *number*."""
        with self._lock:
            self._numbers.count(name, number)

    def time(self, name: str, seconds: float) -> None:
        """Keep *seconds* if it is the longest so far."""
        with self._lock:
            self._numbers.time(name, seconds)

    def level(self, levels: Mapping[str, float]) -> None:
        """Say how things stand."""
        with self._lock:
            self._numbers.levels.update(levels)

    def add(self, numbers: Numbers) -> None:
        """Add what was committed together."""
        with self._lock:
            self._numbers.add(numbers)

    def take(self) -> Numbers:
        """Return what was added up since the last time; nobody else gets it."""
        with self._lock:
            taken, self._numbers = self._numbers, Numbers()
        return taken
