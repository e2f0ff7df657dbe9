"""The secrets of docker-compose.yaml are in forms that Airflow reads."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from airflow.secrets.local_filesystem import load_connections_dict
from cryptography.fernet import Fernet

from dimona_provider.api.settings import Settings
from include.deployment.making import make_secrets
from include.deployment.places import CONNECTIONS, EXAMPLE
from support.nsso import pem
from tests.compose.project import read_compose_file

ENVIRONMENT = read_compose_file()["services"]["worker"]["environment"]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Give a folder of new secrets."""
    key = tmp_path / "key.pem"
    key.write_text(pem())
    make_secrets(tmp_path / "own", "self_service_chaman_000000_xxxxxxxxxx", key)
    return tmp_path / "own"


def settings(folder: Path, key: Path) -> Settings:
    connection = load_connections_dict(str(folder / CONNECTIONS))["dimona_default"]
    extra = connection.extra_dejson | {"private_key_path": str(key)}
    return Settings.read("dimona_default", login=connection.login, host=connection.host, extra=extra)


def test_own_secrets_lead_to_the_simulation(own):
    read = settings(own, own / "private_key.pem")

    assert (read.environment, read.client_id) == ("simulation", "self_service_chaman_000000_xxxxxxxxxx")


def test_the_example_leads_to_the_simulator(tmp_path):
    (tmp_path / "key.pem").write_text(pem())

    assert settings(EXAMPLE, tmp_path / "key.pem").base_url == "https://simulator:8443/REST/dimona/v2"


def test_the_ledgers_connection_has_its_password(own):
    connections = load_connections_dict(str(own / CONNECTIONS))

    assert connections["dimona_ledger"].password == (own / "ledger_password").read_text()
    assert connections["dimona_ledger"].conn_type == "postgres"


def command(name: str, folder: Path) -> str:
    """Run a command as Airflow does, on the secrets of *folder*."""
    text = ENVIRONMENT[name].replace("$$", "$").replace("/run/secrets", str(folder))
    return subprocess.run(shlex.split(text), capture_output=True, check=True, text=True).stdout


def test_airflow_gets_its_secrets_by_command(own):
    password = (own / "metadata_password").read_text()
    redis = (own / "redis_password").read_text()

    Fernet(command("AIRFLOW__CORE__FERNET_KEY_CMD", own))
    assert command("AIRFLOW__API_AUTH__JWT_SECRET_CMD", own) == (own / "jwt_secret").read_text()
    assert command("AIRFLOW__API__SECRET_KEY_CMD", own) == (own / "session_secret").read_text()
    database = f"postgresql+psycopg2://airflow:{password}@postgres/airflow"
    assert command("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD", own) == database
    results = f"db+postgresql+psycopg2://airflow:{password}@postgres/airflow"
    assert command("AIRFLOW__CELERY__RESULT_BACKEND_CMD", own) == results
    assert command("AIRFLOW__CELERY__BROKER_URL_CMD", own) == f"redis://:{redis}@redis:6379/0"


def test_a_line_break_at_the_end_of_a_secret_does_no_harm(own):
    file = own / "redis_password"
    password = file.read_text()
    file.chmod(0o644)
    file.write_text(password + "\n")

    assert command("AIRFLOW__CELERY__BROKER_URL_CMD", own) == f"redis://:{password}@redis:6379/0"


def test_airflow_runs_commands_for_these_alone():
    from airflow.configuration import conf

    asked = [re.fullmatch(r"AIRFLOW__(\w+?)__(\w+)_CMD", name) for name in ENVIRONMENT]
    names = {(one[1].lower(), one[2].lower()) for one in asked if one}

    assert len(names) == 6
    known = {name for name in names if name[0] != "celery"}  # whose provider is only in the image
    assert known <= set(conf.sensitive_config_values)
