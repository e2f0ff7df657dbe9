"""What a sender knows of the windows that it sends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from dimona_provider.errors import DimonaError
from dimona_provider.ledger.attempts import Attempted, Verdict
from dimona_provider.ledger.claims import Claimed

_STOPPED = "sending was stopped"


@dataclass(slots=True)
class Stretch:
    """What became of windows sent one after the other, and what says that no more may be sent."""

    windows: int = 0
    claimed: int = 0
    filed: int = 0
    left: int = 0
    """How many POSTs left."""
    trouble: DimonaError | None = None
    """Why sending had to stop, when the reason is not about one declaration."""
    not_before: float | None = None
    """When the service lets us come back: what it said of one request holds for all."""
    forbidden: set[str] = field(default_factory=set)
    """Employers for whom the service says that we may not file."""

    def stops(self, intent: Claimed) -> bool:
        """Whether *intent* must not be sent any more."""
        return self.trouble is not None or intent.employer in self.forbidden

    def stopped(self, intent: Claimed) -> Attempted:
        """Return the end of an attempt that was not begun any more."""
        return Attempted(intent.id, Verdict.NOT_SENT, detail=_STOPPED, not_before=self.not_before)

    def count(self, ends: Sequence[Attempted]) -> None:
        """Add the ends of one window."""
        self.filed += sum(end.verdict is Verdict.FILED for end in ends)
        self.left += sum(end.verdict is not Verdict.NOT_SENT for end in ends)


@dataclass(slots=True)
class Window:
    """One claim and what became of its intents."""

    stretch: Stretch
    token: str
    claimed: list[Claimed]
    lease_ends: float
    wall_ends: float
    ends: list[Attempted] = field(default_factory=list)
    begun: int = 0
    written: int = 0
    all_begun: asyncio.Event = field(default_factory=asyncio.Event)
