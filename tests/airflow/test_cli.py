"""The command that makes the ledger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner

from dimona_provider.cli.main import app
from dimona_provider.hooks import DimonaLedgerHook
from dimona_provider.ledger.keys import Keyring

AIRFLOW, DIMONA = (str(Path(sys.executable).with_name(name)) for name in ("airflow", "dimona"))


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """Give an AIRFLOW_HOME without a ledger."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    return tmp_path


def init(*options):
    return CliRunner().invoke(app, ["ledger", "init", *options])


def test_init_makes_keys_and_ledger(home):
    done = init()

    assert done.exit_code == 0
    assert f"keys made at {home}/dimona/ledger-keys.json" in done.stdout
    assert "ledger ready" in done.stdout
    DimonaLedgerHook().location().open("test").close()


def test_the_keys_are_not_shown(home):
    done = init()

    keys = DimonaLedgerHook().location().keys()
    assert keys.search.hex() not in done.output
    assert keys.encryption[0].decode() not in done.output


def test_init_again_changes_nothing(home):
    init()
    keys = (home / "dimona" / "ledger-keys.json").read_bytes()

    again = init()

    assert again.exit_code == 0
    assert "keys made" not in again.stdout
    assert (home / "dimona" / "ledger-keys.json").read_bytes() == keys


def test_init_can_be_quiet(home):
    assert init("--quiet").output == ""


def test_without_its_keys_a_ledger_is_refused_and_no_new_keys_are_made(home):
    init()
    (home / "dimona" / "ledger-keys.json").unlink()

    refused = init()

    assert refused.exit_code == 1
    assert refused.stderr.startswith("dimona: there are no keys at ")
    assert refused.stderr.count("\n") == 1
    assert not (home / "dimona" / "ledger-keys.json").exists()


def test_other_keys_are_refused(home):
    init()
    (home / "dimona" / "ledger-keys.json").write_text(Keyring.generate().to_json())

    refused = init()

    assert refused.exit_code == 1
    assert refused.stderr.startswith("dimona: these keys are not this ledger's")


@pytest.mark.parametrize(
    "connection",
    [
        pytest.param('{"conn_type": "mysql"}', id="another database"),
        pytest.param('{"conn_type": "sqlite", "host": "/dev/null/ledger.db"}', id="no such folder"),
        pytest.param('{"conn_type": "sqlite", "host": "/proc/ledger.db"}', id="folder not writable"),
        pytest.param(
            '{"conn_type": "sqlite", "host": "HOME/l.db", "extra": {"key_file": "/proc/no/keys.json"}}',
            id="keys can't be written",
        ),
        pytest.param(
            '{"conn_type": "postgres", "host": "127.0.0.1", "port": 9, "login": "x", "password": "SECRET", '
            '"schema": "x", "extra": {"keys": {"encryption": [], "search": ""}}}',
            id="no server",
        ),
    ],
)
def test_what_can_not_be_used_is_one_sentence(monkeypatch, home, connection):
    monkeypatch.setenv("AIRFLOW_CONN_DIMONA_LEDGER", connection.replace("HOME", str(home)))

    refused = init()

    assert refused.exit_code == 1
    assert refused.stderr.startswith("dimona: ")
    assert refused.stderr.count("\n") == 1
    assert "SECRET" not in refused.output
    assert isinstance(refused.exception, SystemExit)


def test_no_command_shows_local_variables_when_it_breaks():
    every = [app, *(group.typer_instance for group in app.registered_groups)]

    assert len(every) > 1
    for one in every:
        assert one.pretty_exceptions_enable is False
        assert one.pretty_exceptions_show_locals is False


def test_a_defect_shows_no_person():
    script = (
        "from dimona_provider.cli.main import app\n"
        "def broken(text: str) -> None:\n"
        "    name = 'Peet' + 'ers'\n"
        "    raise RuntimeError('a defect')\n"
        "app.command('broken')(broken)\n"
        "app(['broken', 'Zwarte' + 'wei'])\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )

    assert ended.returncode == 1
    assert "RuntimeError: a defect" in ended.stderr
    assert "Peeters" not in ended.stderr
    assert "Zwartewei" not in ended.stderr


def test_help_needs_no_airflow():
    import subprocess
    import sys

    script = "import sys, dimona_provider.cli.main; print('airflow' in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )

    assert ended.stdout.strip() == "False"


@pytest.fixture
def metadata_database(home, monkeypatch):
    """Give Airflow's own database, as `airflow db migrate` leaves it, in a process of its own."""
    environment = {**os.environ, "AIRFLOW_HOME": str(home)}
    environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"sqlite:///{home}/airflow.db"
    environment["AIRFLOW__CORE__FERNET_KEY"] = Fernet.generate_key().decode()
    subprocess.run([AIRFLOW, "db", "migrate"], env=environment, check=True, capture_output=True)
    return environment


def test_a_ledger_connection_made_in_the_ui_is_used(home, metadata_database):
    ledger = home / "elsewhere" / "ledger.db"
    made = ["connections", "add", "dimona_ledger", "--conn-type", "sqlite", "--conn-host", str(ledger)]
    subprocess.run([AIRFLOW, *made], env=metadata_database, check=True, capture_output=True)

    done = subprocess.run(
        [DIMONA, "ledger", "init"], env=metadata_database, check=True, capture_output=True, text=True
    )

    assert ledger.exists()
    assert str(ledger) in done.stdout


def test_a_ledger_connection_of_a_secrets_backend_is_used(home, monkeypatch):
    ledger = home / "secret" / "ledger.db"
    (home / "connections.json").write_text(
        json.dumps({"dimona_ledger": {"conn_type": "sqlite", "host": str(ledger)}})
    )
    backend = "airflow.secrets.local_filesystem.LocalFilesystemBackend"
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__SECRETS__BACKEND": backend,
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": f"{home}/connections.json"}),
    }

    subprocess.run([DIMONA, "ledger", "init"], env=environment, check=True, capture_output=True)

    assert ledger.exists()


def test_a_secrets_backend_without_the_ledger_leads_to_no_other_ledger(home):
    """Airflow drops the whole file when one connection in it is wrong, and then says "not found"."""
    wrong = {"conn_type": "http", "extra": "{}", "extra_dejson": {}}
    good = {"conn_type": "sqlite", "host": f"{home}/l.db"}
    (home / "connections.json").write_text(json.dumps({"dimona_ledger": good, "payroll_default": wrong}))
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": f"{home}/connections.json"}),
    }

    done = subprocess.run(
        [DIMONA, "ledger", "init"], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "was not found, or its secrets backend can't be read" in done.stderr
    assert not (home / "dimona" / "ledger.db").exists()


def test_a_ledger_connection_of_the_environment_is_used(home, monkeypatch):
    ledger = home / "environment" / "ledger.db"
    connection = {"conn_type": "sqlite", "host": str(ledger)}
    monkeypatch.setenv("AIRFLOW_CONN_DIMONA_LEDGER", json.dumps(connection))

    done = init()

    assert done.exit_code == 0
    assert ledger.exists()


def test_the_demos_ledger_is_found_without_airflow_home(monkeypatch, tmp_path):
    (tmp_path / "var" / "demo" / "airflow" / "dimona").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIRFLOW_HOME", "")  # set, so that it is put back

    done = init()

    assert done.exit_code == 0
    assert "using the demo" in done.stderr
    assert (tmp_path / "var" / "demo" / "airflow" / "dimona" / "ledger.db").exists()
