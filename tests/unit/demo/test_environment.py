from pathlib import Path

import pytest

from include.demo import environment
from include.demo.installation import Installation

PORTS = {"api": 1, "worker_log": 2, "trigger_log": 3, "simulator": 4}
INSTALLATION = Installation(PORTS, "fernet", "jwt", "password")


def build(extra=None, **caller):
    return environment.build(Path("/stack"), Path("/dags"), INSTALLATION, extra or {}, caller)


@pytest.mark.parametrize(
    "name",
    [
        "AIRFLOW__CORE__EXECUTOR_CONFIG",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD",
        "AIRFLOW_CONN_DIMONA_DEFAULT",
        "AIRFLOW_VAR_X",
        "AIRFLOW_CONFIG",
        "PYTHONWARNINGS",
    ],
)
def test_the_callers_settings_do_not_leak(name):
    assert name not in build(**{name: "foreign"})


def test_the_callers_values_do_not_survive():
    caller = {"AIRFLOW_HOME": "/foreign", "AIRFLOW__CORE__EXECUTOR": "Foreign", "PYTHONPATH": "/foreign"}

    built = build(**caller)

    assert not [name for name, value in built.items() if "foreign" in value.lower()]
    assert built["AIRFLOW_HOME"] == "/stack/airflow"


def test_the_rest_of_the_callers_environment_is_kept():
    assert build(PATH="/bin", HOME="/home/x").items() >= {"PATH": "/bin", "HOME": "/home/x"}.items()


def test_what_is_given_overrides_what_is_made():
    assert build({"AIRFLOW__CORE__PARALLELISM": "9"})["AIRFLOW__CORE__PARALLELISM"] == "9"


def test_a_proxy_does_not_stand_between_components():
    assert build(no_proxy="intranet")["no_proxy"] == "intranet,127.0.0.1,localhost"


def test_no_two_servers_share_a_port():
    built = build()

    assert built["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:1"
    assert built["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:1/execution/"
    assert built["AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT"] == "2"
    assert built["AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT"] == "3"


def test_the_fingerprint_knows_settings_but_not_the_terminal():
    first = environment.fingerprint(["x"], build(TERM="a"))

    assert first == environment.fingerprint(["x"], build(TERM="b"))
    assert first != environment.fingerprint(["y"], build(TERM="a"))
    assert first != environment.fingerprint(["x"], build({"AIRFLOW_CONN_DIMONA_DEFAULT": "{}"}, TERM="a"))
