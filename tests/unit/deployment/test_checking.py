"""A deployment is not started with secrets that are missing, don't fit together, or that everybody knows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from include.deployment.checking import check, check_options
from include.deployment.errors import DeploymentError
from include.deployment.making import make_secrets
from include.deployment.places import AUTHORITIES, DEMO_KEYS, EXAMPLE, SECRETS
from support.nsso import pem

DEMO_AUTHORITIES = str(DEMO_KEYS / AUTHORITIES)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Give a folder of new secrets."""
    key = tmp_path / "key.pem"
    key.write_text(pem())
    make_secrets(tmp_path / "own", "self_service_chaman_000000_xxxxxxxxxx", key)
    return tmp_path / "own"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "example"))


def change_connection(folder: Path, conn_id: str, change: Callable[[dict], object]) -> None:
    file = folder / "connections.json"
    connections = json.loads(file.read_text())
    change(connections[conn_id])
    put(file, json.dumps(connections))


def put(file: Path, text: str) -> None:
    file.chmod(0o644)
    file.write_text(text)


def test_own_secrets_start_without_a_simulator(own):
    assert check(own, None, lambda: False) is False


def test_the_example_starts_beside_the_simulator(example):
    assert check(example, DEMO_AUTHORITIES, lambda: True) is True


def test_the_example_does_not_start_without_the_simulator(example):
    with pytest.raises(DeploymentError, match="these are the example's"):
        check(example, None, lambda: False)


@pytest.mark.parametrize("name", sorted(set(SECRETS) - {"connections.json"}))
def test_a_single_value_of_the_example_is_enough_to_refuse(own, name):
    put(own / name, (EXAMPLE / name).read_text())
    if name == "ledger_password":
        password = (EXAMPLE / name).read_text()
        change_connection(own, "dimona_ledger", lambda one: one.update(password=password))

    with pytest.raises(DeploymentError, match=rf"example's: {name}\."):
        check(own, None, lambda: False)


def test_the_demos_authorities_are_refused_too(own):
    with pytest.raises(DeploymentError, match="example's: DIMONA_AUTHORITIES"):
        check(own, DEMO_AUTHORITIES, lambda: False)


@pytest.mark.parametrize("environment", ["simulation", "production"])
def test_the_examples_secrets_never_lead_to_the_nsso(example, environment):
    def lead_there(one: dict) -> None:
        del one["host"]
        one["extra_dejson"]["environment"] = environment

    change_connection(example, "dimona_default", lead_there)

    with pytest.raises(DeploymentError, match="dimona_default leads to another service"):
        check(example, DEMO_AUTHORITIES, lambda: True)


def test_all_that_is_missing_is_said_at_once(own):
    (own / "fernet_key").unlink()
    put(own / "jwt_secret", " \n")

    with pytest.raises(DeploymentError, match=r"fernet_key can't be read .*; jwt_secret is empty"):
        check(own, None, lambda: False)


def test_passwords_that_differ_are_refused(own):
    change_connection(own, "dimona_ledger", lambda one: one.update(password="another"))

    with pytest.raises(DeploymentError, match="is not ledger_password"):
        check(own, None, lambda: False)


@pytest.mark.parametrize("password", ["a@b", "a b", "a'b", "pässword", "a%b"])
def test_a_password_that_would_break_an_address_is_refused(own, password):
    put(own / "redis_password", password)

    with pytest.raises(DeploymentError, match="redis_password") as raised:
        check(own, None, lambda: False)
    assert password not in str(raised.value)


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"dimona_default": 1}', "{}"])
def test_connections_that_cant_be_used_are_refused(own, text):
    put(own / "connections.json", text)

    with pytest.raises(DeploymentError, match=r"connections\.json"):
        check(own, None, lambda: False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "blue"}, "no field colour"),
        ({"uri": "http://x"}, "no field uri"),
        ({"extra": "{}"}, "one of extra and extra_dejson"),
        ({"extra_dejson": '{"verify": true}'}, "extra_dejson must be an object"),
        ({"extra_dejson": None}, "extra_dejson must be an object"),
        ({"password": 5}, "password must be text"),
        ({"port": "80"}, "port must be a number"),
    ],
)
def test_a_connection_for_which_airflow_would_read_none_is_refused(own, change, said):
    """It says nothing of that, and the ledger would be sought at its place without a connection."""
    change_connection(own, "payroll_default", lambda one: one.update({"extra_dejson": {}} | change))

    with pytest.raises(DeploymentError, match=f"payroll_default in connections.json: .*{said}"):
        check(own, None, lambda: False)


