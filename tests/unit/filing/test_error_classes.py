"""Each way in which a POST can end: what the ledger says, how many POSTs arrived, and what a person reads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dimona_provider.errors import DimonaError
from dimona_provider.ledger import open_ledger
from dimona_provider.ledger.setup import initialise
from dimona_provider.ledger.summaries import notable
from dimona_provider.telling.reporting import notable_lines
from support.clocks import START
from support.ledgers import KEYS
from support.people import OTHER_EMPLOYER, item, ssin
from support.world import World

PROBLEM = {"Content-Type": "application/problem+json"}
PERSON = ssin(2)
HTML = httpx.Response(500, html=f"<h1>Oops, {PERSON}</h1>")
MALFORMED = httpx.Response(201, content=b'{"declarationId": ' + PERSON.encode())
CLOSED = httpx.RemoteProtocolError("Server disconnected without sending a response.")


def wait(seconds: int, status: int = 503) -> httpx.Response:
    return httpx.Response(status, headers={"Retry-After": str(seconds)})


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    initialise(f"sqlite:///{path}", lambda: KEYS, None, now=START)
    return path


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    """Give a world on SQLite; what each verdict makes of a row is tried on both databases elsewhere."""
    shutil.copyfile(template, path := tmp_path / "ledger.db")
    ledger = open_ledger(f"sqlite:///{path}", KEYS, actor="test")
    yield World(ledger)
    ledger.close()


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
        pytest.param(
            [httpx.ConnectTimeout("x")],
            "sent",
            2,
            1,
            "",
            id="not received: no route in time",
        ),
        pytest.param(
            [httpx.Response(429)],
            "sent",
            2,
            1,
            "",
            id="not received: 429 without Retry-After",
        ),
        pytest.param(
            [wait(1)],
            "sent",
            2,
            1,
            "",
            id="not received: 503 with Retry-After",
        ),
        pytest.param(
            [httpx.Response(503, html="<h1>Busy</h1>", headers={"Retry-After": "1"})],
            "sent",
            2,
            1,
            "",
            id="not received: 503 HTML with Retry-After",
        ),
        pytest.param(
            [wait(900)],
            "planned",
            1,
            0,
            "the Dimona service asked us to wait",
            id="not received: 503, a long Retry-After",
        ),
        pytest.param(
            [httpx.Response(401, headers=PROBLEM)] * 9,
            "planned",
            4,
            0,
            "the Dimona service refused our access token (POST declarations, HTTP 401)",
            id="not received: 401 for ever",
        ),
        pytest.param(
            [httpx.Response(429)] * 9,
            "planned",
            6,
            0,
            "the Dimona service answered POST declarations with HTTP 429",
            id="not received: 429 for ever",
        ),
        pytest.param(
            [httpx.Response(302, headers={"Location": "https://elsewhere.example/1"})],
            "unclear",
            1,
            0,
            "unclear: IN of E-1: POST declarations was answered with HTTP 302",
            id="unclear: 302",
        ),
        pytest.param(
            [httpx.Response(404, headers=PROBLEM)],
            "unclear",
            1,
            0,
            "unclear: IN of E-1: POST declarations was answered with HTTP 404",
            id="unclear: 404",
        ),
        pytest.param(
            [httpx.Response(408, headers=PROBLEM)],
            "unclear",
            1,
            0,
            "unclear: IN of E-1: POST declarations was answered with HTTP 408",
            id="unclear: 408",
        ),
        pytest.param(
            [httpx.Response(413, headers=PROBLEM)],
            "unclear",
            1,
            0,
            "unclear: IN of E-1: POST declarations was answered with HTTP 413",
            id="unclear: 413",
        ),
        pytest.param(
            [httpx.Response(415, headers=PROBLEM)],
            "unclear",
            1,
            0,
            "unclear: IN of E-1: POST declarations was answered with HTTP 415",
            id="unclear: 415",
        ),
        pytest.param(
            [httpx.Response(502)],
            "unclear",
            1,
            0,
            "unclear: IN of E-1: POST declarations was answered with HTTP 502",
            id="unclear: 502",
        ),
        pytest.param(
            [httpx.Response(503)],
            "unclear",
            1,
            0,
            "unclear: IN of E-1: POST declarations was answered with HTTP 503",
            id="unclear: 503 without a word",
        ),
        pytest.param(
            [httpx.Response(503, html=f"<h1>Down, {PERSON}</h1>")],
            "unclear",
            1,
            0,
            "unclear: IN of E-1: POST declarations was answered with HTTP 503",
            id="unclear: 503 with a page of a gateway",
        ),
        pytest.param(
            [("after", httpx.Response(503, json={"ssin": PERSON}))],
            "unclear",
            1,
            1,
            "unclear: IN of E-1: POST declarations was answered with HTTP 503",
            id="unclear: 503 with other JSON, arrived",
        ),
        pytest.param(
            [("after", httpx.Response(504))],
            "unclear",
            1,
            1,
            "unclear: IN of E-1: POST declarations was answered with HTTP 504",
            id="unclear: 504, arrived",
        ),
        pytest.param(
            [HTML],
            "unclear",
            1,
            0,
            "unclear: IN of E-1: POST declarations was answered with HTTP 500",
            id="unclear: an HTML page",
        ),
        pytest.param(
            [("after", httpx.Response(200, json={"worker": PERSON}))],
            "unclear",
            1,
            1,
            "unclear: IN of E-1: POST declarations was answered with HTTP 200",
            id="unclear: 200 without a declaration id",
        ),
        pytest.param(
            [("after", MALFORMED)],
            "unclear",
            1,
            1,
            "unclear: IN of E-1: POST declarations was answered 201 without a usable Location",
            id="unclear: 201 with a malformed body and no Location",
        ),
        pytest.param(
            [CLOSED],
            "unclear",
            1,
            0,
            "unclear: IN of E-1: no readable answer to POST declarations: RemoteProtocolError",
            id="unclear: closed before handling",
        ),
        pytest.param(
            [("after", CLOSED)],
            "unclear",
            1,
            1,
            "unclear: IN of E-1: no readable answer to POST declarations: RemoteProtocolError",
            id="unclear: accepted, then closed",
        ),
        pytest.param(
            [("after", httpx.ReadTimeout("x"))],
            "unclear",
            1,
            1,
            "unclear: IN of E-1: no readable answer to POST declarations: ReadTimeout",
            id="unclear: accepted, then no answer in time",
        ),
        pytest.param(
            [httpx.WriteError("x")],
            "unclear",
            1,
            0,
            "unclear: IN of E-1: no readable answer to POST declarations: WriteError",
            id="unclear: broke off while it was written",
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
    assert PERSON not in text


def test_a_refused_token_is_renewed_before_the_second_post(world: World) -> None:
    batch = world.plan([item(1), item(2)])
    world.wire.faults = [httpx.Response(401)]

    world.run(batch)

    assert world.states(batch) == {"sent": 2}
    assert world.filed_at_the_nsso() == 2
    assert sum(entry.path.endswith("/token") for entry in world.nsso.journal) == 2


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        pytest.param(
            httpx.Response(400, json={"error": "invalid_grant"}), "HTTP 400, invalid_grant", id="400"
        ),
        pytest.param(
            httpx.Response(401, json={"error": "invalid_client"}), "HTTP 401, invalid_client", id="401"
        ),
        pytest.param(httpx.Response(403, html="no"), "HTTP 403, no known error code", id="403"),
        pytest.param(httpx.Response(429), "the token endpoint answered 429", id="429"),
        pytest.param(httpx.Response(500), "the token endpoint answered 500", id="500"),
        pytest.param(httpx.Response(503), "the token endpoint answered 503", id="503"),
        pytest.param(httpx.ReadTimeout("x"), "can't be reached (ReadTimeout)", id="time-out"),
        pytest.param(httpx.ConnectError("x"), "can't be reached (ConnectError)", id="refused connection"),
        pytest.param(httpx.Response(200, html="hello"), "200 without an access token", id="HTML"),
        pytest.param(httpx.Response(200, content=b"{"), "200 without an access token", id="malformed"),
    ],
)
def test_a_token_that_cant_be_had_is_not_sent(world: World, fault: object, message: str) -> None:
    batch = world.plan([item(1)])
    world.wire.token_faults = [fault] * 50

    text = read_by_a_person(world, batch)

    assert world.states(batch) == {"planned": 1}
    assert (world.wire.posts, world.filed_at_the_nsso()) == (0, 0)
    assert message in text
    world.wire.token_faults = []
    world.passes(3600.0)
    world.run(batch)
    assert (world.states(batch), world.filed_at_the_nsso()) == ({"sent": 1}, 1)


def test_a_403_stops_its_employer_and_nobody_else(world: World) -> None:
    other = item(2)
    other["declaration"]["employer"] = {"enterpriseNumber": OTHER_EMPLOYER}
    batch = world.plan([item(1), other])
    world.wire.faults = [httpx.Response(403, headers=PROBLEM)]

    text = read_by_a_person(world, batch)

    assert world.states(batch) == {"held": 1, "sent": 1}
    assert (world.wire.posts, world.filed_at_the_nsso()) == (2, 1)
    assert "HTTP 403" in text
