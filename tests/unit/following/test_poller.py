"""Asking in due order, within the budget, never earlier than the NSSO's schedule allows; in virtual time."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable

import httpx
import pytest

from dimona_provider.api.client import open_client
from dimona_provider.following.poller import Poller
from dimona_provider.following.watches import Watch
from dimona_provider.ledger.answers import OpenDeclaration
from support.budgets import own_budget
from support.clocks import START, VirtualClock
from support.nsso import settings

TOKEN = {"access_token": "t", "token_type": "Bearer", "expires_in": 1_000_000, "scope": "s"}
DAY = 86_400.0


class Service:
    """A service that answers a declaration *ready* seconds after its filing, and notes every look."""

    def __init__(self, clock: VirtualClock, ready: Callable[[int], float]) -> None:
        self.clock = clock
        self.ready = ready
        self.looks: dict[int, list[float]] = defaultdict(list)
        self.faults: list[httpx.Response | Exception] = []
        self.on_the_way: list[float] = []
        """Seconds that the next GETs need until they arrive."""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json=TOKEN)
        number = int(request.url.path.rsplit("/", 1)[1])
        if self.on_the_way:
            await self.clock.sleep(self.on_the_way.pop(0))
        age = self.clock.now() - START
        self.looks[number].append(age)
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, Exception):
                raise fault
            return fault
        if age < self.ready(number):
            return httpx.Response(404)
        return httpx.Response(200, json={"declarationStatus": {"declarationId": number, "result": "A"}})


def poll(
    scenario: Callable[[Poller, VirtualClock], Awaitable[None]], service: Service, *, per_second: float = 1e6
) -> None:
    clock = service.clock

    async def main() -> None:
        transport = httpx.MockTransport(service)
        async with open_client(settings(), transport=transport, clock=clock) as client:
            poller = Poller(client, own_budget(clock, per_second), clock)
            async with poller.running():
                await scenario(poller, clock)

    async def with_limit() -> None:
        async with asyncio.timeout(30):
            await clock.run(main())

    asyncio.run(with_limit())


def declarations(count: int) -> list[OpenDeclaration]:
    return [OpenDeclaration(intent=n, declaration_id=n, filed_at=START) for n in range(1, count + 1)]


async def finish(watch: Watch) -> None:
    await watch.finished.wait()


def follow(service: Service, count: int = 1, until: float = DAY, *, per_second: float = 1e6) -> Watch:
    watches: list[Watch] = []

    async def scenario(poller: Poller, _clock: VirtualClock) -> None:
        watches.append(poller.watch(declarations(count), until=START + until))
        await finish(watches[0])

    poll(scenario, service, per_second=per_second)
    return watches[0]


def test_looks_follow_the_schedule_of_the_nsso() -> None:
    service = Service(VirtualClock(), ready=lambda _n: 3 * 3600)

    follow(service)

    expected = [*range(3, 30), *range(90, 1200, 60), 4800, 8400, 12000]
    assert service.looks[1] == pytest.approx(expected, abs=0.01)


def test_a_get_that_arrives_late_is_not_followed_early() -> None:
    service = Service(VirtualClock(), ready=lambda _n: 200)
    service.on_the_way = [0.09, 0.0, 0.3, 0.0, 0.7, 0.0, 0.95, 0.0]

    follow(service)

    arrived = [look for look in service.looks[1] if look < 30]
    assert all(after - before >= 0.9999 for before, after in itertools.pairwise(arrived))
    assert len(arrived) >= 22


def test_an_answer_ends_the_looks() -> None:
    service = Service(VirtualClock(), ready=lambda _n: 4.5)

    watch = follow(service)

    assert service.looks[1] == pytest.approx([3, 4, 5], abs=0.01)
    assert watch.replies.qsize() == 1


def test_no_look_is_planned_after_the_end_of_the_watch() -> None:
    service = Service(VirtualClock(), ready=lambda _n: DAY)

    watch = follow(service, until=1200)

    assert service.looks[1][-1] == pytest.approx(1170, abs=0.01)
    assert watch.replies.empty()


@pytest.mark.parametrize(
    ("fault", "next_look"),
    [
        pytest.param(httpx.Response(500), 4, id="500"),
        pytest.param(httpx.Response(401), 4, id="token refused"),
        pytest.param(httpx.ReadTimeout("x"), 4, id="time-out"),
        pytest.param(httpx.ConnectError("x"), 4, id="unreachable"),
        pytest.param(httpx.Response(200, content=b"<html>"), 4, id="a page of HTML"),
        pytest.param(httpx.Response(200, json={"declarationStatus": {}}), 4, id="no result yet"),
        pytest.param(httpx.Response(403), 4, id="403"),
        pytest.param(httpx.Response(429), 4, id="429"),
        pytest.param(httpx.Response(429, headers={"Retry-After": "7"}), 10, id="429 with Retry-After"),
        pytest.param(httpx.Response(503, headers={"Retry-After": "0"}), 4, id="Retry-After before the slot"),
    ],
)
def test_a_failed_look_waits_for_the_next_slot(fault: httpx.Response | Exception, next_look: float) -> None:
    service = Service(VirtualClock(), ready=lambda _n: 0)
    service.faults = [fault]

    follow(service)

    assert service.looks[1] == pytest.approx([3, next_look], abs=0.01)


def test_after_a_restart_the_interval_passes_before_the_first_look() -> None:
    service = Service(VirtualClock(START + 300.5), ready=lambda _n: 0)

    async def scenario(poller: Poller, clock: VirtualClock) -> None:
        await finish(poller.watch(declarations(1), until=START + DAY, last_look=clock.now()))

    poll(scenario, service)

    assert service.looks[1] == pytest.approx([360.5], abs=0.01)


def test_a_short_budget_makes_looks_late_and_never_early() -> None:
    rng = random.Random(1)  # noqa: S311 - no secret
    ready = {n: rng.uniform(2, 60) for n in range(1, 401)}
    service = Service(VirtualClock(), ready=lambda n: ready[n])

    watch = follow(service, count=400, per_second=40)

    assert watch.replies.qsize() == 400
    assert watch.latest > 1
    for looks in service.looks.values():
        assert looks[0] >= 2
        for earlier, later in itertools.pairwise(looks):
            assert later - earlier >= (1 if later <= 30 else 60) - 0.001


def test_a_short_budget_is_kept() -> None:
    service = Service(VirtualClock(), ready=lambda _n: 0)

    follow(service, count=200, per_second=20)

    ages = sorted(age for looks in service.looks.values() for age in looks)
    assert ages[-1] - ages[0] == pytest.approx(199 / 20, abs=0.2)


def test_the_looks_of_several_batches_are_one_queue() -> None:
    service = Service(VirtualClock(), ready=lambda _n: 0)

    async def scenario(poller: Poller, _clock: VirtualClock) -> None:
        both = [poller.watch(declarations(100)[start::2], until=START + DAY) for start in (0, 1)]
        await asyncio.gather(*(finish(watch) for watch in both))
        assert [watch.replies.qsize() for watch in both] == [50, 50]

    poll(scenario, service, per_second=20)

    first = {number: looks[0] for number, looks in service.looks.items()}
    assert max(first.values()) == pytest.approx(3 + 100 / 20, abs=0.3)


def test_a_forgotten_watch_gets_no_more_looks() -> None:
    service = Service(VirtualClock(), ready=lambda _n: DAY)

    async def scenario(poller: Poller, clock: VirtualClock) -> None:
        watch = poller.watch(declarations(1), until=START + DAY)
        await clock.sleep(5.5)
        poller.forget(watch)
        await clock.sleep(60)

    poll(scenario, service)

    assert service.looks[1] == pytest.approx([3, 4, 5], abs=0.01)


def test_a_defect_in_a_look_is_raised_by_who_follows() -> None:
    class Broken(Service):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/token"):
                return httpx.Response(200, json=TOKEN)
            raise RuntimeError("a defect")

    watch = follow(Broken(VirtualClock(), ready=lambda _n: 0))

    assert isinstance(watch.failure, RuntimeError)


def test_a_poller_that_ended_is_noticed() -> None:
    async def main() -> None:
        clock = VirtualClock()
        service = Service(clock, ready=lambda _n: 0)
        async with open_client(settings(), transport=httpx.MockTransport(service), clock=clock) as client:
            poller = Poller(client, own_budget(clock, 1), clock)
            with pytest.raises(RuntimeError, match="not running"):
                poller.check()
            async with poller.running():
                poller.check()
            with pytest.raises(RuntimeError, match="not running"):
                poller.check()

    asyncio.run(main())


def test_a_slow_token_takes_nothing_from_the_interval() -> None:
    class SlowToken(Service):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/token"):
                await self.clock.sleep(2.6)
                return httpx.Response(200, json={**TOKEN, "expires_in": 10})
            return await super().__call__(request)

    service = SlowToken(VirtualClock(), ready=lambda _n: 300)

    follow(service)

    for earlier, later in itertools.pairwise(service.looks[1]):
        assert later - earlier >= (1 if later <= 30 else 60) - 0.001
