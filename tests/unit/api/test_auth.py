"""The life of a token against the simulated token endpoint."""

from __future__ import annotations

import asyncio
import traceback
from email.utils import formatdate

import httpx
import jwt
import pytest

from dimona_provider.api.auth import REMEMBER_FAILURE, RENEW_BEFORE, ClientCredentials
from dimona_provider.api.operations import fetch_answer, submit
from dimona_provider.errors import AuthenticationFailed, ServiceUnavailable, UnclearSubmission
from support import people
from support.nsso import CLIENT_ID, TOKEN_URL, pem, private_key, settings
from support.nsso import simulator as simulated

ID = 656309296521


def token_requests(nsso) -> int:
    return sum(entry.path.endswith("/token") for entry in nsso.journal)


def token_body(**changes) -> dict:
    return {"access_token": "a-made-up-token", "token_type": "Bearer", "expires_in": 600, **changes}


async def look(client):
    return await client.run(fetch_answer(ID))


async def look_often(client, times):
    return await asyncio.gather(*(look(client) for _ in range(times)), return_exceptions=True)


@pytest.fixture
def slow_wire(wire, monkeypatch):
    """Let other callers go on while a request is under way."""
    real = wire.handle_async_request

    async def later(request):
        await asyncio.sleep(0)
        return await real(request)

    monkeypatch.setattr(wire, "handle_async_request", later)
    return wire


async def test_one_renewal_serves_fifty_callers(slow_wire, service, clock, nsso):
    async with service() as client:
        replies = await clock.run(look_often(client, 50))

    assert replies == [None] * 50
    assert token_requests(nsso) == 1


async def test_a_token_is_used_until_shortly_before_its_end_and_then_renewed(service, clock, nsso):
    async with service() as client:
        await clock.run(look(client))
        clock.time += 600 - RENEW_BEFORE - 1
        await clock.run(look(client))
        before = token_requests(nsso)
        clock.time += 1
        await clock.run(look(client))

    assert before == 1
    assert token_requests(nsso) == 2


async def test_a_token_is_renewed_before_it_expires_however_short_it_lives(wire, service, clock):
    with simulated(clock.now, token_lifetime=20) as nsso:
        wire.nsso = nsso
        async with service() as client:
            for _ in range(15):
                await clock.run(look(client))
                clock.time += 7

    assert token_requests(nsso) == 8
    assert {entry.status for entry in nsso.journal} == {200, 404}


@pytest.mark.parametrize("lifetime", [None, 0, -5, []], ids=repr)
async def test_a_token_of_unknown_life_is_used_for_half_a_minute(wire, service, clock, lifetime):
    wire.token_faults = [httpx.Response(200, json=token_body(expires_in=lifetime)) for _ in range(3)]
    wire.get_faults = [httpx.Response(404) for _ in range(3)]

    async with service() as client:
        for wait in (29, 1, 0):
            await clock.run(look(client))
            clock.time += wait

    assert len(wire.token_faults) == 1


@pytest.mark.parametrize(
    "lifetime", ["x", {}, 10**400], ids=["a word", "an object", "no number a machine knows"]
)
async def test_a_token_of_unreadable_life_lives_a_minute(wire, service, clock, lifetime):
    wire.token_faults = [httpx.Response(200, json=token_body(expires_in=lifetime or [1])) for _ in range(3)]
    wire.get_faults = [httpx.Response(404) for _ in range(3)]

    async with service() as client:
        for wait in (29, 1, 0):
            await clock.run(look(client))
            clock.time += wait

    assert len(wire.token_faults) == 1


async def test_a_failure_is_remembered_for_all_callers_so_that_nothing_floods(
    slow_wire, service, clock, nsso
):
    async with service(private_key=pem_of_a_stranger()) as client:
        errors = await clock.run(look_often(client, 50))
        asked = token_requests(nsso)
        clock.time += REMEMBER_FAILURE
        await clock.run(look_often(client, 50))

    assert {type(error) for error in errors} == {AuthenticationFailed}
    assert asked == 1
    assert token_requests(nsso) == 2


async def test_a_remembered_failure_ends_with_the_first_token(service, clock, wire):
    wire.token_faults = [httpx.Response(401)]

    async with service() as client:
        with pytest.raises(AuthenticationFailed):
            await clock.run(look(client))
        clock.time += REMEMBER_FAILURE
        replies = await clock.run(look_often(client, 3))

    assert replies == [None] * 3


