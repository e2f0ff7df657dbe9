"""The real process: started, killed, started again."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import jwt
import pytest

ROOT = Path(__file__).parents[3]
CLIENT = "self_service_chaman_000000_simulator"


@contextmanager
def running(folder, *arguments):
    command = [
        sys.executable,
        "-m",
        "include.dimona_simulator",
        "--data",
        str(folder),
        "--port",
        "0",
        *arguments,
    ]
    (folder / "port").unlink(missing_ok=True)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline().rsplit(" ", 1)[-1].strip()
        finally:
            process.kill()


@contextmanager
def client(folder, url):
    now = int(time.time())
    token_url = f"{url}/REST/oauth/v5/token"
    claims = {
        "iss": CLIENT,
        "sub": CLIENT,
        "aud": token_url,
        "jti": os.urandom(8).hex(),
        "iat": now,
        "exp": now + 60,
    }
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(claims, (folder / "private_key.pem").read_text(), "RS256"),
    }
    with httpx.Client(base_url=f"{url}/REST/dimona/v2/", trust_env=False) as http:
        token = http.post(token_url, data=form).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield http


def test_a_killed_simulator_still_knows_its_declarations(nsso, tmp_path):
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


def test_it_stops_at_once_when_told(tmp_path):
    with running(tmp_path) as (process, url), httpx.Client(trust_env=False) as http:
        assert http.get(f"{url}/simulator/health").json() == {"status": "UP"}
        assert http.get(f"{url}/simulator/journal", params={"since": "x"}).status_code == 400
        assert http.get(f"{url}/payroll/employments").status_code == 404
        process.terminate()

        assert process.wait(2) in {0, -signal.SIGTERM}


def test_its_key_and_declarations_are_for_the_owner_alone(tmp_path):
    with running(tmp_path):
        modes = [
            stat.S_IMODE((tmp_path / name).stat().st_mode)
            for name in ("private_key.pem", "declarations.jsonl")
        ]

    assert modes == [0o600, 0o600]


def test_it_serves_the_payroll_store_when_given_one(tmp_path):
    with running(tmp_path, "--payroll", str(tmp_path / "payroll.sqlite")) as (_, url):
        answer = httpx.get(f"{url}/payroll/employments", trust_env=False)

    assert answer.json() == {"employments": [], "next": None}


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--processing", "4:2"], id="times reversed"),
        pytest.param(["--tail", "x"], id="no number"),
    ],
)
def test_impossible_options_are_refused(tmp_path, arguments):
    command = [sys.executable, "-m", "include.dimona_simulator", "--data", str(tmp_path), *arguments]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=20)

    assert ended.returncode == 2
    assert b"error:" in ended.stderr


def test_the_journal_over_http_is_plain_json(tmp_path):
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
