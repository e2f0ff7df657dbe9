"""Every status and every cut line gets its name, and nothing that has left is sent again."""

from __future__ import annotations

import asyncio
import pickle
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from dimona_provider.api import operations
from dimona_provider.api.operations import fetch_answer, submit
from dimona_provider.errors import (
    AuthenticationFailed,
    RequestRefused,
    ServiceUnavailable,
    UnclearSubmission,
    UnexpectedResponse,
)
from support import people
from support.clocks import VirtualClock
from support.nsso import Wire, simulator

ID = 656309296521
PROBLEM = {"Content-Type": "application/problem+json"}


@dataclass
class Calls:
    """One POST or GET each, with a fault on the line."""

    service: Any
    clock: VirtualClock
    wire: Wire

    async def post(self, *faults):
        self.wire.faults = list(faults)
        return await self._run(submit(people.in_body()))

    async def get(self, *faults):
        self.wire.get_faults = list(faults)
        return await self._run(fetch_answer(ID))

    async def _run(self, operation):
        async with self.service() as client:
            return await self.clock.run(client.run(operation))


@pytest.fixture
def calls(service, clock, wire):
    return Calls(service, clock, wire)


async def test_a_declaration_is_filed_and_answered(service, clock, wire, nsso):
    async with service() as client:
        declaration_id = await clock.run(client.run(submit(people.in_body())))
        early = await clock.run(client.run(fetch_answer(declaration_id)))
        clock.time += 60
        reply = await clock.run(client.run(fetch_answer(declaration_id)))

    assert early is None
    assert reply is not None
    assert (reply.answer.declaration_id, reply.answer.result) == (declaration_id, "A")
    assert [entry.method for entry in nsso.journal if "/token" not in entry.path] == ["POST", "GET", "GET"]


@pytest.mark.parametrize("location", ["path", "absolute", "alternate"])
async def test_each_form_of_location_is_understood(service, clock, wire, location):
    with simulator(clock.now, location=location) as nsso:
        wire.nsso = nsso
        async with service() as client:
            ids = [await clock.run(client.run(submit(people.in_body(people.ssin(n))))) for n in (1, 2)]

    assert ids[0] < ids[1]
    assert all(len(str(number)) == 12 for number in ids)


@pytest.mark.parametrize(
    ("answered", "posting", "getting"),
    [
        pytest.param((400, PROBLEM), RequestRefused, RequestRefused, id="400"),
        pytest.param((401, {}), AuthenticationFailed, AuthenticationFailed, id="401"),
        pytest.param((403, PROBLEM), RequestRefused, RequestRefused, id="403"),
        pytest.param((404, PROBLEM), UnclearSubmission, None, id="404"),
        pytest.param((405, {}), UnclearSubmission, UnexpectedResponse, id="405"),
        pytest.param((408, {}), UnclearSubmission, UnexpectedResponse, id="408"),
        pytest.param((409, {}), UnclearSubmission, UnexpectedResponse, id="409"),
        pytest.param((429, {}), ServiceUnavailable, ServiceUnavailable, id="429"),
        pytest.param((429, {"Retry-After": "7"}), ServiceUnavailable, ServiceUnavailable, id="429, wait"),
        pytest.param((500, PROBLEM), UnclearSubmission, ServiceUnavailable, id="500"),
        pytest.param((502, {}), UnclearSubmission, ServiceUnavailable, id="502"),
        pytest.param((503, {}), UnclearSubmission, ServiceUnavailable, id="503 of a gateway"),
        pytest.param((503, {"Retry-After": "7"}), ServiceUnavailable, ServiceUnavailable, id="503, wait"),
        pytest.param((503, PROBLEM), ServiceUnavailable, ServiceUnavailable, id="503 of the service"),
        pytest.param((504, {"Retry-After": "7"}), UnclearSubmission, ServiceUnavailable, id="504"),
        pytest.param((302, {"Location": "/x"}), UnclearSubmission, UnexpectedResponse, id="302"),
        pytest.param((307, {"Location": "/x"}), UnclearSubmission, UnexpectedResponse, id="307"),
        pytest.param((200, {"Content-Type": "text/html"}), UnclearSubmission, None, id="200"),
        pytest.param((202, {}), UnclearSubmission, UnexpectedResponse, id="202"),
        pytest.param((204, {}), UnclearSubmission, UnexpectedResponse, id="204"),
        pytest.param((201, {}), UnclearSubmission, UnexpectedResponse, id="201 without location"),
        pytest.param((201, {"Location": "/x"}), UnclearSubmission, UnexpectedResponse, id="201, no number"),
    ],
)
async def test_each_status_has_its_name(calls, answered, posting, getting):
    status, headers = answered

    def answer():
        return httpx.Response(status, headers=headers, text=f"<html>{people.SSIN}</html>")

    with pytest.raises(posting) as posted:
        await calls.post(answer())
    if getting is None:
        assert await calls.get(answer()) is None
    else:
        with pytest.raises(getting):
            await calls.get(answer())

    assert type(posted.value) is posting
    assert calls.wire.posts == 1
    assert people.SSIN not in "".join(traceback.format_exception(posted.value))


