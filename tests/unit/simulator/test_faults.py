"""Every fault, in process: what the client sees of it, and what the service did."""

import asyncio
import json

import httpx
import pytest

from include.dimona_simulator import BASE_PATH, TOKEN_PATH, Fault, FaultPlan, Operation, Rule

DECLARATIONS = f"{BASE_PATH}/declarations"


def plan(fault, operation, **parameters):
    return FaultPlan((Rule(Fault(fault), Operation(operation), **parameters),))


@pytest.fixture
def failing(nsso):
    """Let a fault meet the requests of an operation from now on."""

    def fail(fault, operation, **parameters):
        nsso.simulator.faults.replace(plan(fault, operation, **parameters))
        return nsso

    return fail


def taken(nsso):
    return [one["id"] for one in nsso.simulator.declarations_since(0)["declarations"]]


def request(nsso, operation, number):
    match operation:
        case "token":
            return nsso.ask_token()
        case "post":
            return nsso.post(nsso.body())
        case "get":
            return nsso.get(number)
        case "period":
            return nsso.get(number, "periods")
        case _:
            return nsso.search("declarations")


@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("status", [401, 403, 408, 409, 429, 500, 502, 503, 504])
def test_a_status_takes_the_place_of_an_answer(failing, nsso, operation, status):
    number = nsso.accepted()
    failing("status", operation, status=status, retry_after=7, count=1)

    response = request(nsso, operation, number)

    assert response.status_code == response.json()["status"] == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Retry-After"] == "7"
    assert response.json()["retryAfterSec"] == 7
    assert ("WWW-Authenticate" in response.headers) == (status == 401)
    assert taken(nsso) == [number]
    assert nsso.simulator.faults.counts["status"] == 1
    assert request(nsso, operation, number).status_code in {200, 201}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_leads_to_nothing(failing, nsso, status):
    failing("status", "post", status=status)

    response = nsso.post(nsso.body())

    assert (response.status_code, response.content) == (status, b"")
    assert nsso.http.get(response.headers["Location"]).status_code == 404
    assert taken(nsso) == []


@pytest.mark.parametrize(
    ("body", "media", "start"),
    [
        pytest.param("problem", "application/problem+json", b"{", id="problem"),
        pytest.param("html", "text/html", b"<!DOCTYPE", id="html"),
        pytest.param("none", None, b"", id="none"),
    ],
)
def test_a_status_comes_with_the_body_asked_for(failing, nsso, body, media, start):
    failing("status", "get", status=503, body=body)

    response = nsso.get(1)

    assert response.headers.get("Content-Type") == media
    assert response.content.startswith(start)
    assert bool(response.content) == bool(start)
    assert "Retry-After" not in response.headers


@pytest.mark.parametrize("operation", Operation)
def test_a_connection_closed_before_has_no_effect(failing, nsso, operation):
    number = nsso.accepted()
    failing("closed_before", operation)

    with pytest.raises(httpx.RemoteProtocolError):
        request(nsso, operation, number)

    assert taken(nsso) == [number]
    assert (nsso.simulator.journal[-1].status, nsso.simulator.journal[-1].fault) == (0, "closed_before")


def test_accepted_then_closed_takes_the_declaration_and_says_nothing(failing, nsso, clock):
    failing("accepted_then_closed", "post", count=1)

    with pytest.raises(httpx.RemoteProtocolError):
        nsso.post(nsso.body())

    (number,) = taken(nsso)
    clock.advance(46)
    assert nsso.get(number).json()["declarationStatus"]["result"] == "A"
    assert nsso.outcome(nsso.body()) == ("B", ["90373-333"])
    closed = next(entry for entry in nsso.simulator.journal if entry.fault)
    assert (closed.status, closed.declaration_id) == (0, number)


def test_accepted_then_500_takes_the_declaration_and_denies_it(failing, nsso):
    failing("accepted_then_500", "post")

    response = nsso.post(nsso.body())

    assert response.status_code == response.json()["status"] == 500
    assert "Location" not in response.headers
    assert len(taken(nsso)) == 1
    assert nsso.simulator.journal[-1].declaration_id == taken(nsso)[0]