@pytest.mark.parametrize("extra", [{"verify": True}, '{"verify": true}', "", None])
def test_an_extra_may_be_written_as_airflow_takes_it(own, extra):
    change_connection(own, "payroll_default", lambda one: one.update(extra=extra))

    assert check(own, None, lambda: False) is False


def test_the_example_may_have_its_extra_as_text(example):
    def as_text(one: dict) -> None:
        one["extra"] = json.dumps(one.pop("extra_dejson"))

    change_connection(example, "dimona_default", as_text)

    assert check(example, DEMO_AUTHORITIES, lambda: True) is True


@pytest.mark.parametrize(
    "change",
    [
        {"conn_type": "http", "host": "https://services.socialsecurity.be/REST/dimona/v2"},
        {"host": "https://[simulator:8443"},
    ],
)
def test_the_type_of_the_default_connection_hides_nothing(example, change):
    change_connection(example, "dimona_default", lambda one: one.update(change))

    with pytest.raises(DeploymentError, match="dimona_default leads to another service"):
        check(example, DEMO_AUTHORITIES, lambda: True)


def test_a_value_of_the_example_is_known_in_any_place(own):
    put(own / "admin_password", (EXAMPLE / "redis_password").read_text())

    with pytest.raises(DeploymentError, match=r"example's: admin_password\."):
        check(own, None, lambda: False)


@pytest.mark.parametrize("name", sorted(set(SECRETS) - {"connections.json", "private_key.pem"}))
@pytest.mark.parametrize("form", ["{}\r\n", "{} ", " {}", "{}\nmore", "\ufeff{}"])
def test_what_a_shell_and_python_would_read_differently_is_refused(own, name, form):
    file = own / name
    file.chmod(0o644)
    file.write_bytes(form.format(file.read_text()).encode())

    with pytest.raises(DeploymentError, match=f"{name} must be one line"):
        check(own, None, lambda: False)


@pytest.mark.parametrize("name", ["jwt_secret", "session_secret"])
def test_a_secret_that_a_shell_would_expand_is_refused(own, name):
    put(own / name, "a*b")

    with pytest.raises(DeploymentError, match=name) as raised:
        check(own, None, lambda: False)
    assert "a*b" not in str(raised.value)


@pytest.mark.parametrize("text", ["short", "x" * 44, "{},", "{}é"])
def test_a_key_that_is_none_of_fernets_is_refused(own, text):
    put(own / "fernet_key", text.format((own / "fernet_key").read_text()))

    with pytest.raises(DeploymentError, match="fernet_key must be 32 bytes"):
        check(own, None, lambda: False)


def test_a_fernet_key_may_be_followed_by_the_one_before(own):
    put(own / "fernet_key", f"{(own / 'fernet_key').read_text()},{'A' * 43}=")

    assert check(own, None, lambda: False) is False


@pytest.mark.parametrize("end", ["", "_SECRET"])
def test_an_option_in_place_of_a_secret_is_refused(end):
    given = {
        "AIRFLOW__CELERY__BROKER_URL_CMD": "cat url",
        f"AIRFLOW__CELERY__BROKER_URL{end}": "redis://:p@redis",
        "AIRFLOW__METRICS__STATSD_ON": "true",
    }

    with pytest.raises(DeploymentError, match=r"no option may: AIRFLOW__CELERY__BROKER_URL$"):
        check_options(given)


def test_options_beside_the_secrets_are_fine():
    check_options({"AIRFLOW__CELERY__BROKER_URL_CMD": "cat url", "AIRFLOW__METRICS__STATSD_ON": "true"})


def test_a_certificate_is_no_private_key(own):
    put(own / "private_key.pem", "-----BEGIN CERTIFICATE-----")

    with pytest.raises(DeploymentError, match=r"private_key\.pem is no private key"):
        check(own, None, lambda: False)
