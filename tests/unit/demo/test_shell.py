"""What a shell finds of the demo, as Airflow reads it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from include.demo.connections import DIMONA, PAYROLL, for_components
from include.demo.shell import configure

_READ = """
import json
from airflow.configuration import conf
from dimona_provider.plain_process import stored_connection

found = stored_connection("dimona_default")
print(json.dumps([found.host, found.extra_dejson["private_key_path"], conf.get("core", "dags_folder")]))
"""
OWN = {DIMONA: json.dumps({"conn_type": "dimona", "host": "http://own", "password": "KEY", "extra": {}})}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give an AIRFLOW_HOME whose path has what a configuration could take for a variable."""
    made = tmp_path / "100% home"
    made.mkdir()
    return made


def test_a_command_finds_what_the_components_have(home):
    made = for_components({"simulator": 8}, home / "key.pem", {})
    options = {"CORE__DAGS_FOLDER": home, "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db"}
    configure(home, made | {f"AIRFLOW__{name}": str(value) for name, value in options.items()}, {})

    plain = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    read = subprocess.run(
        [sys.executable, "-c", _READ],
        env=plain | {"AIRFLOW_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )

    found = json.loads(read.stdout.splitlines()[-1])
    assert found == ["http://127.0.0.1:8/REST/dimona/v2", str(home / "key.pem"), str(home)]


def test_a_connection_of_the_callers_own_is_not_written_down(home):
    made = for_components({"simulator": 8}, home / "key.pem", OWN)
    configure(home, made, OWN)

    written = (home / "connections.json").read_text()
    assert json.loads(written).keys() == {PAYROLL.removeprefix("AIRFLOW_CONN_").lower(), "dimona_ledger"}
    assert all("KEY" not in file.read_text() for file in home.iterdir())


def test_nobody_else_reads_it(home):
    configure(home, for_components({"simulator": 8}, home / "key.pem", {}), {})

    assert {file.stat().st_mode & 0o777 for file in home.iterdir()} == {0o600}