@pytest.mark.parametrize("fault", ["accepted_then_closed", "accepted_then_500", "missing_location"])
def test_what_is_not_accepted_meets_no_such_fault(failing, nsso, fault):
    failing(fault, "post", count=1)

    assert nsso.post({}).status_code == 400
    assert nsso.simulator.faults.counts[fault] == 0

    with pytest.raises((httpx.RemoteProtocolError, KeyError)):  # the limit was not used up
        nsso.post(nsso.body()).headers["Location"]


def test_a_missing_location_hides_the_number(failing, nsso):
    failing("missing_location", "post")

    response = nsso.post(nsso.body())

    assert (response.status_code, response.content) == (201, b"")
    assert "Location" not in response.headers
    assert len(taken(nsso)) == 1


@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize(
    ("fault", "media"), [("malformed_body", "application/json"), ("html_body", "text/html")]
)
def test_a_spoilt_body_is_no_json(failing, nsso, operation, fault, media):
    number = nsso.accepted()
    proper = request(nsso, operation, number)
    failing(fault, operation)

    response = request(nsso, operation, number)

    assert response.status_code == proper.status_code
    assert response.headers["Content-Type"] == media
    assert ("Location" in response.headers) == (operation == "post")
    with pytest.raises(json.JSONDecodeError):
        response.json()
    assert nsso.simulator.faults.counts[fault] == 1


def test_a_spoilt_body_can_also_be_that_of_a_refusal(failing, nsso):
    failing("html_body", "get")

    response = nsso.get(656310000144)

    assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html")


def test_an_expired_token_stays_expired_until_it_is_renewed(failing, nsso):
    number = nsso.accepted()
    failing("expired_token", "get", count=1)

    first, second = nsso.get(number), nsso.get(number)
    nsso.authorise()

    assert first.status_code == second.status_code == 401
    assert first.json()["type"] == second.json()["type"] == "urn:problem-type:belgif:expiredAccessToken"
    assert nsso.get(number).status_code == 200
    assert nsso.simulator.faults.counts["expired_token"] == 1


def test_a_token_that_is_not_valid_can_not_expire(failing, nsso):
    failing("expired_token", "post")
    nsso.http.headers["Authorization"] = "Bearer invented"

    response = nsso.post(nsso.body())

    assert response.json()["type"] == "urn:problem-type:belgif:invalidAccessToken"
    assert nsso.simulator.faults.counts["expired_token"] == 0


def test_a_token_that_has_expired_by_itself_can_not_expire(failing, nsso, clock):
    failing("expired_token", "get")
    clock.advance(3600)

    assert nsso.get(1).status_code == 401
    assert nsso.simulator.faults.counts["expired_token"] == 0


def test_an_expired_token_files_nothing(failing, nsso):
    failing("expired_token", "post")

    assert nsso.post(nsso.body()).status_code == 401
    assert taken(nsso) == []


def test_a_missing_result_waits_for_a_result(failing, nsso, clock):
    number = nsso.file(nsso.body())
    failing("missing_result", "get", count=1)

    early = nsso.get(number)
    clock.advance(46)
    without, proper = nsso.get(number), nsso.get(number)

    assert early.status_code == 404
    assert without.status_code == 200
    assert "result" not in without.json()["declarationStatus"]
    assert without.json()["declarationStatus"]["declarationId"] == number
    assert proper.json()["declarationStatus"]["result"] == "A"
    assert nsso.simulator.faults.counts["missing_result"] == 1


@pytest.mark.parametrize("resource", ["declarations", "periods", "relations"])
def test_a_lagging_search_shows_the_state_of_then(failing, nsso, clock, resource):
    nsso.accepted()
    failing("search_lag", "search", seconds=60, count=1)

    behind, present = nsso.search(resource), nsso.search(resource)

    assert behind.json()["items"] == []
    assert len(present.json()["items"]) == 1
    assert nsso.simulator.faults.counts["search_lag"] == 1


