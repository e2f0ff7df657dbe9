"""The hourly follow-up: once an hour, never early, whoever dies; in virtual time, against the simulator."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from dimona_provider.api.client import open_client
from dimona_provider.domain.routes import Route
from dimona_provider.errors import ConfigurationError
from dimona_provider.filing.submission import Submission
from dimona_provider.following.batch import follow_batch
from dimona_provider.following.followup import PASS, WINDOW, FollowedUp, first_due, follow_up
from dimona_provider.following.poller import Poller
from dimona_provider.ledger import Ledger, batches, due
from dimona_provider.ledger.answers import fold
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.schema import answers, intents, looks
from dimona_provider.planning.intake import take_source
from include.dimona_simulator import Timing, polls_off_schedule
from support.budgets import own_budget
from support.clocks import JumpingClock
from support.ledgers import rows, states
from support.nsso import Wire, settings, simulator
from support.people import in_body, item

ROUTE = Route("dimona_default", settings().base_url)
HOUR = 3600.0


def unknown_person(number: int) -> dict[str, object]:
    """Give a declaration without an SSIN: the service says S first."""
    body = in_body()
    body["worker"] = {
        "familyName": "Zwartewei",
        "givenName": "Pieternel",
        "birthDate": f"19{60 + number // 28}-02-{number % 28 + 1:02d}",
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
    return {"reference": f"S-{number}", "declaration": body}


def unknown_persons(count: int) -> list[dict[str, object]]:
    return [unknown_person(number) for number in range(1, count + 1)]


class World:
    def __init__(self, ledger: Ledger, *, per_second: float = 1e6, **simulated: object) -> None:
        self.ledger = ledger
        self.clock = JumpingClock()
        self.nsso = simulator(self.clock.now, **simulated)
        self.wire = Wire(self.nsso)
        self.per_second = per_second
        self.broken: dict[str, ConfigurationError] = {}

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        async def within_limits() -> Any:
            async with asyncio.timeout(100):
                return await self.clock.run(coroutine)

        return asyncio.run(within_limits())

    @asynccontextmanager
    async def poller(self, route: Route = ROUTE) -> AsyncIterator[Poller]:
        if route.dimona_conn_id in self.broken:
            raise self.broken[route.dimona_conn_id]
        async with open_client(settings(), transport=self.wire, clock=self.clock) as client:
            poller = Poller(client, own_budget(self.clock, self.per_second), self.clock)
            async with poller.running():
                yield poller

    async def file(self, items: list[dict[str, object]], route: Route = ROUTE, origin: str = "task") -> str:
        batch, _ = take_source(self.ledger, Run("dag", origin), route, origin, items, now=self.clock.now())
        async with open_client(settings(), transport=self.wire, clock=self.clock) as client:
            await Submission(self.ledger, client, own_budget(self.clock), self.clock).file(batch)
        return batch

    async def follow(self, batch: str, seconds: float = 1200.0) -> None:
        """Do what a run does."""
        async with self.poller() as poller:
            until = self.clock.now() + seconds
            await follow_batch(self.ledger, poller, batch, until=until, clock=self.clock)
        self.fold()

    async def one_pass(self, until: float | None = None) -> FollowedUp:
        done = await follow_up(
            self.ledger, self.poller, until=until or self.clock.now() + PASS, clock=self.clock
        )
        self.fold()
        return done

    async def hours(self, count: int) -> list[FollowedUp]:
        """Do what Airflow does: a pass each hour, that begins some seconds after the hour."""
        done = []
        for _ in range(count):
            began = self.clock.now()
            done.append(await self.one_pass())
            await self.clock.sleep(max(7.0, began + HOUR + 7.0 - self.clock.now()))
        return done

    def fold(self) -> None:
        fold(self.ledger, None, now=self.clock.now())

    @property
    def looks(self) -> dict[int, list[float]]:
        """Give the ages at which each declaration was asked for."""
        ages: dict[int, list[float]] = defaultdict(list)
        for entry in self.nsso.journal:
            if entry.method == "GET" and entry.declaration_id is not None:
                ages[entry.declaration_id].append(entry.age)
        return ages

    def assert_on_schedule(self) -> None:
        assert not polls_off_schedule(self.nsso.journal, tolerance=0.01)


def answered(ledger: Ledger) -> list[str]:
    with ledger.read() as connection:
        return list(connection.scalars(sa.select(answers.c.result).order_by(answers.c.id)))


# --- what is asked, and when ---


def test_an_s_is_asked_for_hourly_until_it_has_its_result(ledger):
    world = World(ledger, identified_after=5 * HOUR)

    async def scenario():
        batch = await world.file(unknown_persons(3))
        await world.follow(batch)
        assert states(ledger) == ["identifying"] * 3
        before = len(world.nsso.journal)
        done = await world.hours(9)
        assert sum(one.answered for one in done) == 3
        return before

    before = world.run(scenario())

    assert states(ledger) == ["accepted"] * 3
    assert answered(ledger) == ["S"] * 3 + ["A"] * 3
    assert len([e for e in world.nsso.journal[before:] if e.method == "GET"]) == 3 * 5
    hourly = [[age for age in ages if age > 1200] for ages in world.looks.values()]
    assert hourly == [pytest.approx([1200 + hour * HOUR for hour in range(1, 6)], abs=0.1)] * 3
    world.assert_on_schedule()


def test_what_has_no_answer_after_twenty_minutes_is_asked_for_hourly(ledger):
    world = World(ledger, timing=Timing(low=3 * HOUR, high=3 * HOUR, tail_share=0))

    async def scenario():
        await world.follow(await world.file([item(1), item(2)]))
        assert states(ledger) == ["sent"] * 2
        await world.hours(5)

    world.run(scenario())

    assert states(ledger) == ["accepted"] * 2
    for ages in world.looks.values():
        assert [age for age in ages if age > 1170.5] == pytest.approx([4800, 8400, 12000], abs=0.1)
    world.assert_on_schedule()


def test_what_a_dead_run_left_young_is_asked_for_each_minute_then_hourly(ledger):
    world = World(ledger, timing=Timing(low=3 * HOUR, high=3 * HOUR, tail_share=0))

    async def scenario():
        await world.file([item(1)])
        await world.clock.sleep(300.0)
        await world.hours(5)

    world.run(scenario())

    (ages,) = world.looks.values()
    minutes = [360.0 + 60 * minute for minute in range(14)]
    assert ages == pytest.approx([*minutes, 4800, 8400, 12000], abs=0.1)
    world.assert_on_schedule()


def test_an_unknown_letter_is_asked_for_again(ledger):
    world = World(ledger)
    odd = {"declarationStatus": {"declarationId": 0, "result": "Z"}}

    async def scenario():
        batch = await world.file([item(1)])
        number = rows(ledger)[0].declaration_id
        odd["declarationStatus"]["declarationId"] = number
        world.wire.get_faults = [httpx.Response(200, json=odd)]
        await world.follow(batch)
        assert states(ledger) == ["unclear"]
        await world.hours(3)

    world.run(scenario())

    assert states(ledger) == ["accepted"]
    assert answered(ledger) == ["Z", "A"]


def test_a_pass_with_nothing_due_ends_at_once_and_opens_no_connection(ledger):
    world = World(ledger, identified_after=5 * HOUR)
    world.broken["dimona_default"] = ConfigurationError("opened")

    async def scenario():
        assert first_due(ledger, now=world.clock.now()) is None
        began = world.clock.now()
        done = await world.one_pass()
        assert world.clock.now() == began
        return done

    assert world.run(scenario()) == FollowedUp()


def test_an_s_is_first_due_an_hour_after_its_twenty_minutes(ledger):
    world = World(ledger, identified_after=5 * HOUR)

    async def scenario():
        await world.follow(await world.file([unknown_person(1)]))

    world.run(scenario())

    filed_at = rows(ledger)[0].filed_at
    assert first_due(ledger, now=world.clock.now()) == pytest.approx(filed_at + 4800)


def test_a_look_that_fails_waits_for_the_next_hour(ledger):
    world = World(ledger, identified_after=0.5 * HOUR)

    async def scenario():
        await world.follow(await world.file([unknown_person(1)]))
        world.wire.get_faults = [httpx.Response(500), httpx.ReadTimeout("x")]
        return await world.hours(5)

    done = world.run(scenario())

    assert states(ledger) == ["accepted"]
    assert [one.looks for one in done] == [0, 1, 1, 1, 0]
    assert "dimona_default" in done[1].trouble


def test_a_token_that_is_refused_is_asked_for_once_a_slot(ledger):
    world = World(ledger, identified_after=0.5 * HOUR)

    async def scenario():
        await world.follow(await world.file([unknown_person(1)]))
        world.wire.token_faults = [httpx.Response(400, json={"error": "invalid_client"})]
        return await world.hours(4)

    done = world.run(scenario())

    assert states(ledger) == ["accepted"]
    assert [one.looks for one in done] == [0, 0, 1, 0]
    world.assert_on_schedule()


def test_a_retry_after_of_more_than_an_hour_is_kept(ledger):
    world = World(ledger, identified_after=0.5 * HOUR)

    async def scenario():
        await world.follow(await world.file([unknown_person(1)]))
        world.wire.get_faults = [httpx.Response(429, headers={"Retry-After": str(int(3 * HOUR))})]
        await world.hours(7)

    world.run(scenario())

    (ages,) = world.looks.values()
    assert ages[-1] >= 4800 + 3 * HOUR
    assert states(ledger) == ["accepted"]


def test_after_an_outage_everything_owed_is_asked_for_at_once_and_called_late(ledger):
    world = World(ledger, identified_after=5 * HOUR)

    async def scenario():
        await world.follow(await world.file(unknown_persons(3)))
        await world.clock.sleep(10 * HOUR)
        began = world.clock.now()
        done = await world.one_pass()
        assert world.clock.now() - began < 10
        return done

    done = world.run(scenario())

    assert states(ledger) == ["accepted"] * 3
    assert done.looks == 3
    assert done.latest > 8 * HOUR
    world.assert_on_schedule()


def test_a_short_budget_makes_looks_late_and_none_is_lost_or_early(ledger):
    world = World(ledger, per_second=0.5, identified_after=3 * HOUR)

    async def scenario():
        await world.follow(await world.file(unknown_persons(60)))
        return await world.hours(6)

    done = world.run(scenario())

    assert [one.looks for one in done] == [0, 60, 60, 60, 0, 0]
    assert done[1].latest == pytest.approx(118, abs=5)
    assert states(ledger) == ["accepted"] * 60
    world.assert_on_schedule()


def test_a_budget_that_can_not_do_it_starves_nobody_and_ends_with_the_hour(ledger):
    world = World(ledger, per_second=10 / HOUR, identified_after=100 * HOUR)

    async def scenario():
        await world.follow(await world.file(unknown_persons(25)), seconds=3 * HOUR)
        began = world.clock.now()
        await world.one_pass()
        await world.one_pass()
        assert world.clock.now() - began <= 2 * HOUR + 10
        await world.hours(2)

    world.run(scenario())

    hourly = [len([age for age in ages if age > 1200]) for ages in world.looks.values()]
    assert min(hourly) >= 1
    assert max(hourly) - min(hourly) <= 2
    world.assert_on_schedule()


# --- who asks ---


def test_a_batch_that_a_run_polls_is_left_alone(ledger):
    world = World(ledger, identified_after=HOUR)

    async def scenario():
        batch = await world.file([unknown_person(1)])
        await world.follow(batch)
        await world.clock.sleep(HOUR)
        batches.lease_polling(ledger, batch, "a run", now=world.clock.now(), seconds=2 * HOUR)
        before = len(world.nsso.journal)
        done = await world.one_pass()
        assert len(world.nsso.journal) == before
        return done

    done = world.run(scenario())

    assert (done.looks, done.skipped) == (0, 1)


def test_what_was_just_filed_is_left_to_its_run(ledger):
    world = World(ledger)

    async def scenario():
        await world.file([item(1)])
        await world.clock.sleep(5.0)
        return await world.one_pass()

    done = world.run(scenario())

    assert (done.looks, done.skipped) == (0, 1)
    assert not world.looks


def test_two_passes_at_once_ask_once(ledger):
    world = World(ledger, identified_after=10 * HOUR)

    async def scenario():
        await world.follow(await world.file(unknown_persons(5)))
        await world.follow(await world.file(unknown_persons(9)[5:], origin="other"))
        for _ in range(4):
            await asyncio.gather(world.one_pass(), world.one_pass())
            await world.clock.sleep(HOUR)

    world.run(scenario())

    world.assert_on_schedule()
    assert all(len([age for age in ages if age > 1200]) >= 3 for ages in world.looks.values())


def test_a_run_that_wants_its_batch_back_waits_a_minute_at_most(ledger):
    world = World(ledger, timing=Timing(low=600, high=600, tail_share=0))

    async def scenario():
        batch = await world.file([item(n) for n in range(1, 40)])
        await world.clock.sleep(300.0)  # its run died
        follow_up_goes_on = asyncio.create_task(world.one_pass())
        await world.clock.sleep(100.0)
        run = asyncio.create_task(world.follow(batch, seconds=800.0))
        await asyncio.gather(follow_up_goes_on, run)

    world.run(scenario())

    assert states(ledger) == ["accepted"] * 39
    assert max(age for ages in world.looks.values() for age in ages) < 800
    world.assert_on_schedule()


def test_a_run_does_not_wait_for_a_batch_beyond_its_end(ledger):
    world = World(ledger, timing=Timing(low=HOUR, high=HOUR, tail_share=0))

    async def scenario():
        batch = await world.file([item(1)])
        batches.lease_polling(ledger, batch, "another", now=world.clock.now(), seconds=9 * HOUR)
        began = world.clock.now()
        await world.follow(batch, seconds=50.0)
        assert world.clock.now() - began <= 52.0

    world.run(scenario())

    assert not world.looks


def test_a_connection_that_is_broken_stops_no_other(ledger):
    world = World(ledger, identified_after=HOUR)
    other = Route("dimona_other", ROUTE.environment)

    async def scenario():
        await world.follow(await world.file(unknown_persons(2)))
        await world.follow(await world.file(unknown_persons(4)[2:], route=other, origin="other"))
        await world.clock.sleep(2 * HOUR)
        world.broken["dimona_default"] = ConfigurationError("the key is gone")
        return await world.one_pass()

    done = world.run(scenario())

    assert states(ledger) == ["identifying"] * 2 + ["accepted"] * 2
    assert {name: str(error) for name, error in done.broken.items()} == {"dimona_default": "the key is gone"}


# --- what dies ---


@pytest.mark.parametrize("stops_after", [1.0, 500.0, 2404.5])
def test_a_pass_that_is_stopped_and_begun_again_asks_no_declaration_twice(ledger, stops_after):
    world = World(ledger, per_second=2.0, identified_after=100 * HOUR)

    async def scenario():
        await world.follow(await world.file(unknown_persons(40)))
        await world.clock.sleep(2400.0 - (world.clock.now() - rows(ledger)[0].filed_at))
        until = world.clock.now() + HOUR
        first = asyncio.create_task(world.one_pass(until))
        await world.clock.sleep(stops_after)
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first
        await world.one_pass(until)

    world.run(scenario())

    assert [len([a for a in ages if a > 1200]) for ages in world.looks.values()] == [1] * 40
    world.assert_on_schedule()


def test_a_pass_that_is_killed_before_it_noted_its_looks_is_followed_by_none_that_is_early(
    ledger, monkeypatch
):
    world = World(ledger, per_second=4.0, identified_after=100 * HOUR)
    noting = due.note_looks

    def killed(ledger, looked):
        if looked:
            raise SystemError("killed")

    async def scenario():
        await world.follow(await world.file(unknown_persons(40)))
        await world.clock.sleep(4795.0 - (world.clock.now() - rows(ledger)[0].filed_at))
        monkeypatch.setattr(due, "note_looks", killed)
        with pytest.raises(SystemError):
            await world.one_pass()
        assert 0 < sum(len([a for a in ages if a > 1200]) for ages in world.looks.values()) < 40
        monkeypatch.setattr(due, "note_looks", noting)
        await world.clock.sleep(35.0)
        await world.hours(4)

    world.run(scenario())

    assert all(len([a for a in ages if a > 1200]) >= 2 for ages in world.looks.values())
    world.assert_on_schedule()


def test_a_lease_that_was_lost_ends_the_window_and_is_reported(ledger):
    world = World(ledger, per_second=0.05, identified_after=100 * HOUR)

    async def scenario():
        batch = await world.file(unknown_persons(5))
        await world.follow(batch, seconds=HOUR)
        await world.clock.sleep(2 * HOUR)
        goes_on = asyncio.create_task(world.one_pass())
        await world.clock.sleep(15.0)
        with ledger.write() as connection:
            row = batches.batches.update().where(batches.batches.c.reference == batch)
            connection.execute(row.values(polled_by="thief", polled_until=world.clock.now() + 1000))
        return await goes_on

    done = world.run(scenario())

    assert "another poller took a batch over" in str(done.broken["dimona_default"])
    assert done.broken["dimona_default"].retryable


# --- in the ledger ---


def test_looks_are_noted_once_per_declaration_and_never_back(ledger):
    world = World(ledger, identified_after=5 * HOUR)
    world.run(world.file([unknown_person(1)]))
    (intent,) = [row.id for row in rows(ledger)]

    due.note_looks(ledger, {intent: 20.0})
    due.note_looks(ledger, {intent: 10.0})

    with ledger.read() as connection:
        assert [tuple(row) for row in connection.execute(sa.select(looks))] == [(intent, 20.0)]


def test_nothing_but_looks_answers_and_states_changes(ledger):
    world = World(ledger, identified_after=100 * HOUR)

    async def scenario():
        await world.follow(await world.file(unknown_persons(2)))
        before = rows(ledger, intents)
        await world.hours(3)
        assert rows(ledger, intents) == before

    world.run(scenario())

    assert answered(ledger) == ["S"] * 2


def test_a_window_is_shorter_than_the_patience_of_a_run():
    assert 0 < WINDOW <= 60 < PASS


def test_a_right_to_poll_is_taken_only_as_it_was_seen(ledger):
    world = World(ledger)
    batch = world.run(world.file([item(1)]))

    def take(seen, holder, now):
        return due.take(ledger, {batch: seen}, holder, now=now, seconds=30.0)

    assert take(0.0, "one", 100.0) == [batch]
    assert take(0.0, "two", 200.0) == []  # somebody polled it since it was read
    assert take(130.0, "two", 129.0) == []  # still held
    assert take(130.0, "two", 131.0) == [batch]
    assert due.renew(ledger, "one", now=140.0, seconds=30.0) == 0
    due.give_back(ledger, "two")
    assert due.renew(ledger, "two", now=150.0, seconds=30.0) == 0  # given back stays given back
    assert take(0.0, "three", 150.0) == [batch]
