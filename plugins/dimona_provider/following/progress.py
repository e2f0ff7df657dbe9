"""Lines about long work that asks for outcomes: how far, how fast, how late, and when it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dimona_provider.clock import Clock
from dimona_provider.following.watches import Watch

PROGRESS_EVERY = 30.0
"""Seconds between two lines."""
LATE = 1.0
"""Seconds from which a look counts as late: less is the way of event loops."""

Report = Callable[[str], None]


@dataclass(slots=True)
class Progress:
    """Says now and then how one watch does."""

    clock: Clock
    report: Report
    _said_at: float = field(init=False)
    _looks: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._said_at = self.clock.monotonic()

    def is_due(self) -> bool:
        """Tell whether it is time for a line."""
        return self.clock.monotonic() >= self._said_at + PROGRESS_EVERY

    def tell(self, watch: Watch, counts: str, next_look: float | None) -> None:
        """Report *counts*, what *watch* says, and when its next look is due, in epoch seconds."""
        now = self.clock.monotonic()
        rate = (watch.looks - self._looks) / (now - self._said_at)
        parts = [counts, f"{watch.looks} looks, {rate:.1f} a second"]
        if next_look is not None:
            parts.append(f"next one due in {max(0.0, next_look - self.clock.now()):.0f} s")
        if watch.latest > LATE:
            parts.append(f"latest one {watch.latest:.1f} s late")
        self._said_at, self._looks = now, watch.looks
        self.report(", ".join(parts))
