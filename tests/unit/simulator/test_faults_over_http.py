"""Faults on real connections, and the page that shows and changes them."""

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[3]
AT_ONCE = ("--processing", "0:0", "--tail", "0:0")
NOTHING = {"rules": []}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("served")


@pytest.fixture
def served(running, client, folder):
    """Serve a simulator; ``served(rule)`` lets a fault happen."""
    with running(folder, *AT_ONCE) as (process, url), client(folder, url) as http:
        yield Served(process, url, http)


class Served:
    def __init__(self, process, url, http):
        self.process, self.url, self.http = process, url, http

    def fail(self, fault, operation, **parameters):
        rule = {"fault": fault, "operation": operation, **parameters}
        self.plan({"rules": [rule]}).raise_for_status()

    def plan(self, content):
        return self.http.put(f"{self.url}/simulator/faults", json=content)

    def page(self, name, **query):
        return self.http.get(f"{self.url}/simulator/{name}", params=query).json()

    def post(self, body):
        return self.http.post("declarations", json=body)

    @contextmanager
    def adds(self, number):
        """Check that *number* declarations are taken."""
        before = self.page("declarations")["next"]
        yield
        assert len(self.page("declarations", since=before)["declarations"]) == number


def elapsed(call):
    start = time.monotonic()
    return call(), time.monotonic() - start


@pytest.mark.parametrize("operation", ["post", "get"])
def test_a_connection_closed_before_carries_no_byte(served, nsso, operation):
    served.fail("closed_before", operation)

    with served.adds(0), pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        served.post(nsso.body()) if operation == "post" else served.http.get("declarations/1")

    assert served.page("faults")["counts"]["closed_before"] >= 1
    assert served.process.poll() is None


def test_accepted_then_closed_carries_no_byte_and_is_taken(served, nsso):
    served.fail("accepted_then_closed", "post", count=1)

    with (
        served.adds(1),
        pytest.raises(httpx.RemoteProtocolError, match="without sending a response"),
    ):
        served.post(nsso.body("PMP"))

    last = served.page("declarations")["declarations"][-1]
    answer = served.http.get(f"declarations/{last['id']}")
    assert answer.json()["declarationStatus"]["declarationId"] == last["id"]
    assert served.post(nsso.body("PMP", startDate="2026-03-17")).status_code == 201


def test_a_new_connection_is_closed_as_well_as_one_in_use(served, nsso):
    served.fail("accepted_then_closed", "post")
    headers = dict(served.http.headers)

    with served.adds(2):
        for _ in range(2):
            with (
                httpx.Client(headers=headers, trust_env=False) as http,
                pytest.raises(httpx.RemoteProtocolError),
            ):
                http.post(f"{served.url}/REST/dimona/v2/declarations", json=nsso.body())


def test_the_server_takes_a_closed_connection_for_no_error_of_its_own(served, nsso):
    served.fail("accepted_then_closed", "post", count=1)

    with pytest.raises(httpx.RemoteProtocolError):
        served.post(nsso.body())
    served.page("health")
    served.process.terminate()

    assert served.process.stdout.read() == ""


def test_a_status_comes_over_the_wire(served, nsso):
    served.fail("status", "post", status=503, retry_after=5, count=1)

    with served.adds(0):
        response = served.post(nsso.body())

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_delay_is_waited_for_and_others_are_answered_meanwhile(served):
    served.fail("delay", "get", seconds=0.4)

    with httpx.Client(trust_env=False, timeout=0.2) as hasty, pytest.raises(httpx.ReadTimeout):
        hasty.get(f"{served.url}/REST/dimona/v2/declarations/1")
    health, seconds = elapsed(lambda: served.page("health"))
    response, delayed = elapsed(lambda: served.http.get("declarations/1"))

    assert (health, response.status_code) == ({"status": "UP"}, 404)
    assert seconds < 0.3 < delayed


def test_a_slow_body_trickles(served):
    served.fail("slow_body", "get", seconds=0.5)
    arrived = []

    with served.http.stream("GET", "declarations/1") as response:
        started = time.monotonic()
        arrived.extend((time.monotonic() - started, part) for part in response.iter_raw())

    assert response.status_code == 404
    assert len(arrived) >= 5
    assert arrived[-1][0] > 0.3
    assert arrived[0][0] < arrived[-1][0] - 0.2
    assert len(b"".join(part for _, part in arrived)) == int(response.headers["Content-Length"])
    assert served.http.get("../../../simulator/health").status_code == 200


@pytest.mark.parametrize(
    ("fault", "operation"),
    [
        ("accepted_then_500", "post"),
        ("missing_location", "post"),
        ("malformed_body", "post"),
        ("html_body", "post"),
    ],
)
def test_what_is_spoilt_on_the_way_back_is_taken(served, nsso, fault, operation):
    served.fail(fault, operation)

    with served.adds(1):
        response = served.post(nsso.body())

    assert response.status_code == (500 if fault == "accepted_then_500" else 201)
    assert ("Location" in response.headers) == fault.endswith("body")
    assert served.page("journal")["entries"][-1]["fault"] == fault


def test_faults_can_be_switched_off(served):
    served.fail("status", "get", status=502)
    failed = served.http.get("declarations/1").status_code

    ended = served.plan(NOTHING)

    assert failed == 502
    assert ended.json()["plan"] == {"seed": 1, "rules": []}
    assert ended.json() == served.page("faults")
    assert served.http.get("declarations/1").status_code == 404


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "Expecting property name"),
        (b'{"rules": [{"fault": "x"}]}', "rule 1: fault is one of status, "),
    ],
)
def test_a_bad_plan_is_refused_and_the_old_one_holds(served, content, message):
    served.fail("status", "get", status=502)

    refused = served.http.put(f"{served.url}/simulator/faults", content=content)

    assert refused.status_code == 400
    assert refused.json()["error"].startswith(message)
    assert served.http.get("declarations/1").status_code == 502


def test_declarations_are_asked_for_by_number(served):
    assert served.http.get(f"{served.url}/simulator/declarations?since=x").status_code == 400


def test_a_plan_from_a_file_holds_from_the_start(running, client, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text('{"rules": [{"fault": "status", "operation": "get", "status": 500}]}')

    with running(tmp_path, "--faults", str(plan)) as (_, url), client(tmp_path, url) as http:
        assert http.get("declarations/1").status_code == 500


def test_a_bad_plan_ends_the_start_in_one_line(tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text('{"rules": [{"fault": "status", "operation": "get"}]}')
    command = [
        sys.executable,
        "-m",
        "include.dimona_simulator",
        "--data",
        str(tmp_path),
        "--faults",
        str(plan),
    ]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=20, text=True)

    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].endswith(f"error: {plan}: rule 1: fault status needs status")
