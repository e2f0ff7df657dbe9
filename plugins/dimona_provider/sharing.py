"""
Pollers for those who ask.

All triggers together have one client, token, request budget and poller per connection and event loop; a task
that asks from its worker has its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from dimona_provider.api.settings import Settings
from dimona_provider.clock import SystemClock
from dimona_provider.domain.routes import Route
from dimona_provider.errors import ConfigurationError, DimonaError, KeysRotated
from dimona_provider.following.followup import OpenPoller
from dimona_provider.following.poller import Poller
from dimona_provider.hooks import DimonaHook, DimonaLedgerHook
from dimona_provider.ledger import Ledger
from dimona_provider.metrics import emit
from dimona_provider.pacing import open_line

LOOK_UP_AFTER = 60.0
"""Seconds for which a connection is not looked up again: look-ups, not asyncio, limit a triggerer."""


@dataclass(slots=True)
class Shared:
    """What all triggers of one connection use in one event loop."""

    conn_id: str
    settings: Settings
    poller: Poller
    ledger: Ledger
    looked_up_at: float
    users: int = 0
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)


@dataclass(slots=True)
class _Loop:
    shared: dict[str, Shared] = field(default_factory=dict)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)


_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Loop] = WeakKeyDictionary()


@asynccontextmanager
async def shared_poller(conn_id: str) -> AsyncIterator[Shared]:
    """Give what this loop's triggers of *conn_id* share; the last one out closes it."""
    loop = _loops.setdefault(asyncio.get_running_loop(), _Loop())
    async with loop.opening:
        shared = await _current(loop, conn_id)
        shared.users += 1
    try:
        yield shared
    except KeysRotated:
        if loop.shared.get(conn_id) is shared:
            del loop.shared[conn_id]  # whoever comes next reads the keys anew
        raise
    finally:
        shared.users -= 1
        emit(shared.ledger.tally)
        if not shared.users:
            if loop.shared.get(conn_id) is shared:
                del loop.shared[conn_id]
            await shared.stack.aclose()


def check_leads_to(route: Route, settings: Settings) -> None:
    """Raise ConfigurationError if a connection no longer leads to where its declarations were filed."""
    if settings.base_url != route.environment:
        raise ConfigurationError(
            f"declarations were filed with {route.environment}, "
            f"but the connection {route.dimona_conn_id!r} leads to {settings.base_url}"
        )


@asynccontextmanager
async def poller_of(route: Route) -> AsyncIterator[Poller]:
    """Give the shared poller of a route. Raises ConfigurationError if its connection now leads elsewhere."""
    async with shared_poller(route.dimona_conn_id) as shared:
        check_leads_to(route, shared.settings)
        yield shared.poller


@asynccontextmanager
async def shared_ledger() -> AsyncIterator[Ledger]:
    """Give the ledger to a trigger that has no connection of its own."""
    location = await DimonaLedgerHook().alocation()
    ledger = await asyncio.to_thread(location.open, "triggerer")
    try:
        yield ledger
    finally:
        ledger.close()
        emit(ledger.tally)


async def _current(loop: _Loop, conn_id: str) -> Shared:
    shared = loop.shared.get(conn_id)
    now = time.monotonic()
    if shared is not None and now - shared.looked_up_at < LOOK_UP_AFTER:
        return shared
    settings = await DimonaHook(conn_id).asettings()
    if shared is not None and shared.settings == settings:
        shared.looked_up_at = now
        return shared
    # A changed connection serves new triggers; those that run keep what they began with.
    loop.shared[conn_id] = shared = await _open(conn_id, settings, now)
    return shared


async def _open(conn_id: str, settings: Settings, now: float) -> Shared:
    stack = AsyncExitStack()
    clock = SystemClock()
    try:
        location = await DimonaLedgerHook().alocation()
        ledger = await asyncio.to_thread(location.open, "triggerer")
        stack.callback(emit, ledger.tally)
        stack.callback(ledger.close)
        line = await stack.enter_async_context(open_line(ledger, settings, clock, is_urgent=False))
        poller = Poller(line.client, line.budget, clock)
        await stack.enter_async_context(poller.running())
    except BaseException:
        await stack.aclose()
        raise
    return Shared(conn_id, settings, poller, ledger, now, stack=stack)


def worker_pollers(ledger: Ledger, routes: Sequence[Route]) -> OpenPoller:
    """Return what opens a poller for each of *routes*; connections are looked up before a loop runs."""
    found: dict[Route, Settings | DimonaError] = {}
    for route in routes:
        try:
            found[route] = DimonaHook(route.dimona_conn_id).settings()
        except DimonaError as error:
            found[route] = error

    @asynccontextmanager
    async def open_poller(route: Route) -> AsyncIterator[Poller]:
        settings = found[route]
        if isinstance(settings, DimonaError):
            raise settings
        check_leads_to(route, settings)
        async with worker_poller(ledger, settings) as poller:
            yield poller

    return open_poller


@asynccontextmanager
async def worker_poller(ledger: Ledger, settings: Settings) -> AsyncIterator[Poller]:
    """Give a poller of a task's own."""
    clock = SystemClock()
    async with open_line(ledger, settings, clock, is_urgent=False) as line:
        poller = Poller(line.client, line.budget, clock)
        async with poller.running():
            yield poller
