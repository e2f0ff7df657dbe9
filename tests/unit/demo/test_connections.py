import json
from pathlib import Path

import pytest

from include.demo.connections import DIMONA, LEDGER, PAYROLL, check, check_apart, for_components
from include.demo.errors import DemoError
from include.demo.sample import ensure_keys

REAL = "https://services.socialsecurity.be/REST/dimona/v2"
TOKEN_URL = "https://nsso.test/REST/oauth/v5/token"


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    directory = tmp_path_factory.mktemp("keys")
    ensure_keys(directory)
    return str(directory / "keys" / "private.pem")


def connection(conn_type="dimona", host="https://nsso.test/REST/dimona/v2", **extra):
    extra = {"environment": "custom", "token_url": TOKEN_URL} | extra
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
        pytest.param(connection(environment="simulation"), id="its simulation"),
        pytest.param("dimona://me@/", id="its simulation by default"),
        pytest.param(connection(host=REAL), id="host"),
        pytest.param(connection(host=f" {REAL.upper()}"), id="host in capitals"),
        pytest.param(connection(host=REAL.replace(".be", ".be.:443")), id="host as DNS writes it"),
        pytest.param(connection(host=REAL.replace(".", "\u3002")), id="ideographic full stops"),
        pytest.param(connection(host=REAL.replace(".", "\uff0e")), id="fullwidth full stops"),
        pytest.param(connection(host=REAL.replace(".", "\uff61")), id="halfwidth full stops"),
        pytest.param(connection(token_url=REAL), id="token URL"),
        pytest.param(
            "dimona://me@https%3A%2F%2Fservices.socialsecurity.be%2FREST/?environment=custom",
            id="host in a URI",
        ),
        pytest.param(
            "dimona://https://login@services.socialsecurity.be%2FREST%2Fdimona%2Fv2/?environment=custom",
            id="host and its scheme in a URI",
        ),
    ],
)
def test_the_real_nsso_is_refused(text, key):
    with pytest.raises(DemoError, match="leads to the NSSO itself"):
        check(text)
    with pytest.raises(DemoError, match="leads to the NSSO itself"):
        check(_with_key(text, key))


def _with_key(text, key):
    if not text.startswith("{"):
        return f"{text}&private_key_path={key}&token_url=https%3A%2F%2Fnsso.test%2Ftoken"
    content = json.loads(text)
    extra = content["extra"] if isinstance(content["extra"], dict) else json.loads(content["extra"])
    return json.dumps(content | {"login": "me", "extra": extra | {"private_key_path": key}})


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"conn_type": "dimona", "password": "hush"', id="cut off"),
        pytest.param('{"conn_type": "dimona", "extra": "hush"}', id="extra is no JSON"),
        pytest.param('{"conn_type": "dimona", "extra": ["hush"]}', id="extra is a list"),
        pytest.param('{"conn_type": "dimona", "hush": 1}', id="unknown field"),
        pytest.param('{"conn_type": "dimona", "port": "hush"}', id="port is a word"),
        pytest.param("hush", id="neither JSON nor URI"),
        pytest.param("dimona://a://b://hush", id="a URI that Airflow refuses"),
        pytest.param(" ", id="blank"),
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
        pytest.param(connection(conn_type=["dimona"]), "conn_type dimona", id="types"),
        pytest.param(connection(environment="test"), "environment must be one of", id="unknown environment"),
        pytest.param(connection(environment=["custom"]), "environment must be one of", id="environments"),
        pytest.param(connection(private_key_path="key.pem"), "absolute path", id="relative"),
        pytest.param(connection(private_key_path=5), "absolute path", id="a number as path"),
        pytest.param(connection(host=5), "host must be text", id="a number as host"),
        pytest.param(connection(token_url=5), "token_url must be a full", id="a number as token URL"),
        pytest.param(connection(host="https://a\u00adb.test"), "private_key", id="a host that httpx refuses"),
    ],
)
def test_what_could_not_work_is_refused(text, reason):
    with pytest.raises(DemoError, match=reason) as caught:
        check(text)

    assert "\n" not in str(caught.value)


def test_another_server_is_taken(key):
    assert check(connection(private_key_path=key)) == "https://nsso.test/REST/dimona/v2"


def test_a_check_in_a_process_of_its_own_says_the_same(key):
    check_apart(connection(private_key_path=key), {"AIRFLOW_HOME": "/proc/nowhere"})
    with pytest.raises(DemoError, match="leads to the NSSO itself"):
        check_apart(connection(private_key_path=key, host=REAL), {})


def test_without_a_connection_the_simulator_is_used(key):
    made = for_components({"simulator": 8}, Path(key), {})

    assert check(made[DIMONA]) == "http://127.0.0.1:8/REST/dimona/v2"
    assert json.loads(made[DIMONA])["extra"]["private_key_path"] == key
    assert json.loads(made[PAYROLL]) == {"conn_type": "http", "host": "http://127.0.0.1:8"}


def test_the_callers_connections_win_but_the_payroll_stays():
    caller = {DIMONA: "dimona://x", LEDGER: "sqlite://y", PAYROLL: "http://z", "AIRFLOW_CONN_OTHER": "o"}

    made = for_components({"simulator": 8}, Path("/key"), caller)

    assert made.keys() == {DIMONA, LEDGER, PAYROLL}
    assert (made[DIMONA], made[LEDGER]) == ("dimona://x", "sqlite://y")
    assert "127.0.0.1:8" in made[PAYROLL]
