"""After the chaos: everything works, and the protocol goes on until nothing changes any more."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

import sqlalchemy as sa

from dimona_provider.api.client import REQUEST_TIMEOUT, DimonaClient, open_client
from dimona_provider.api.settings import Settings
from dimona_provider.clock import SystemClock
from dimona_provider.domain.outcome import State
from dimona_provider.domain.routes import Route, Routes
from dimona_provider.filing.submission import Submission
from dimona_provider.following.batch import follow_batch
from dimona_provider.following.poller import Poller
from dimona_provider.ledger import Ledger, batches, staging
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.unclear import Unclear
from dimona_provider.pacing import shared_budget
from dimona_provider.planning.intake import plan_exports
from dimona_provider.settling.connection import settle_over, to_settle
from dimona_provider.upkeep import sweep
from tests.chaos.plan import RunPlan, later
from tests.chaos.verdict import MAY_EXIST_TWICE

PAUSE = 2.0
PATIENCE = 300.0
"""Seconds after which settling ends in any case; the verdict says what is left."""
_MARGIN = 5.0
"""Seconds that a request may take."""


@dataclass(slots=True)
class Settling:
    """Settles one run; what was filed for it besides are declarations that come later, as evidence."""

    ledger: Ledger
    settings: Settings
    plan: RunPlan
    today: dt.date
    later: list[str] = field(default_factory=list)
    """Employments that were declared later."""
    _clock: SystemClock = field(default_factory=SystemClock)
    _later_at: float = 0.0
    _looked_at: float = 0.0
    """When the last pass that could look at everything began."""

    def run(self) -> None:
        """Sweep, file, follow and settle, again and again."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        ends = time.monotonic() + PATIENCE
        async with open_client(self.settings) as client:
            while time.monotonic() < ends:
                await self._file_and_follow(client)
                sweep(self.ledger, now=time.time())
                left, refused = to_settle(self.ledger, None)
                if self._is_over(left, refused):
                    return
                self._declare_later(left)
                began = time.time()
                settled = await settle_over(self.ledger, left, refused, self.settings, clock=self._clock)
                self._looked_at = began if settled.trouble is None else 0.0
                if not settled.resolved:
                    await asyncio.sleep(PAUSE)

    def _is_over(self, left: list[Unclear], refused: list[Unclear]) -> bool:
        """Tell whether another pass would change nothing."""
        if refused or self._in("planned", "sending", "sent"):
            return False
        if not left:
            return True
        late = self.plan.search_lag + _MARGIN
        until = max(one.sent_until for one in left) + late
        if any(one.worker_type not in MAY_EXIST_TWICE for one in left):  # may be filed again, with evidence
            # Evidence is sought among what was filed last: it shows when the newest of all does.
            until = max(until, self._filed_last() + late if self._later_at else inf)
            until += self.settings.refile_after
        return self._looked_at > until

    def _filed_last(self) -> float:
        with self.ledger.read() as connection:
            return connection.scalar(sa.select(sa.func.max(intents.c.filed_at))) or 0.0

    def _in(self, *states: str) -> bool:
        which = sa.select(intents.c.id).where(intents.c.state.in_(states)).limit(1)
        with self.ledger.read() as connection:
            return connection.scalar(which) is not None

    def _declare_later(self, left: list[Unclear]) -> None:
        """Plan one more declaration of each employer, once all that is unclear was sent before it."""
        until = max((one.sent_until for one in left), default=0.0) + REQUEST_TIMEOUT + 1
        if not left or self._later_at > until or time.time() < until:
            return
        count = len(self.later)
        employers = sorted({one.employer for one in left})
        records = [later(self.plan.seed, employer, count, self.today) for employer in employers]
        self.later += [str(record["employment_id"]) for record in records]
        staging.stage(self.ledger, staging.new_export(), 1, records, now=time.time())
        run = Run("dimona_declare", f"chaos__later_{count}")
        routes = Routes(Route("dimona_default", self.settings.base_url))
        plan_exports(self.ledger, run, routes, now=time.time())
        batches.assign(self.ledger, run, routes, now=time.time())
        self._later_at = time.time()

    async def _file_and_follow(self, client: DimonaClient) -> None:
        async with shared_budget(self.ledger, self.settings, self._clock) as budget:
            for batch in self._batches_with(State.PLANNED):
                await Submission(self.ledger, client, budget, self._clock).file(batch)
            poller = Poller(client, budget, self._clock)
            async with poller.running():
                for batch in self._batches_with(State.SENT):
                    until = time.time() + 15.0
                    await follow_batch(self.ledger, poller, batch, until=until, clock=self._clock)

    def _batches_with(self, state: State) -> Iterable[str]:
        found = sa.select(intents.c.batch).where(intents.c.state == state, intents.c.batch.is_not(None))
        with self.ledger.read() as connection:
            return list(connection.scalars(found.distinct()))
