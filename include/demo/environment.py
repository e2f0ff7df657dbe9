"""The environment of a stack's processes: all of Airflow's configuration, and nothing of the caller's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from include.demo.installation import USER, Installation

REPOSITORY = Path(__file__).resolve().parents[2]
_OURS = ("AIRFLOW", "DIMONA", "PYTHON")
_FOREIGN = ("AIRFLOW", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS")


def build(
    directory: Path,
    dags: Path,
    installation: Installation,
    extra: Mapping[str, str],
    caller: Mapping[str, str],
) -> dict[str, str]:
    """
    Return the environment of every component.

    *caller* is inherited without Airflow's and Python's own settings, which would change what a component
    does; *extra* comes last and overrides everything.
    """
    return process(directory, caller) | _airflow(directory, dags, installation) | dict(extra)


def process(directory: Path, caller: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a process with none of the caller's settings of Airflow."""
    inherited = {name: value for name, value in caller.items() if not name.startswith(_FOREIGN)}
    # A proxy in the caller's environment must not stand between components of one machine.
    direct = ",".join(
        filter(None, [inherited.get("no_proxy", inherited.get("NO_PROXY")), "127.0.0.1", "localhost"])
    )
    return inherited | {
        "AIRFLOW_HOME": str(home(directory)),
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONUNBUFFERED": "1",
        "no_proxy": direct,
        "NO_PROXY": direct,
    }


def fingerprint(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return a hash of what decides how a component behaves; it changes when a restart is needed."""
    ours = sorted((name, value) for name, value in environment.items() if name.startswith(_OURS))
    return hashlib.sha256(json.dumps([list(command), ours]).encode()).hexdigest()


def home(directory: Path) -> Path:
    """Return AIRFLOW_HOME of the stack in *directory*."""
    return directory / "airflow"


def passwords_file(directory: Path) -> Path:
    """Return the file that the simple auth manager reads passwords from."""
    return home(directory) / "passwords.json"


def _airflow(directory: Path, dags: Path, installation: Installation) -> dict[str, str]:
    root = home(directory)
    url = f"http://127.0.0.1:{installation.ports['api']}"
    sections: dict[str, dict[str, object]] = {
        "CORE": {
            "DAGS_FOLDER": dags,
            "PLUGINS_FOLDER": REPOSITORY / "plugins",
            "LOAD_EXAMPLES": False,
            "DAGS_ARE_PAUSED_AT_CREATION": False,
            "EXECUTOR": "LocalExecutor",
            "PARALLELISM": 4,
            "FERNET_KEY": installation.fernet_key,
            "EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": passwords_file(directory),
            "TEST_CONNECTION": "Enabled",
            "MIN_SERIALIZED_DAG_UPDATE_INTERVAL": 5,
        },
        "DATABASE": {"SQL_ALCHEMY_CONN": f"sqlite:///{root / 'airflow.db'}"},
        "API": {
            "HOST": "127.0.0.1",
            "PORT": installation.ports["api"],
            "BASE_URL": url,
            "SECRET_KEY": installation.jwt_secret,
        },
        "API_AUTH": {"JWT_SECRET": installation.jwt_secret},
        "LOGGING": {
            "BASE_LOG_FOLDER": root / "logs",
            "WORKER_LOG_SERVER_PORT": installation.ports["worker_log"],
            "TRIGGER_LOG_SERVER_PORT": installation.ports["trigger_log"],
        },
        "SCHEDULER": {"SCHEDULER_HEARTBEAT_SEC": 1, "SCHEDULER_IDLE_SLEEP_TIME": 0.5},
        "DAG_PROCESSOR": {"REFRESH_INTERVAL": 10},
        "TRIGGERER": {"CAPACITY": 1000},
    }
    return {
        f"AIRFLOW__{section}__{name}": str(value)
        for section, options in sections.items()
        for name, value in options.items()
    }