def pem_of_a_stranger() -> str:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


async def failure(service, clock, **extra) -> str:
    async with service(**extra) as client:
        with pytest.raises((AuthenticationFailed, ServiceUnavailable)) as caught:
            await clock.run(look(client))
    return str(caught.value)


async def test_a_wrong_key_is_one_sentence_that_names_the_cause(service, clock):
    said = await failure(service, clock, private_key=pem_of_a_stranger())

    assert "HTTP 401, invalid_client" in said
    assert "client id belongs to the certificate" in said
    assert "clock" not in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("skew", "hint"),
    [
        pytest.param(3600, "3600 s ahead of the server's", id="ahead"),
        pytest.param(-120, "120 s behind the server's", id="behind"),
    ],
)
async def test_a_clock_that_differs_is_named(service, clock, wire, skew, hint):
    date = formatdate(clock.now() - skew, usegmt=True)
    wire.token_faults = [httpx.Response(401, headers={"Date": date}, json={"error": "invalid_client"})]

    assert hint in await failure(service, clock)


@pytest.mark.parametrize("date", [{}, {"Date": "yesterday"}, {"Date": "Mon, 99 Foo 2027 99:99:99 GMT"}])
async def test_without_a_readable_date_there_is_no_hint(service, clock, wire, date):
    wire.token_faults = [httpx.Response(400, headers=date, text="<html>")]

    said = await failure(service, clock)

    assert "HTTP 400, no known error code" in said
    assert "clock" not in said


@pytest.mark.parametrize("body", [{"error": "geheim"}, ["geheim"], {"error": ["geheim"]}, "geheim", None])
async def test_nothing_of_a_refusal_is_repeated_but_known_codes(service, clock, wire, body):
    wire.token_faults = [httpx.Response(400, json=body)]

    said = await failure(service, clock)

    assert "no known error code" in said
    assert "geheim" not in said


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(httpx.Response(500), id="500"),
        pytest.param(httpx.Response(503), id="503"),
        pytest.param(httpx.Response(429), id="429"),
        pytest.param(httpx.Response(200, text="<html>"), id="HTML"),
        pytest.param(httpx.Response(200, json=[]), id="a list"),
        pytest.param(httpx.Response(200, json={"access_token": ""}), id="an empty token"),
        pytest.param(httpx.Response(200, json={"access_token": "a\nb"}), id="a token of two lines"),
        pytest.param(httpx.Response(200, json={"access_token": 7}), id="a number as token"),
        pytest.param(httpx.ConnectError("no way"), id="no connection"),
        pytest.param(httpx.ReadTimeout("too slow"), id="no answer"),
    ],
)
async def test_a_token_request_is_repeated_when_the_server_is_in_trouble(service, clock, wire, fault):
    wire.token_faults = [fault, fault]

    async with service() as client:
        assert await clock.run(look(client)) is None


async def test_an_endpoint_that_stays_away_is_unavailable_after_three_tries(service, clock, wire):
    wire.token_faults = [httpx.ConnectError("geheim") for _ in range(5)]

    said = await failure(service, clock)

    assert said == "the token endpoint can't be reached (ConnectError)"
    assert len(wire.token_faults) == 2


async def test_a_refusal_is_not_repeated(service, clock, wire):
    wire.token_faults = [httpx.Response(401), httpx.Response(401)]

    await failure(service, clock)

    assert len(wire.token_faults) == 1


async def test_a_401_drops_the_token_and_sends_nothing_again(service, clock, wire, nsso):
    wire.faults = [httpx.Response(401)]

    async with service() as client:
        with pytest.raises(AuthenticationFailed):
            await clock.run(client.run(submit(people.in_body())))
        sent = wire.posts
        declaration_id = await clock.run(client.run(submit(people.in_body())))

    assert sent == 1
    assert wire.posts == 2
    assert token_requests(nsso) == 2
    assert declaration_id


