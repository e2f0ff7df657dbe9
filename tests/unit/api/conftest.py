"""The simulated NSSO behind a wire, and our client in front, all on one clock in the test's hand."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from dimona_provider.api.client import open_client
from support import nsso as simulated
from support.clocks import VirtualClock
from support.nsso import Wire


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def nsso(clock):
    with simulated.simulator(clock.now) as simulator:
        yield simulator


@pytest.fixture
def wire(nsso):
    return Wire(nsso)


@pytest.fixture
def service(wire, clock):
    """Open clients on the wire; runs whatever the test asks of them on the virtual clock."""

    @asynccontextmanager
    async def opened(**extra):
        async with open_client(simulated.settings(**extra), transport=wire, clock=clock) as client:
            yield client

    return opened