def test_a_search_lags_by_the_seconds_asked_for(failing, nsso, clock):
    nsso.accepted()
    failing("search_lag", "search", seconds=60)

    clock.advance(60)

    assert len(nsso.search("declarations").json()["items"]) == 1


def test_a_refused_search_does_not_lag(failing, nsso):
    failing("search_lag", "search", seconds=60)

    assert nsso.search("declarations", page=0).status_code == 400
    assert nsso.simulator.faults.counts["search_lag"] == 0


class Sleeps(list):
    """Remember how long was slept."""

    async def sleep(self, seconds):
        self.append(seconds)


def fetch(nsso, path, sleeps, *, seconds=5.0):
    """GET a path with an asynchronous client whose read time-out is *seconds*."""

    async def run():
        transport = nsso.simulator.transport(sleeps.sleep)
        async with httpx.AsyncClient(transport=transport, base_url="https://nsso.example") as http:
            return await http.get(path, headers=nsso.http.headers, timeout=seconds)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("fault", "slept"), [("delay", [3]), ("slow_body", [pytest.approx(0.3)] * 10)], ids=["delay", "slow_body"]
)
def test_an_answer_takes_its_time(failing, nsso, fault, slept):
    number = nsso.accepted()
    proper = nsso.get(number).json()
    failing(fault, "get", seconds=3)
    sleeps = Sleeps()

    response = fetch(nsso, f"{DECLARATIONS}/{number}", sleeps)

    assert response.json() == proper
    assert sleeps == slept


@pytest.mark.parametrize("fault", ["delay", "slow_body"])
def test_a_clients_time_out_ends_the_waiting(failing, nsso, fault):
    number = nsso.accepted()
    failing(fault, "get", seconds=30)
    sleeps = Sleeps()

    with pytest.raises(httpx.ReadTimeout):
        fetch(nsso, f"{DECLARATIONS}/{number}", sleeps, seconds=2.0)

    assert sleeps == [2.0]


@pytest.mark.parametrize("fault", ["delay", "slow_body"])
def test_a_plain_client_waits_too(failing, nsso, fault):
    number = nsso.accepted()
    failing(fault, "get", seconds=3)
    paused = []
    transport = nsso.simulator.transport(pause=paused.append)

    with httpx.Client(transport=transport, base_url="https://nsso.example") as http:
        response = http.get(f"{DECLARATIONS}/{number}", headers=nsso.http.headers)

    assert response.json()["declarationStatus"]["declarationId"] == number
    assert sum(paused) == pytest.approx(3)


def test_a_delayed_declaration_is_taken_before_the_client_gives_up(failing, nsso):
    failing("delay", "post", seconds=60)
    transport = nsso.simulator.transport(pause=lambda _: None)

    with httpx.Client(transport=transport) as http, pytest.raises(httpx.ReadTimeout):
        http.post(f"https://nsso.example{DECLARATIONS}", json=nsso.body(), headers=nsso.http.headers)

    assert len(taken(nsso)) == 1


def test_a_plan_can_hold_from_the_start(make_nsso):
    nsso = make_nsso(faults=plan("status", "get", status=429))

    assert nsso.get(1).status_code == 429


def test_no_plan_is_no_fault(nsso):
    nsso.accepted()

    assert not any(nsso.simulator.faults.counts.values())
    assert {entry.fault for entry in nsso.simulator.journal} == {None}


def test_a_poll_that_meets_a_fault_is_a_poll(failing, nsso, clock):
    number = nsso.file(nsso.body())
    failing("status", "get", status=503)
    clock.advance(2.5)

    nsso.get(number)

    entry = nsso.simulator.journal[-1]
    assert (entry.declaration_id, entry.age, entry.status) == (number, pytest.approx(2.5), 503)


def test_the_token_endpoint_can_fail_and_recover(failing, nsso):
    failing("status", "token", status=503, count=2)

    statuses = [nsso.ask_token().status_code for _ in range(3)]

    assert statuses == [503, 503, 200]
    assert nsso.simulator.journal[-1].path == TOKEN_PATH