async def test_a_late_401_does_not_drop_the_token_that_others_have_renewed(service, clock, nsso):
    async with service() as client:
        old = await clock.run(client._auth.token())
        flow = client._auth.async_auth_flow(httpx.Request("GET", "http://127.0.0.1:9/"))
        await anext(flow)
        clock.time += 600
        new = await clock.run(client._auth.token())
        with pytest.raises(StopAsyncIteration):
            await flow.asend(httpx.Response(401))
        kept = await clock.run(client._auth.token())

    assert old is not new
    assert kept is new


@pytest.mark.parametrize(
    "fault",
    [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.Response(500), httpx.Response(401)],
    ids=repr,
)
async def test_a_declaration_without_a_token_has_not_left_and_is_never_unclear(service, clock, wire, fault):
    wire.token_faults = [fault] * 3

    async with service() as client:
        with pytest.raises((ServiceUnavailable, AuthenticationFailed)) as caught:
            await clock.run(client.run(submit(people.in_body())))

    assert not isinstance(caught.value, UnclearSubmission)
    assert wire.posts == 0


async def test_a_token_endpoint_that_never_answers_does_not_make_a_declaration_unclear(
    service, clock, wire, monkeypatch
):
    monkeypatch.setattr("dimona_provider.api.auth.TOKEN_TIMEOUT", 0.02)
    monkeypatch.setattr("dimona_provider.api.client.REQUEST_TIMEOUT", 0.02)
    real = wire.handle_async_request

    async def silent(request):
        if request.url.path.endswith("/token"):
            await asyncio.Event().wait()
        return await real(request)

    monkeypatch.setattr(wire, "handle_async_request", silent)

    async with service() as client:
        running = asyncio.ensure_future(client.run(submit(people.in_body())))
        while not running.done():
            await asyncio.sleep(0.005)
            clock._wake_next()
        with pytest.raises(ServiceUnavailable, match="TimeoutError"):
            running.result()

    assert wire.posts == 0


async def test_the_assertion_says_what_the_nsso_wants(service, clock, wire):
    requests = []
    real = wire.nsso.handle

    def remember(request):
        requests.append(request)
        return real(request)

    wire.nsso = type("Remembering", (), {"handle": staticmethod(remember)})()

    async with service(scope="scope:dimona:declaration:consult") as client:
        await clock.run(look(client))
        clock.time += 600
        await clock.run(look(client))

    forms = [dict(httpx.QueryParams(r.content.decode())) for r in requests if r.url.path.endswith("/token")]
    keys = private_key().public_key()
    first, second = (
        jwt.decode(
            form["client_assertion"],
            keys,
            ["RS256"],
            audience=TOKEN_URL,
            options={"verify_exp": False, "verify_iat": False},
        )
        for form in forms
    )
    assert forms[0]["grant_type"] == "client_credentials"
    assert forms[0]["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert forms[0]["scope"] == "scope:dimona:declaration:consult"
    assert first["iss"] == first["sub"] == CLIENT_ID
    assert first["iat"] == int(clock.now()) - 600 - 10
    assert first["exp"] - first["iat"] <= 300
    assert first["jti"] != second["jti"]


async def test_no_scope_is_asked_for_by_default(service, clock, wire):
    seen = []
    real = wire.handle_async_request

    async def remember(request):
        seen.append(request.content)
        return await real(request)

    wire.handle_async_request = remember

    async with service() as client:
        await clock.run(look(client))

    assert b"scope=" not in seen[0]


async def test_neither_token_nor_assertion_nor_key_show_anywhere(service, clock, wire):
    wire.token_faults = [httpx.Response(200, json=token_body()), httpx.Response(400, json={"error": "x"})]
    wire.get_faults = [httpx.Response(401)]

    async with service() as client:
        token = await clock.run(client._auth.token())
        shown = [repr(client._auth), str(client._auth), repr(token)]
        for _ in range(2):
            with pytest.raises(AuthenticationFailed) as caught:
                await clock.run(look(client))
            shown.append("".join(traceback.format_exception(caught.value)))

    text = " ".join(shown)
    assert "a-made-up-token" not in text
    assert "eyJ" not in text
    assert "PRIVATE KEY" not in text


def test_there_is_no_synchronous_way():
    auth = ClientCredentials(settings(), httpx.AsyncClient())

    with httpx.Client(auth=auth) as http, pytest.raises(RuntimeError, match="async only"):
        http.get("http://127.0.0.1:9/")
