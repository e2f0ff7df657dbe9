"""
Use case: first contact with an employer reads all its periods from the NSSO, and matches them to employments.

Without it every sitting employee would be declared anew. Reads only; nothing is filed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dimona_provider.api.found import FoundPeriod, Page
from dimona_provider.api.operations import FIRST_PAGE
from dimona_provider.api.parties import employer_member
from dimona_provider.clock import Clock
from dimona_provider.contact.linking import Imported, link_all, try_links
from dimona_provider.errors import UnexpectedResponse
from dimona_provider.ledger import Ledger, contacts
from dimona_provider.ledger.contacts import Reading
from dimona_provider.ledger.periods import SeenPeriod
from dimona_provider.settling.evidence import Evidence

MOST_PAGES = 20_000
"""Pages of 50 periods: a million of one employer, far more than anybody has; then something is wrong."""

Progress = Callable[[int], None]
"""Gets how many pages were read."""


async def import_periods(
    ledger: Ledger,
    evidence: Evidence,
    environment: str,
    employer: str,
    *,
    clock: Clock,
    progress: Progress = lambda _pages: None,
    most_pages: int = MOST_PAGES,
) -> Imported:
    """
    Read all periods of an employer into the ledger, and match them; the employer counts as imported then.

    Broken off at any point, it goes on where it was when it is called again within an hour. Raises
    DimonaError when not everything could be read: then the employer does not count as imported.
    """
    reading = await asyncio.to_thread(contacts.begin, ledger, environment, employer, now=clock.now())
    if not reading.is_at_end:
        reading = await _read(ledger, evidence, reading, clock, progress, most=most_pages)
    done = await asyncio.to_thread(link_all, ledger, reading)
    await asyncio.to_thread(contacts.complete, ledger, reading, done.line(), now=clock.now())
    return done


async def try_import(
    ledger: Ledger,
    evidence: Evidence,
    environment: str,
    employer: str,
    *,
    progress: Progress = lambda _pages: None,
    most_pages: int = MOST_PAGES,
) -> Imported:
    """Read and match as ``import_periods`` does, and write nothing."""
    shown: dict[int, SeenPeriod] = {}
    done = Imported()
    async for page in evidence.pages_of_periods(employer_member(employer), most=most_pages):
        shown |= {one.period_id: one for one in seen_periods(ledger, page)}
        done.pages += 1
        progress(done.pages)
    await asyncio.to_thread(try_links, ledger, environment, employer, shown, done)
    return done


def seen_periods(ledger: Ledger, page: Page[FoundPeriod]) -> list[SeenPeriod]:
    """Return what a page shows, with the keyed hash in place of the worker. Raises UnexpectedResponse."""
    seen = []
    for one in page.items:
        if one.terms is None:
            raise UnexpectedResponse("a search showed a period whose dates can't be read: it decides nothing")
        worker = ledger.keys.worker_hash(one.ssin) if one.ssin else None
        flags = (one.is_cancelled, one.is_locked, one.is_late)
        seen.append(SeenPeriod(one.period_id, worker, one.terms, *flags))
    return seen


async def _read(
    ledger: Ledger, evidence: Evidence, reading: Reading, clock: Clock, progress: Progress, *, most: int
) -> Reading:
    query = reading.next_query or FIRST_PAGE
    left = most - reading.pages
    async for page in evidence.pages_of_periods(employer_member(reading.employer), query, most=left):
        seen = seen_periods(ledger, page)
        reading = await asyncio.to_thread(
            contacts.save, ledger, reading, seen, page.next_query, now=clock.now()
        )
        progress(reading.pages)
    return reading
