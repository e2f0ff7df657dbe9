"""Following a batch: each answer is written down once, whoever asks and however often it is begun."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import sqlalchemy as sa

from dimona_provider.api.client import REQUEST_TIMEOUT, open_client
from dimona_provider.domain.routes import Route
from dimona_provider.errors import ServiceUnavailable
from dimona_provider.filing.submission import Submission
from dimona_provider.following.batch import Followed, follow_batch, following_ends
from dimona_provider.following.poller import Poller
from dimona_provider.ledger import Ledger, claims
from dimona_provider.ledger.answers import open_declarations
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.schema import answers
from dimona_provider.ledger.schema import batches as table
from dimona_provider.planning.intake import take_source
from dimona_provider.upkeep import bring_up_to_date, standing
from include.dimona_simulator import Timing, polls_off_schedule
from support.budgets import own_budget
from support.clocks import FastClock
from support.nsso import Wire, settings, simulator
from support.people import in_body, item

RUN = Run("dag", "run")
ROUTE = Route("dimona_default", settings().base_url)


class World:
    def __init__(self, ledger: Ledger, **simulated: object) -> None:
        self.ledger = ledger
        self.clock = FastClock(speed=20)
        self.nsso = simulator(self.clock.now, **simulated)
        self.wire = Wire(self.nsso)
        self.lines: list[str] = []

    @asynccontextmanager
    async def poller(self) -> AsyncIterator[Poller]:
        async with open_client(settings(), transport=self.wire, clock=self.clock) as client:
            poller = Poller(client, own_budget(self.clock), self.clock)
            async with poller.running():
                yield poller

    async def filed_batch(self, items: list[dict[str, object]]) -> str:
        batch, _ = take_source(self.ledger, RUN, ROUTE, "task", items, now=self.clock.now())
        async with open_client(settings(), transport=self.wire, clock=self.clock) as client:
            await Submission(self.ledger, client, own_budget(self.clock), self.clock).file(batch)
        return batch

    async def follow(self, batch: str, seconds: float = 1200) -> Followed:
        async with self.poller() as poller:
            return await follow_batch(
                self.ledger,
                poller,
                batch,
                until=self.clock.now() + seconds,
                clock=self.clock,
                report=self.lines.append,
            )

    def answers(self) -> int:
        with self.ledger.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(answers)) or 0


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


async def test_every_answer_is_in_the_ledger_and_folded_into_states(world: World) -> None:
    batch = await world.filed_batch([item(n) for n in range(40)])

    followed = await world.follow(batch)

    counts = bring_up_to_date(world.ledger, batch, now=world.clock.now())
    assert (followed.answered, followed.open) == (40, 0)
    assert counts["accepted"] == 40
    assert world.answers() == 40
    assert not polls_off_schedule(world.nsso.journal, tolerance=0.2)


async def test_following_again_asks_nothing_and_changes_nothing(world: World) -> None:
    batch = await world.filed_batch([item(n) for n in range(5)])
    await world.follow(batch)
    requests = len(world.nsso.journal)

    followed = await world.follow(batch)

    assert (followed.answered, followed.looks) == (0, 0)
    assert len(world.nsso.journal) == requests


async def test_a_poller_that_dies_midway_is_replaced_without_loss(ledger: Ledger) -> None:
    world = World(ledger, timing=Timing(low=2, high=45, tail_share=0))
    batch = await world.filed_batch([item(n) for n in range(30)])

    first = asyncio.create_task(world.follow(batch))
    while world.answers() < 5:  # noqa: ASYNC110 - another process's progress is seen in the ledger only
        await asyncio.sleep(0.01)
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    open_then = len(open_declarations(ledger, batch))
    second = await world.follow(batch)

    assert 0 < open_then < 30
    assert second.open == 0
    assert world.answers() == 30
    assert bring_up_to_date(ledger, batch, now=world.clock.now())["accepted"] == 30
    assert not polls_off_schedule(world.nsso.journal, tolerance=0.2)


async def test_a_batch_has_one_poller_at_a_time(world: World) -> None:
    batch = await world.filed_batch([item(n) for n in range(20)])

    both = await asyncio.gather(world.follow(batch), world.follow(batch))

    assert sorted(followed.answered for followed in both) == [0, 20]
    assert not polls_off_schedule(world.nsso.journal, tolerance=0.2)


async def test_what_is_still_being_identified_leaves_the_run_at_once(world: World) -> None:
    body = in_body()
    body["worker"] = {
        "familyName": "Zwartewei",
        "givenName": "Pieternel",
        "birthDate": "1990-02-03",
        "placeOfBirth": "Lille",
        "countryOfBirth": 111,
        "nationality": 111,
        "gender": "2",
        "address": {
            "street": "Rue du Test",
            "houseNumber": "1",
            "postCode": "59000",
            "municipality": {"code": 99999, "name": "Lille"},
            "country": 111,
        },
    }
    batch = await world.filed_batch([{"reference": "E-1", "declaration": body}])

    followed = await world.follow(batch)

    assert followed.open == 0
    assert standing(world.ledger, batch, now=world.clock.now()).counts["identifying"] == 1


async def test_what_has_no_answer_in_time_stays_open_for_the_follow_up(ledger: Ledger) -> None:
    world = World(ledger, timing=Timing(low=44, high=44, tail_share=0))
    batch = await world.filed_batch([item(1)])

    followed = await world.follow(batch, seconds=20)

    assert (followed.answered, followed.open) == (0, 1)
    assert bring_up_to_date(ledger, batch, now=world.clock.now())["waiting"] == 1


async def test_long_following_says_how_far_and_how_fast_it_is_and_when_it_goes_on(ledger: Ledger) -> None:
    world = World(ledger, timing=Timing(low=64, high=64, tail_share=0))
    batch = await world.filed_batch([item(n) for n in range(12)])

    await world.follow(batch, seconds=95)

    line = re.fullmatch(
        r"0 of 12 answered, (\d+) looks, (\d+\.\d) a second, next one due in (\d+) s(, latest .* late)?",
        world.lines[0],
    )
    assert line is not None, world.lines
    assert 12 < int(line[1]) < 12 * 29
    assert 0.3 < float(line[2]) < 12
    assert 0 < int(line[3]) <= 60


async def test_what_a_vanished_sender_left_is_waited_for_until_it_is_unclear(world: World) -> None:
    batch, _ = take_source(world.ledger, RUN, ROUTE, "task", [item(1), item(2)], now=world.clock.now())
    claims.claim(world.ledger, batch, "vanished", limit=10, now=world.clock.now())
    ends = claims.LEASE + REQUEST_TIMEOUT + claims.GRACE
    until = following_ends(world.ledger, batch, now=world.clock.now())

    began = world.clock.now()
    await world.follow(batch)
    counts = bring_up_to_date(world.ledger, batch, now=world.clock.now() + 0.5)

    assert until is not None
    assert until == pytest.approx(began + ends, abs=5)
    assert world.clock.now() - began >= ends - 5
    assert counts["unclear"] == 2


async def test_a_batch_without_open_declarations_needs_no_following(world: World) -> None:
    batch = await world.filed_batch([item(1)])
    assert following_ends(world.ledger, batch, now=world.clock.now()) is not None

    await world.follow(batch)

    assert following_ends(world.ledger, batch, now=world.clock.now()) is None


async def test_a_lease_that_was_lost_ends_the_following(ledger: Ledger) -> None:
    world = World(ledger, timing=Timing(low=45, high=45, tail_share=0))
    batch = await world.filed_batch([item(1)])

    async def steal() -> None:
        await asyncio.sleep(0.1)  # after this process's own lease was taken
        with ledger.write() as connection:
            row = table.update().where(table.c.reference == batch)
            connection.execute(row.values(polled_by="thief", polled_until=world.clock.now() + 1000))

    with pytest.raises(ServiceUnavailable, match="another poller took this batch over"):
        await asyncio.gather(world.follow(batch), steal())
