"""A ledger, the simulated NSSO and a line between them: what the use cases work on."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import sqlalchemy as sa

from dimona_provider.api.client import REQUEST_TIMEOUT, open_client
from dimona_provider.api.operations import fetch_answer, submit
from dimona_provider.domain.routes import Route
from dimona_provider.filing.submission import Submission
from dimona_provider.following.batch import follow_batch
from dimona_provider.following.poller import Poller
from dimona_provider.ledger import Ledger, claims
from dimona_provider.ledger.attempts import Attempted, Verdict, record_attempts
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.schema import attempts, intents
from dimona_provider.ledger.summaries import states_of_batch
from dimona_provider.planning.intake import take_source
from dimona_provider.settling.connection import to_settle
from dimona_provider.settling.evidence import Evidence
from dimona_provider.settling.settlement import Settled, Settlement
from dimona_provider.upkeep import sweep
from support.budgets import own_budget
from support.clocks import FastClock
from support.nsso import Wire, settings, simulator

RUN = Run("dag", "run")
ROUTE = Route("dimona_default", settings().base_url)

_origins = itertools.count()


class World:
    """A ledger, the simulated NSSO and a line between them that can be cut."""

    def __init__(self, ledger: Ledger, **simulated: object) -> None:
        self.ledger = ledger
        self.clock = FastClock(speed=30)
        self.nsso = simulator(self.clock.now, **simulated)
        self.wire = Wire(self.nsso)

    def plan(self, items: list[Any], origin: str | None = None) -> str:
        """Return a new batch, or that of *origin*."""
        origin = origin or f"task {next(_origins)}"
        batch, _ = take_source(self.ledger, RUN, ROUTE, origin, items, now=self.clock.now())
        return batch

    def filed(self, items: list[Any], faults: list[object]) -> str:
        """Plan and file a batch of its own, with *faults* for its first POSTs."""
        batch = self.plan(items)
        self.wire.faults = list(faults)
        self.run(batch)
        self.wire.faults = []
        return batch

    def accepted(self, *items: Any) -> int | None:
        """File items one by one and wait for their outcomes; return the period of the last one."""
        for one in items:
            batch = self.filed([one], [])
            self.passes(60.0)
            self.run_following(batch)
        return self.intents()[-1].period_id

    async def file(self, batch: str) -> int:
        async with open_client(settings(), transport=self.wire, clock=self.clock) as client:
            submission = Submission(self.ledger, client, own_budget(self.clock), self.clock)
            return await submission.file(batch)

    def run(self, batch: str) -> int:
        return asyncio.run(self.file(batch))

    def states(self, batch: str) -> dict[str, int]:
        return states_of_batch(self.ledger, batch)

    def filed_at_the_nsso(self) -> int:
        return sum(
            entry.method == "POST" and entry.path.endswith("/declarations") and entry.status == 201
            for entry in self.nsso.journal
        )

    def attempts(self) -> list[Any]:
        with self.ledger.read() as connection:
            return list(connection.execute(sa.select(attempts).order_by(attempts.c.id)))

    async def settle(self, batch: str | None = None, *, refile_after: float = 1200.0) -> Settled:
        async with open_client(settings(), transport=self.wire, clock=self.clock) as client:
            evidence = Evidence(client, own_budget(self.clock), self.clock)
            settlement = Settlement(self.ledger, evidence, self.clock, refile_after=refile_after)
            return await settlement.settle(*to_settle(self.ledger, batch))

    def run_settlement(self, batch: str | None = None) -> Settled:
        return asyncio.run(self.settle(batch))

    async def follow(self, batch: str, seconds: float = 1200) -> None:
        async with open_client(settings(), transport=self.wire, clock=self.clock) as client:
            poller = Poller(client, own_budget(self.clock), self.clock)
            async with poller.running():
                await follow_batch(
                    self.ledger, poller, batch, until=self.clock.now() + seconds, clock=self.clock
                )
        sweep(self.ledger, now=self.clock.now())

    def run_following(self, batch: str) -> dict[str, int]:
        asyncio.run(self.follow(batch))
        return self.states(batch)

    def intents(self) -> list[Any]:
        with self.ledger.read() as connection:
            return list(connection.execute(sa.select(intents).order_by(intents.c.id)))

    def settle_twice(self, batch: str) -> tuple[Settled, Settled]:
        async def both() -> tuple[Settled, Settled]:
            return await asyncio.gather(self.settle(batch), self.settle(batch))

        return asyncio.run(both())

    def file_by_hand(self, body: dict[str, Any]) -> int:
        """File a declaration beside the ledger, as somebody in the portal would; return its id."""

        async def file() -> int:
            async with open_client(settings(), transport=Wire(self.nsso), clock=self.clock) as client:
                return await client.run(submit(body))

        return asyncio.run(file())

    def period_made_by(self, declaration_id: int) -> int:
        async def ask() -> int | None:
            async with open_client(settings(), transport=Wire(self.nsso), clock=self.clock) as client:
                reply = await client.run(fetch_answer(declaration_id))
                return reply.answer.period_id if reply else None

        period = asyncio.run(ask())
        assert period is not None
        return period

    def taken(self) -> set[int]:
        """Return the ids of every declaration that the NSSO took."""
        return {
            entry.declaration_id
            for entry in self.nsso.journal
            if entry.method == "POST" and entry.declaration_id
        }

    def claim(self, batch: str) -> tuple[str, list[claims.Claimed]]:
        token = f"token {next(_origins)}"
        return token, claims.claim(self.ledger, batch, token, limit=100, now=self.clock.now())

    def report(self, token: str, intent: int, *, declaration_id: int) -> None:
        """Report what a sender read, however late."""
        now = self.clock.now()
        end = Attempted(intent, Verdict.FILED, sent_at=now, read_at=now, declaration_id=declaration_id)
        record_attempts(self.ledger, token, [end], now=now)

    def passes(self, seconds: float) -> None:
        """Let time go by."""
        self.clock.offset += seconds

    def expire(self, batch: str) -> None:
        self.passes(claims.LEASE + REQUEST_TIMEOUT + claims.GRACE + 1)
        claims.expire(self.ledger, batch, now=self.clock.now(), request_timeout=REQUEST_TIMEOUT)