@pytest.mark.parametrize("status", [400, 403])
async def test_a_refusal_carries_its_status_and_nothing_of_its_body(calls, status):
    body = {"issues": [{"name": "worker.ssin", "value": people.SSIN}], "detail": "Peeters"}

    with pytest.raises(RequestRefused) as caught:
        await calls.post(httpx.Response(status, headers=PROBLEM, json=body))

    assert caught.value.status == status
    assert str(caught.value) == f"the Dimona service refused POST declarations with HTTP {status}"


async def test_the_simulators_own_refusal_repeats_a_value_and_we_do_not(service, clock, wire):
    async with service() as client:
        with pytest.raises(RequestRefused) as caught:
            await clock.run(client.run(submit(people.in_body(startDate=people.SSIN))))

    assert people.SSIN not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        pytest.param("7", 7.0, id="seconds"),
        pytest.param("0", 0.0, id="now"),
        pytest.param("-3", 0.0, id="negative"),
        pytest.param("1e999", None, id="infinity"),
        pytest.param("nan", None, id="not a number"),
        pytest.param("soon", None, id="a word"),
        pytest.param("", None, id="empty"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", 0.0, id="a date that has passed"),
    ],
)
async def test_retry_after_is_read(calls, retry_after, seconds):
    with pytest.raises(ServiceUnavailable) as caught:
        await calls.post(httpx.Response(429, headers={"Retry-After": retry_after}))

    assert caught.value.retry_after == seconds
    assert pickle.loads(pickle.dumps(caught.value)).retry_after == seconds  # noqa: S301 - our own


async def test_retry_after_may_be_a_date(calls):
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)

    with pytest.raises(ServiceUnavailable) as caught:
        await calls.get(httpx.Response(503, headers={"Retry-After": date}))

    assert caught.value.retry_after == pytest.approx(90, abs=5)


@pytest.mark.parametrize(
    ("error", "left"),
    [
        pytest.param(httpx.ConnectError("x"), False, id="no connection"),
        pytest.param(httpx.ConnectTimeout("x"), False, id="no connection in time"),
        pytest.param(httpx.PoolTimeout("x"), False, id="no free connection"),
        pytest.param(httpx.ProxyError("x"), False, id="refused by the proxy"),
        pytest.param(httpx.WriteTimeout("x"), True, id="stuck while sending"),
        pytest.param(httpx.WriteError("x"), True, id="cut while sending"),
        pytest.param(httpx.ReadTimeout("x"), True, id="no answer in time"),
        pytest.param(httpx.ReadError("x"), True, id="cut before the answer"),
        pytest.param(httpx.RemoteProtocolError("x"), True, id="closed by the server"),
        pytest.param(httpx.DecodingError("x"), True, id="unreadable answer"),
    ],
)
async def test_a_cut_line_is_unclear_only_when_the_declaration_may_have_left(calls, error, left):
    expected = UnclearSubmission if left else ServiceUnavailable

    with pytest.raises(expected, match=type(error).__name__):
        await calls.post(error)
    with pytest.raises(ServiceUnavailable, match=type(error).__name__):
        await calls.get(error)

    assert calls.wire.posts == 1


async def test_a_declaration_that_arrived_unheard_is_unclear_and_not_sent_again(calls, nsso):
    with pytest.raises(UnclearSubmission):
        await calls.post(("after", httpx.ReadTimeout("x")))

    assert [entry.status for entry in nsso.journal if entry.method == "POST"] == [200, 201]


async def test_a_service_that_never_answers_is_given_up_after_the_time_out(service, clock, wire, monkeypatch):
    monkeypatch.setattr("dimona_provider.api.client.REQUEST_TIMEOUT", 0.02)
    real = wire.handle_async_request

    async def silent(request):
        if request.url.path.endswith("/declarations"):
            await asyncio.Event().wait()
        return await real(request)

    monkeypatch.setattr(wire, "handle_async_request", silent)

    async with service() as client:
        await clock.run(client.run(fetch_answer(ID)))  # a token first
        with pytest.raises(UnclearSubmission, match="TimeoutError"):
            await client.run(submit(people.in_body()))


async def test_messages_name_routes_and_no_ids(calls):
    with pytest.raises(ServiceUnavailable) as caught:
        await calls.get(httpx.Response(500))

    assert str(ID) not in str(caught.value)
    assert "declarations/{id}" in str(caught.value)


async def test_a_declaration_that_nobody_filed_proves_access_and_shows_nothing(service, clock):
    async with service() as client:
        assert await clock.run(client.run(fetch_answer(operations.HARMLESS_DECLARATION))) is None


def test_errors_survive_the_way_between_processes():
    refused = pickle.loads(pickle.dumps(RequestRefused("no", status=403)))  # noqa: S301 - our own

    assert (str(refused), refused.status, refused.retryable) == ("no", 403, False)
    assert ServiceUnavailable("x").retryable
