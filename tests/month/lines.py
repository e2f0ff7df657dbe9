"""A ledger, a simulated NSSO and a clock around what ships; one run of the DAGs' steps after the other."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx

from dimona_provider.api.client import open_client
from dimona_provider.domain.routes import Route, Routes
from dimona_provider.filing.submission import Submission
from dimona_provider.following.batch import follow_batch
from dimona_provider.following.followup import follow_up
from dimona_provider.following.poller import Poller
from dimona_provider.ledger import Ledger, batches, staging
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.freed import freed_on
from dimona_provider.planning.intake import plan_exports
from dimona_provider.planning.taken import Taken
from dimona_provider.settling.connection import to_settle
from dimona_provider.settling.evidence import Evidence
from dimona_provider.settling.settlement import Settlement
from dimona_provider.upkeep import sweep
from support.budgets import own_budget
from support.clocks import JumpingClock
from support.nsso import Wire, settings, simulator
from support.parts import Json

IDENTIFIED_AFTER = 40 * 3600.0
"""Seconds for which the NSSO looks for somebody without an SSIN."""
_UNANSWERED = 0.01
"""Share of POSTs that arrive and are not answered."""
_PAGE = 200
_FOLLOWED = 1200.0


class Lines:
    """What lies between payroll and the NSSO."""

    def __init__(self, ledger: Ledger, folder: Path, first: dt.datetime, seed: int) -> None:
        self.ledger = ledger
        self.clock = JumpingClock(first.timestamp())
        self.nsso = simulator(self.clock.now, folder, seed=seed, identified_after=IDENTIFIED_AFTER)
        self.wire = Wire(self.nsso)
        self.settings = settings()
        self.route = Route("dimona_default", self.settings.base_url)
        self.routes = Routes(self.route)
        self.recorded: Counter[str] = Counter()
        self.malformed: set[str] = set()
        self.runs = 0
        rng = Random(seed)  # noqa: S311 - nothing secret
        lost = httpx.ReadTimeout("no answer")
        self.wire.faults = [("after", lost) if rng.random() < _UNANSWERED else None for _ in range(100_000)]

    def work(self, now: dt.datetime, export: list[Json]) -> Taken:
        """Do what ``stage``, ``dimona_declare`` and ``dimona_follow_up`` do, once, at *now* or later."""
        self.clock.time = max(self.clock.time, now.timestamp())
        self.runs += 1
        name = staging.new_export()
        for number, first in enumerate(range(0, len(export), _PAGE), start=1):
            page = export[first : first + _PAGE]
            staging.stage(self.ledger, name, number, page, now=self.clock.now())
        return asyncio.run(self._within_limits())

    async def _within_limits(self) -> Taken:
        async with asyncio.timeout(300):
            return await self.clock.run(self._run())

    async def _run(self) -> Taken:
        run = Run("dimona_declare", f"run {self.runs}")
        sweep(self.ledger, now=self.clock.now())
        taken = plan_exports(self.ledger, run, self.routes, now=self.clock.now())
        self.recorded.update({str(kind): count for kind, count in taken.recorded.items()})
        async with open_client(self.settings, transport=self.wire, clock=self.clock) as client:
            for batch in batches.assign(self.ledger, run, self.routes, now=self.clock.now()):
                await self._file(client, batch)
            await self._settle(client)
            while freed := freed_on(self.ledger, self.route, now=self.clock.now()):
                for batch in freed:
                    await self._file(client, batch)
            await self._follow_up(client)
        sweep(self.ledger, now=self.clock.now())
        return taken

    async def _file(self, client: Any, batch: str) -> None:
        await Submission(self.ledger, client, own_budget(self.clock), self.clock).file(batch)
        await self._settle(client)
        poller = Poller(client, own_budget(self.clock), self.clock)
        async with poller.running():
            until = self.clock.now() + _FOLLOWED
            await follow_batch(self.ledger, poller, batch, until=until, clock=self.clock)
        sweep(self.ledger, now=self.clock.now())

    async def _settle(self, client: Any) -> None:
        evidence = Evidence(client, own_budget(self.clock), self.clock)
        settlement = Settlement(self.ledger, evidence, self.clock, refile_after=1200.0)
        await settlement.settle(*to_settle(self.ledger, None))
        sweep(self.ledger, now=self.clock.now())

    async def _follow_up(self, client: Any) -> None:
        @asynccontextmanager
        async def poller_of(_: Route) -> AsyncIterator[Poller]:
            poller = Poller(client, own_budget(self.clock), self.clock)
            async with poller.running():
                yield poller

        until = self.clock.now() + 3600.0
        await follow_up(self.ledger, poller_of, until=until, clock=self.clock)
        sweep(self.ledger, now=self.clock.now())
