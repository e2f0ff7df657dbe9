"""What whoever follows declarations wants of the poller, and what the poller has found for them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from dimona_provider.api.operations import Reply
from dimona_provider.ledger.answers import OpenDeclaration


@dataclass(slots=True)
class Watch:
    """Declarations that are asked for until each has an answer or *until* has come."""

    until: float
    """Epoch seconds after which no look is planned any more."""
    open: set[int] = field(default_factory=set)
    """Declaration ids that still get looks."""
    replies: asyncio.Queue[tuple[OpenDeclaration, Reply, float]] = field(default_factory=asyncio.Queue)
    """Answers in the order they came, with the instant."""
    looked: dict[int, float] = field(default_factory=dict)
    """When each intent was asked for last; a look that failed before it left used up its slot too."""
    looks: int = 0
    latest: float = 0.0
    """Seconds by which the latest look left after its slot."""
    trouble: str | None = None
    """The last failure of a look, in words; looks go on in the next slot."""
    failure: BaseException | None = None
    """A defect of ours that ended a look: whoever follows raises it."""
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    def leave(self, declaration_id: int) -> None:
        """End the looks at one declaration."""
        self.open.discard(declaration_id)
        if not self.open:
            self.finished.set()
