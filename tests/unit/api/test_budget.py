"""Requests leave at even distance, and a pause saves nothing up."""

from __future__ import annotations

import asyncio

import pytest

from dimona_provider.api.budget import Budget
from support.clocks import START


async def leave(budget, clock, instants):
    await budget.take()
    instants.append(clock.now() - START)


async def together(*coroutines):
    return await asyncio.gather(*coroutines)


async def test_requests_of_many_callers_leave_at_even_distance(clock):
    budget, instants = Budget(10.0, clock), []

    await clock.run(together(*(leave(budget, clock, instants) for _ in range(21))))

    assert sorted(instants) == pytest.approx([max(0.0, number / 10 - 0.1) for number in range(21)], abs=1e-4)


async def test_a_pause_gives_no_burst(clock):
    budget, instants = Budget(10.0, clock), []
    await budget.take()
    clock.time += 100

    await clock.run(together(*(leave(budget, clock, instants) for _ in range(11))))

    assert max(instants) - min(instants) >= 0.9 - 1e-4
