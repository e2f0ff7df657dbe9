"""Each way in which a POST can end: what the ledger says, how many POSTs arrived, and what a person reads."""

from __future__ import annotations

import httpx
import pytest

from dimona_provider.errors import DimonaError
from dimona_provider.ledger import Ledger
from dimona_provider.ledger.summaries import notable
from dimona_provider.reporting import notable_lines
from support.people import item
from support.world import World

PROBLEM = {"Content-Type": "application/problem+json"}


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def read_by_a_person(world: World, batch: str) -> str:
    """Run as a task would, twice; return the error of the second run and what settle lists."""
    text = []
    for _ in range(2):
        text = []
        try:
            world.run(batch)
        except DimonaError as error:
            text = [str(error)]
    return "\n".join([*text, *notable_lines(notable(world.ledger, [batch]))])


@pytest.mark.parametrize(
    ("faults", "state", "posts", "arrived", "message"),
    [
        pytest.param([], "sent", 1, 1, "", id="filed"),
        pytest.param([httpx.ConnectError("x")], "sent", 2, 1, "", id="not received: no connection"),
        pytest.param([httpx.Response(401, headers=PROBLEM)], "sent", 2, 1, "", id="not received: 401"),
        pytest.param(
            [httpx.Response(429, headers={"Retry-After": "1"})], "sent", 2, 1, "", id="not received: 429"
        ),
        pytest.param(
            [httpx.Response(503, headers=PROBLEM)], "sent", 2, 1, "", id="not received: 503 problem"
        ),
        pytest.param(
            [httpx.ConnectError("x")] * 9,
            "planned",
            6,
            0,
            "the Dimona service can't be reached (POST declarations: ConnectError)",
            id="not received, for long",
        ),
        pytest.param(
            [httpx.Response(429, headers={"Retry-After": "900"})],
            "planned",
            1,
            0,
            "the Dimona service asked us to wait",
            id="not received, a long Retry-After",
        ),
        pytest.param(
            [httpx.Response(400, headers=PROBLEM)],
            "held",
            1,
            0,
            "held: IN of E-1: the Dimona service refused POST declarations with HTTP 400",
            id="refused: 400",
        ),
        pytest.param(
            [httpx.Response(403, headers=PROBLEM)],
            "held",
            1,
            0,
            "held: IN of E-1: the Dimona service refused POST declarations with HTTP 403",
            id="refused: 403",
        ),
        pytest.param(
            [httpx.ReadTimeout("x")],
            "unclear",
            1,
            0,
            "unclear: IN of E-1: no readable answer to POST declarations: ReadTimeout",
            id="unclear: not arrived",
        ),
        pytest.param(
            [("after", httpx.ReadError("x"))],
            "unclear",
            1,
            1,
            "unclear: IN of E-1: no readable answer to POST declarations: ReadError",
            id="unclear: arrived",
        ),
        pytest.param(
            [("after", httpx.Response(500))],
            "unclear",
            1,
            1,
            "unclear: IN of E-1: POST declarations was answered with HTTP 500",
            id="unclear: 500",
        ),
        pytest.param(
            [httpx.Response(409)],
            "unclear",
            1,
            0,
            "unclear: IN of E-1: POST declarations was answered with HTTP 409",
            id="unclear: 409",
        ),
        pytest.param(
            [("after", httpx.Response(201))],
            "unclear",
            1,
            1,
            "unclear: IN of E-1: POST declarations was answered 201 without a usable Location",
            id="unclear: no Location",
        ),
    ],
)
def test_each_error_class(
    world: World, *, faults: list[object], state: str, posts: int, arrived: int, message: str
) -> None:
    batch = world.plan([item(1)])
    world.wire.faults = list(faults)

    text = read_by_a_person(world, batch)

    assert world.states(batch) == {state: 1}
    assert (world.wire.posts, world.filed_at_the_nsso()) == (posts, arrived)
    assert message in text
    assert bool(message) == bool(text)


def test_a_token_that_cant_be_had_is_not_sent(world: World) -> None:
    batch = world.plan([item(1)])
    world.wire.token_faults = [httpx.Response(401, json={"error": "invalid_client"})] * 50

    text = read_by_a_person(world, batch)

    assert world.states(batch) == {"planned": 1}
    assert (world.wire.posts, world.filed_at_the_nsso()) == (0, 0)
    assert "invalid_client" in text
