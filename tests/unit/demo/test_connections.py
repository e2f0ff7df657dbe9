import json
from pathlib import Path

import pytest

from include.demo.connections import DIMONA, LEDGER, PAYROLL, check, for_components
from include.demo.errors import DemoError


def connection(conn_type="dimona", host="http://nsso.test/REST/dimona/v2", **extra):
    return json.dumps({"conn_type": conn_type, "host": host, "login": "me", "extra": extra})


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(connection(environment="production"), id="JSON"),
        pytest.param(connection(environment=" Production "), id="spelled otherwise"),
        pytest.param(
            json.dumps({"conn_type": "dimona", "extra": '{"environment": "production"}'}), id="extra as text"
        ),
        pytest.param("dimona://me@/?environment=production", id="URI"),
        pytest.param(
            "dimona://me@/?__extra__=%7B%22environment%22%3A%20%22production%22%7D", id="URI with JSON"
        ),
        pytest.param(
            connection(environment="custom", host="https://services.socialsecurity.be/REST/dimona/v2"),
            id="host",
        ),
        pytest.param(
            "dimona://me@https%3A%2F%2Fservices.socialsecurity.be%2FREST/?environment=custom",
            id="host in a URI",
        ),
    ],
)
def test_production_is_refused(text):
    with pytest.raises(DemoError, match="leads to production"):
        check(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"conn_type": "dimona", "password": "hush"', id="cut off"),
        pytest.param('{"conn_type": "dimona", "extra": "hush"}', id="extra is no JSON"),
        pytest.param('{"conn_type": "dimona", "extra": ["hush"]}', id="extra is a list"),
        pytest.param("hush", id="neither JSON nor URI"),
    ],
)
def test_what_cannot_be_read_is_refused_without_being_repeated(text):
    with pytest.raises(DemoError, match="can't be read") as caught:
        check(text)

    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(connection(conn_type="http"), "conn_type dimona", id="another type"),
        pytest.param(connection(environment="test"), "simulation or custom", id="unknown environment"),
        pytest.param(
            connection(environment="custom", private_key_path="key.pem"), "absolute path", id="relative"
        ),
    ],
)
def test_what_could_not_work_is_refused(text, reason):
    with pytest.raises(DemoError, match=reason):
        check(text)


def test_another_server_is_taken(tmp_path):
    key = tmp_path / "key.pem"
    key.touch()

    target = check(connection(environment="custom", private_key_path=str(key)))

    assert target.host == "http://nsso.test/REST/dimona/v2"


def test_without_a_connection_the_simulator_is_used():
    made = for_components({"simulator": 8}, Path("/keys/private.pem"), {})

    dimona = json.loads(made[DIMONA])
    assert check(made[DIMONA].replace("/keys/private.pem", "")).host == "http://127.0.0.1:8/REST/dimona/v2"
    assert dimona["extra"]["private_key_path"] == "/keys/private.pem"
    assert json.loads(made[PAYROLL]) == {"conn_type": "http", "host": "http://127.0.0.1:8"}


def test_the_callers_connections_win_but_the_payroll_stays():
    caller = {DIMONA: "dimona://x", LEDGER: "sqlite://y", PAYROLL: "http://z", "AIRFLOW_CONN_OTHER": "o"}

    made = for_components({"simulator": 8}, Path("/key"), caller)

    assert made.keys() == {DIMONA, LEDGER, PAYROLL}
    assert (made[DIMONA], made[LEDGER]) == ("dimona://x", "sqlite://y")
    assert "127.0.0.1:8" in made[PAYROLL]
