"""A ledger, the simulated NSSO, and what first contact and reconciliation make of the two."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dimona_provider.api.client import open_client
from dimona_provider.api.operations import submit
from dimona_provider.contact.importing import import_periods, try_import
from dimona_provider.contact.linking import Imported
from dimona_provider.contact.reconciliation import Reconciled, reconcile
from dimona_provider.ledger import Ledger, gaps
from dimona_provider.settling.evidence import Evidence
from support.budgets import own_budget
from support.nsso import Wire, settings
from support.people import EMPLOYER
from support.world import ROUTE, World

VISIBLE_AFTER = 1200.0
SHOWS = 60.0
"""Seconds after which the simulator has processed a declaration, whatever its timing."""


class Meeting(World):
    """A world in which an employer is met."""

    def run(self, batch: str) -> int:
        """File a batch, and let the NSSO process it and us hear of it."""
        filed = super().run(batch)
        self.passes(SHOWS)
        self.run_following(batch)
        return filed

    def by_hand(self, *bodies: dict[str, Any]) -> list[int]:
        """File declarations beside the ledger, as somebody in the portal would; return their ids."""

        async def file() -> list[int]:
            async with open_client(settings(), transport=Wire(self.nsso), clock=self.clock) as client:
                return [await client.run(submit(body)) for body in bodies]

        ids = asyncio.run(file())
        self.passes(SHOWS)
        return ids

    def meet(self, employer: str = EMPLOYER, **more: Any) -> Imported:
        """Import."""

        async def run() -> Imported:
            async with open_client(settings(), transport=self.wire, clock=self.clock) as client:
                evidence = Evidence(client, own_budget(self.clock), self.clock)
                where = (ROUTE.environment, employer)
                return await import_periods(self.ledger, evidence, *where, clock=self.clock, **more)

        return asyncio.run(run())

    def try_to_meet(self, employer: str = EMPLOYER, **more: Any) -> Imported:
        """Import, and write nothing."""

        async def run() -> Imported:
            async with open_client(settings(), transport=self.wire, clock=self.clock) as client:
                evidence = Evidence(client, own_budget(self.clock), self.clock)
                return await try_import(self.ledger, evidence, ROUTE.environment, employer, **more)

        return asyncio.run(run())

    def reconcile(self, employer: str = EMPLOYER, *, at_once: bool = False, **more: Any) -> Reconciled:
        """Reconcile, by default when everything surely shows."""
        if not at_once:
            self.passes(VISIBLE_AFTER + 1)

        async def run() -> Reconciled:
            async with open_client(settings(), transport=self.wire, clock=self.clock) as client:
                evidence = Evidence(client, own_budget(self.clock), self.clock)
                return await reconcile(
                    self.ledger,
                    evidence,
                    ROUTE.environment,
                    employer,
                    clock=self.clock,
                    visible_after=VISIBLE_AFTER,
                    **more,
                )

        return asyncio.run(run())

    def open_gaps(self) -> list[tuple[str, str | None, str]]:
        return [(one.kind, one.employment, one.detail) for one in gaps.entries(self.ledger)]

    def searches(self) -> int:
        return sum(entry.path.endswith("/periods/search") for entry in self.nsso.journal)


@pytest.fixture
def world(ledger: Ledger) -> Meeting:
    return Meeting(ledger)
