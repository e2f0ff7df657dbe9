"""Requests leave at even distance, a pause saves nothing up, and only so many are under way."""

from __future__ import annotations

import asyncio

import pytest

from dimona_provider.api.budget import GATHER, Budget, Grant
from dimona_provider.errors import ServiceUnavailable
from support.budgets import own_budget
from support.clocks import START


async def leave(budget, clock, instants, *, takes=0.0):
    await budget.take()
    instants.append(clock.now() - START)
    if takes:
        await clock.sleep(takes)
    budget.give_back()


async def together(*coroutines):
    return await asyncio.gather(*coroutines)


async def test_requests_of_many_callers_leave_at_even_distance(clock):
    budget, instants = own_budget(clock, 10.0), []

    await clock.run(together(*(leave(budget, clock, instants) for _ in range(21))))

    assert sorted(instants) == pytest.approx(
        [max(0.0, number / 10 - 0.1) for number in range(21)], abs=GATHER + 1e-4
    )


async def test_a_pause_gives_no_burst(clock):
    budget, instants = own_budget(clock, 10.0), []
    await budget.take()
    clock.time += 100

    await clock.run(together(*(leave(budget, clock, instants) for _ in range(11))))

    assert max(instants) - min(instants) >= 0.9 - GATHER - 1e-4


async def test_no_more_are_under_way_than_the_share(clock):
    budget, instants = own_budget(clock, 1000.0, concurrency=3), []

    await clock.run(together(*(leave(budget, clock, instants, takes=10.0) for _ in range(9))))

    assert [round(instant, 1) for instant in sorted(instants)] == [0.0] * 3 + [10.0] * 3 + [20.0] * 3


async def test_what_was_reserved_for_more_that_never_came_is_not_used_late(clock):
    asked = []

    async def reserve(count):
        asked.append(count)
        return Grant(0.0, 20)

    budget = Budget(reserve, 100.0, 20, clock)
    await clock.run(budget.take(more=4))
    await clock.run(budget.take())
    clock.time += 60

    await clock.run(budget.take())

    assert asked == [5, 1]


async def test_a_request_that_could_not_be_reserved_is_not_under_way(clock):
    answers = [ServiceUnavailable("the ledger does not answer (X)"), Grant(0.0, 1), Grant(0.0, 1)]

    async def reserve(_count):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    budget, instants = Budget(reserve, 100.0, 1, clock), []

    with pytest.raises(ServiceUnavailable):
        await budget.take()
    await clock.run(together(*(leave(budget, clock, instants) for _ in range(2))))

    assert len(instants) == 2


async def test_a_caller_who_gives_up_while_it_waits_is_not_under_way(clock):
    async def reserve(_count):
        return Grant(5.0, 1)

    budget, instants = Budget(reserve, 100.0, 1, clock), []
    waits = asyncio.ensure_future(budget.take())
    for _ in range(5):
        await asyncio.sleep(0)
    waits.cancel()

    await clock.run(leave(budget, clock, instants))

    assert len(instants) == 1
