"""Filing a batch with exactly one effect each: every way a POST can end or a sender can die."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from dimona_provider.api.budget import Budget, Grant
from dimona_provider.api.client import REQUEST_TIMEOUT, open_client
from dimona_provider.errors import AuthenticationFailed, ServiceUnavailable
from dimona_provider.filing.submission import Submission
from dimona_provider.ledger import Ledger, claims, open_ledger
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.summaries import notable
from dimona_provider.planning.intake import take_source
from support.budgets import own_budget
from support.ledgers import still_claimed
from support.nsso import Wire, settings
from support.people import OTHER_EMPLOYER, SSIN, in_body, item
from support.world import ROUTE, RUN, World

PROBLEM = {"Content-Type": "application/problem+json"}


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def test_every_planned_declaration_is_filed_once(world: World) -> None:
    batch = world.plan([item(n) for n in range(250)])

    filed = world.run(batch)

    assert filed == 250
    assert world.states(batch) == {"sent": 250}
    assert world.filed_at_the_nsso() == world.wire.posts == 250


def test_filing_a_batch_again_sends_nothing(world: World) -> None:
    batch = world.plan([item(n) for n in range(30)])
    world.run(batch)

    again = world.run(batch)

    assert again == 0
    assert world.wire.posts == 30


def test_two_senders_of_one_batch_never_send_the_same_declaration(world: World) -> None:
    batch = world.plan([item(n) for n in range(300)])

    async def both() -> list[int]:
        return await asyncio.gather(world.file(batch), world.file(batch))

    filed = asyncio.run(both())

    assert sum(filed) == 300
    assert world.filed_at_the_nsso() == 300
    assert world.states(batch) == {"sent": 300}


def test_an_attempt_is_on_record_before_its_post_leaves(world: World) -> None:
    batch = world.plan([item(1)])
    seen: list[tuple[str | None, float | None]] = []

    class Looking(Wire):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST" and request.url.path.endswith("declarations"):
                seen.extend((row.verdict, row.claimed_at) for row in world.attempts())
            return await super().handle_async_request(request)

    world.wire = Looking(world.nsso)

    world.run(batch)

    assert len(seen) == 1
    assert seen[0][0] is None
    assert seen[0][1] is not None


@pytest.mark.parametrize(
    ("fault", "state", "at_the_nsso"),
    [
        pytest.param(httpx.ReadTimeout("x"), "unclear", 0, id="no answer, not arrived"),
        pytest.param(("after", httpx.ReadTimeout("x")), "unclear", 1, id="no answer, arrived"),
        pytest.param(("after", httpx.ReadError("x")), "unclear", 1, id="connection reset after it arrived"),
        pytest.param(httpx.RemoteProtocolError("x"), "unclear", 0, id="closed without an answer"),
        pytest.param(("after", httpx.Response(500)), "unclear", 1, id="arrived, answered 500"),
        pytest.param(httpx.Response(502), "unclear", 0, id="502"),
        pytest.param(httpx.Response(503), "unclear", 0, id="a bare 503 may come from a gateway"),
        pytest.param(httpx.Response(302, headers={"Location": "/x"}), "unclear", 0, id="redirect"),
        pytest.param(httpx.Response(408), "unclear", 0, id="408"),
        pytest.param(httpx.Response(409), "unclear", 0, id="409"),
        pytest.param(("after", httpx.Response(201)), "unclear", 1, id="201 without Location"),
        pytest.param(
            ("after", httpx.Response(201, headers={"Location": "/x/abc"})),
            "unclear",
            1,
            id="useless Location",
        ),
        pytest.param(("after", httpx.Response(200)), "unclear", 1, id="200 is no 201"),
        pytest.param(httpx.Response(400, headers=PROBLEM), "held", 0, id="400"),
        pytest.param(httpx.Response(403, headers=PROBLEM), "held", 0, id="403"),
    ],
)
def test_a_post_that_may_have_arrived_is_never_repeated(
    world: World, fault: object, state: str, at_the_nsso: int
) -> None:
    batch = world.plan([item(1)])
    world.wire.faults = [fault]

    world.run(batch)
    world.run(batch)

    assert world.states(batch) == {state: 1}
    assert world.wire.posts == 1
    assert world.filed_at_the_nsso() == at_the_nsso


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(httpx.ConnectError("x"), id="no connection"),
        pytest.param(httpx.ConnectTimeout("x"), id="connection timed out"),
        pytest.param(httpx.Response(401, headers=PROBLEM), id="token refused"),
        pytest.param(httpx.Response(429), id="429"),
        pytest.param(httpx.Response(429, headers={"Retry-After": "2"}), id="429 with Retry-After"),
        pytest.param(httpx.Response(503, headers={"Retry-After": "1"}), id="503 with Retry-After"),
        pytest.param(httpx.Response(503, headers=PROBLEM), id="503 with a problem"),
    ],
)
def test_a_post_that_did_not_arrive_is_sent_again(world: World, fault: object) -> None:
    batch = world.plan([item(1)])
    world.wire.faults = [fault]

    filed = world.run(batch)

    assert filed == 1
    assert world.filed_at_the_nsso() == 1
    # On a busy machine a claim may run out before its POST leaves: that sends nothing.
    sent = [row.verdict for row in world.attempts() if row.verdict != "not_sent"]
    assert sent == ["not_received", "filed"]


def test_a_long_retry_after_gives_the_batch_back(world: World) -> None:
    batch = world.plan([item(n) for n in range(5)])
    world.wire.faults = [httpx.Response(429, headers={"Retry-After": "600"})] * 5

    with pytest.raises(ServiceUnavailable, match="429"):
        world.run(batch)

    posts = world.wire.posts
    with pytest.raises(ServiceUnavailable, match=r"wait \d+ s"):
        world.run(batch)
    assert world.wire.posts == posts
    assert set(world.states(batch)) == {"planned"}


def test_after_the_retry_after_the_batch_is_filed(world: World) -> None:
    batch = world.plan([item(1)])
    world.wire.faults = [httpx.Response(503, headers={"Retry-After": "600"})]
    with pytest.raises(ServiceUnavailable):
        world.run(batch)

    world.clock.offset += 601
    filed = world.run(batch)

    assert filed == 1


def test_an_unreachable_service_fails_the_task_and_loses_nothing(world: World) -> None:
    batch = world.plan([item(n) for n in range(120)])
    world.wire.faults = [httpx.ConnectError("x")] * 500

    with pytest.raises(ServiceUnavailable, match="can't be reached"):
        world.run(batch)

    assert world.states(batch) == {"planned": 120}
    world.wire.faults = []
    assert world.run(batch) == 120


def test_a_token_that_can_not_be_had_is_not_a_declaration_that_is_unclear(world: World) -> None:
    batch = world.plan([item(n) for n in range(3)])
    world.wire.token_faults = [httpx.ReadTimeout("x")] * 50

    with pytest.raises(ServiceUnavailable, match="token endpoint"):
        world.run(batch)

    assert world.states(batch) == {"planned": 3}
    assert world.wire.posts == 0


def test_refused_credentials_fail_the_task_and_lose_nothing(world: World) -> None:
    batch = world.plan([item(1)])
    world.wire.token_faults = [httpx.Response(401, json={"error": "invalid_client"})] * 50

    with pytest.raises(AuthenticationFailed, match="invalid_client"):
        world.run(batch)

    assert world.states(batch) == {"planned": 1}


def test_a_403_stops_that_employer_alone(world: World) -> None:
    ours = [item(n) for n in range(40)]
    theirs = [
        {
            "reference": f"O-{n}",
            "declaration": in_body(SSIN, employer=OTHER_EMPLOYER, startDate=f"2027-02-{n + 1:02d}"),
        }
        for n in range(20)
    ]
    batch = world.plan([theirs[0], *ours, *theirs[1:]])
    world.wire = _refusing(world, OTHER_EMPLOYER)

    filed = world.run(batch)

    assert filed == 40
    assert world.states(batch) == {"sent": 40, "held": 20}


def _refusing(world: World, employer: str) -> Wire:
    class Refusing(Wire):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST" and employer.encode() in request.content:
                return httpx.Response(403, headers=PROBLEM)
            return await super().handle_async_request(request)

    return Refusing(world.nsso)


def test_a_refused_declaration_does_not_stop_the_others(world: World) -> None:
    batch = world.plan([item(n) for n in range(10)])
    world.wire.faults = [httpx.Response(400, headers=PROBLEM), None, httpx.ReadTimeout("x")]

    filed = world.run(batch)

    assert filed == 8
    assert world.states(batch) == {"sent": 8, "held": 1, "unclear": 1}


@pytest.mark.parametrize("survivors", [0, 7])
def test_what_a_killed_sender_left_becomes_unclear_and_is_not_sent_again(
    world: World, survivors: int
) -> None:
    batch = world.plan([item(n) for n in range(50)])

    class Dying(Wire):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await super().handle_async_request(request)
            if self.posts > survivors:
                await asyncio.sleep(3600)  # the answer never reaches the sender
            return response

    dying = Dying(world.nsso)
    world.wire = dying
    _kill(world.file(batch), once=lambda: dying.posts > survivors + 10)
    world.wire = Wire(world.nsso)

    world.run(batch)  # the retry goes on with what was not claimed
    claimed = world.states(batch).get("sending", 0)
    world.expire(batch)
    world.run(batch)

    states = world.states(batch)
    assert claimed > 0
    assert "sending" not in states
    assert states["unclear"] == claimed
    assert sum(states.values()) == 50
    assert world.filed_at_the_nsso() <= 50
    with world.ledger.read() as connection:
        known = set(connection.scalars(sa.select(intents.c.declaration_id)))
    assert len([one for one in known if one]) == states.get("sent", 0)


def _kill(coroutine: Coroutine[Any, Any, Any], *, once: Any) -> None:
    """Run *coroutine* and end it while its requests are under way."""

    async def main() -> None:
        task = asyncio.ensure_future(coroutine)
        while not once():  # noqa: ASYNC110 - what happens is seen at the simulator, which has no event
            await asyncio.sleep(0.001)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_an_expired_claim_is_not_sent_by_its_old_owner(world: World) -> None:
    batch = world.plan([item(1)])
    pauses = [claims.LEASE]

    async def pausing(_count: int) -> Grant:
        world.clock.offset += pauses.pop() if pauses else 0  # the machine stood still after the claim
        return Grant(0.0, 1)

    async def file() -> None:
        async with open_client(settings(), transport=world.wire, clock=world.clock) as client:
            budget = Budget(pausing, 1.0, 1, world.clock)
            await Submission(world.ledger, client, budget, world.clock).file(batch)

    asyncio.run(file())

    assert [row.verdict for row in world.attempts()] == ["not_sent", "filed"]
    assert world.filed_at_the_nsso() == 1


def test_a_budget_that_outlasts_every_claim_fails_the_task(world: World) -> None:
    batch = world.plan([item(1)])

    async def slow(_count: int) -> Grant:
        world.clock.offset += claims.LEASE
        return Grant(0.0, 1)

    async def file() -> None:
        async with open_client(settings(), transport=world.wire, clock=world.clock) as client:
            budget = Budget(slow, 1.0, 1, world.clock)
            await Submission(world.ledger, client, budget, world.clock).file(batch)

    with pytest.raises(ServiceUnavailable, match="too slow"):
        asyncio.run(file())

    assert world.wire.posts == 0
    assert world.states(batch) == {"planned": 1}


def test_a_claim_that_others_called_unclear_is_not_sent_any_more(world: World) -> None:
    batch = world.plan([item(1)])
    claimed = claims.claim(world.ledger, batch, "old", limit=10, now=world.clock.now())
    world.expire(batch)

    still = still_claimed(world.ledger, [(claimed[0].id, "old")])

    assert not still
    assert [one.reason for one in notable(world.ledger, [batch])] == [
        "the sender ended before it reported back"
    ]


def _failing(world: World, fails: Any) -> Ledger:
    """Open the ledger once more; *fails* gets each statement and may raise."""
    broken = open_ledger(world.ledger.engine.url, world.ledger.keys, actor="broken")

    @sa.event.listens_for(broken.engine, "before_cursor_execute")
    def before(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        fails(statement)

    return broken


def _file_with(world: World, ledger: Ledger, batch: str) -> None:
    async def file() -> None:
        async with open_client(settings(), transport=world.wire, clock=world.clock) as client:
            await Submission(ledger, client, own_budget(world.clock), world.clock).file(batch)

    asyncio.run(file())
    ledger.close()


def test_a_ledger_that_stands_still_for_a_moment_costs_nothing(world: World) -> None:
    batch = world.plan([item(n) for n in range(100)])
    outage = [True] * 4

    def fails(statement: str) -> None:
        if statement.startswith("UPDATE attempts") and outage:
            outage.pop()
            raise sa.exc.OperationalError("statement", {}, Exception("locked"))

    _file_with(world, _failing(world, fails), batch)

    assert not outage
    assert world.states(batch) == {"sent": 100}
    assert world.filed_at_the_nsso() == world.wire.posts == 100


def test_an_id_that_another_declaration_has_costs_only_that_one(world: World) -> None:
    known = world.plan([item(500)])
    world.run(known)
    with world.ledger.read() as connection:
        taken = connection.scalar(sa.select(intents.c.declaration_id))
    batch, _ = take_source(
        world.ledger, RUN, ROUTE, "other", [item(n) for n in range(60)], now=world.clock.now()
    )
    repeated = httpx.Response(201, headers={"Location": f"/declarations/{taken}"})
    world.wire.faults = [None] * 30 + [("after", repeated)]

    world.run(batch)

    assert world.states(batch) == {"sent": 59, "unclear": 1}
    assert world.filed_at_the_nsso() == 61


def test_a_slow_token_makes_nothing_unclear_and_nothing_late(world: World) -> None:
    batch = world.plan([item(n) for n in range(5)])
    pauses = [claims.LEASE] * 1

    class Slow(Wire):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/token") and pauses:
                world.clock.offset += pauses.pop()
            return await super().handle_async_request(request)

    world.wire = Slow(world.nsso)

    world.run(batch)

    assert world.states(batch) == {"sent": 5}
    assert {row.verdict for row in world.attempts()} == {"not_sent", "filed"}
    for row in world.attempts():
        if row.verdict == "filed":
            assert row.sent_at - row.claimed_at < claims.LEASE - REQUEST_TIMEOUT


def test_a_201_whose_body_breaks_off_is_filed(world: World) -> None:
    batch = world.plan([item(1)])

    class Broken(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            yield b"{"
            raise httpx.ReadError("cut")

    class Cutting(Wire):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await super().handle_async_request(request)
            if request.method == "POST" and request.url.path.endswith("declarations"):
                return httpx.Response(201, headers=dict(response.headers), stream=Broken())
            return response

    world.wire = Cutting(world.nsso)

    world.run(batch)

    assert world.states(batch) == {"sent": 1}


@pytest.mark.parametrize(
    "header", ["Mon, 01 Jan 2024 00:00:00 +99999999999999", "1e300", "Fri, 31 Dec 9999 23:59:59 GMT"]
)
def test_an_absurd_retry_after_keeps_nothing_back_for_ever(world: World, header: str) -> None:
    batch = world.plan([item(n) for n in range(3)])
    world.wire.faults = [httpx.Response(429, headers={"Retry-After": header})]
    with suppress(ServiceUnavailable):
        world.run(batch)

    world.clock.offset += 86_401
    world.run(batch)

    assert world.states(batch) == {"sent": 3}


def test_a_database_that_fails_stops_the_sender_before_more_leaves(world: World) -> None:
    batch = world.plan([item(n) for n in range(100)])
    broken = open_ledger(world.ledger.engine.url, world.ledger.keys, actor="broken")

    @sa.event.listens_for(broken.engine, "before_cursor_execute")
    def fail(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("UPDATE attempts"):
            raise RuntimeError("disk full")

    async def file() -> None:
        async with open_client(settings(), transport=world.wire, clock=world.clock) as client:
            await Submission(broken, client, own_budget(world.clock), world.clock).file(batch)

    with pytest.raises(RuntimeError, match="disk full"):
        asyncio.run(file())
    broken.close()

    posts = world.wire.posts
    world.expire(batch)
    world.run(batch)
    assert posts < 100 or world.states(batch)["unclear"] == 100
    assert world.filed_at_the_nsso() == world.wire.posts == 100 - _never_sent(world, batch)


def _never_sent(world: World, batch: str) -> int:
    """Count what was claimed and stopped before it left: unclear too, to be on the safe side."""
    return world.states(batch).get("unclear", 0) - (
        world.filed_at_the_nsso() - world.states(batch).get("sent", 0)
    )


def test_no_body_reaches_the_ledgers_words(world: World) -> None:
    batch = world.plan([item(1)])
    echo = json.dumps({"issues": [{"value": item(1)["declaration"]["worker"]["ssin"]}]}).encode()
    world.wire.faults = [httpx.Response(400, headers=PROBLEM, content=echo)]

    world.run(batch)

    words = " ".join(f"{row.detail}" for row in world.attempts()) + str(notable(world.ledger, [batch]))
    assert item(1)["declaration"]["worker"]["ssin"] not in words
    assert "HTTP 400" in words


def test_a_cancel_whose_deadline_passes_while_it_waits_to_leave_is_not_sent(world: World) -> None:
    period = world.accepted(item(1))
    batch = world.plan([{"reference": "c-1", "declaration": {"dimonaCancel": {"periodId": period}}}])
    with world.ledger.write() as connection:
        until = {"file_by": world.clock.now() + 30.0}
        connection.execute(intents.update().where(intents.c.batch == batch).values(until))

    class SlowToken(Wire):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await super().handle_async_request(request)
            if request.url.path.endswith("token"):
                world.passes(31.0)
            return response

    world.wire = SlowToken(world.nsso)

    assert world.run(batch) == 0
    assert world.wire.posts == 0
    assert world.states(batch) == {"refused": 1}
