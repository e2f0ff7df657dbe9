"""The real process: started, killed, started again."""

import json
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[3]


def test_a_killed_simulator_still_knows_its_declarations(running, client, nsso, tmp_path):
    fast = ("--processing", "0:0", "--tail", "0:0")
    with running(tmp_path, *fast) as (process, url), client(tmp_path, url) as http:
        location = http.post("declarations", json=nsso.body("PMP", startDate="2035-01-01")).headers[
            "Location"
        ]
        first = http.get(url + location)
        process.send_signal(signal.SIGKILL)
        process.wait(5)

    with running(tmp_path, *fast) as (process, url), client(tmp_path, url) as http:
        again = http.get(url + location)
        second = http.post("declarations", json=nsso.body()).headers["Location"]
        journal = http.get(f"{url}/simulator/journal", params={"since": 2}).json()
        port = int((tmp_path / "port").read_text())

    number = int(location.rsplit("/", 1)[1])
    assert first.json()["declarationStatus"]["result"] == again.json()["declarationStatus"]["result"] == "A"
    assert int(second.rsplit("/", 1)[1]) // 100 == number // 100 + 1
    assert "Date" in again.headers
    assert [entry["status"] for entry in journal["entries"]] == [200, 200, 200, 201]
    assert url.endswith(f":{port}")


def test_it_stops_at_once_when_told(running, tmp_path):
    with running(tmp_path) as (process, url), httpx.Client(trust_env=False) as http:
        assert http.get(f"{url}/simulator/health").json() == {"status": "UP"}
        assert http.get(f"{url}/simulator/journal", params={"since": "x"}).status_code == 400
        assert http.get(f"{url}/payroll/employments").status_code == 404
        process.terminate()

        assert process.wait(2) in {0, -signal.SIGTERM}


def test_its_key_and_declarations_are_for_the_owner_alone(running, tmp_path):
    with running(tmp_path):
        modes = [
            stat.S_IMODE((tmp_path / name).stat().st_mode)
            for name in ("private_key.pem", "declarations.jsonl")
        ]

    assert modes == [0o600, 0o600]


def test_it_serves_the_payroll_store_when_given_one(running, tmp_path):
    with running(tmp_path, "--payroll", str(tmp_path / "payroll.sqlite")) as (_, url):
        answer = httpx.get(f"{url}/payroll/employments", trust_env=False)

    assert answer.json() == {"employments": [], "next": None}


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--processing", "4:2"], id="times reversed"),
        pytest.param(["--tail", "x"], id="no number"),
        pytest.param(["--faults", "/no/such/plan.json"], id="no fault plan"),
    ],
)
def test_impossible_options_are_refused(tmp_path, arguments):
    command = [sys.executable, "-m", "include.dimona_simulator", "--data", str(tmp_path), *arguments]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=20)

    assert ended.returncode == 2
    assert b"error:" in ended.stderr


def test_the_journal_over_http_is_plain_json(running, tmp_path):
    with running(tmp_path) as (_, url):
        httpx.get(f"{url}/REST/dimona/v2/declarations/1", trust_env=False)
        journal = httpx.get(f"{url}/simulator/journal", trust_env=False).json()

    (entry,) = journal["entries"]
    assert (entry["method"], entry["path"], entry["status"]) == (
        "GET",
        "/REST/dimona/v2/declarations/{id}",
        401,
    )
    assert json.loads((tmp_path / "journal.jsonl").read_text()) == entry
