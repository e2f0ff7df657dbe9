"""What commands of a shell need: a configuration in the AIRFLOW_HOME of the demo, with its connections."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping
from configparser import RawConfigParser
from pathlib import Path

from include.demo.connections import LEDGER
from include.demo.installation import write_private

_BACKEND = "airflow.secrets.local_filesystem.LocalFilesystemBackend"
_OPTION, _CONNECTION = "AIRFLOW__", "AIRFLOW_CONN_"


def configure(home: Path, environment: Mapping[str, str], given: Collection[str]) -> None:
    """
    Write down in *home* what the components get by *environment*.

    *given* are variables of the caller's own. They stay where they are: a connection may hold a key.
    """
    connections = {
        _id_of(name): json.loads(value)
        for name, value in environment.items()
        if name.startswith(_CONNECTION) and name not in given
    }
    if LEDGER not in environment:
        ledger = {"conn_type": "sqlite", "host": str(home / "dimona" / "ledger.db")}
        connections[_id_of(LEDGER)] = ledger
    file = home / "connections.json"
    write_private(file, json.dumps(connections, indent=2))
    config = RawConfigParser()
    for name, value in sorted(environment.items()):
        if name.startswith(_OPTION):
            section, option = name.removeprefix(_OPTION).lower().split("__", 1)
            _set(config, section, option, value)
    _set(config, "secrets", "backend", _BACKEND)
    _set(config, "secrets", "backend_kwargs", json.dumps({"connections_file_path": str(file)}))
    text = io.StringIO()
    config.write(text)
    write_private(home / "airflow.cfg", text.getvalue())


def _id_of(variable: str) -> str:
    return variable.removeprefix(_CONNECTION).lower()


def _set(config: RawConfigParser, section: str, option: str, value: str) -> None:
    if not config.has_section(section):
        config.add_section(section)
    config.set(section, option, value.replace("%", "%%"))  # Airflow puts variables in
