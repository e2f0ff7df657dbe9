"""Which NSSO the demo files with: the simulator's, or a server named by the caller. Never the real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx

from include.demo.environment import process
from include.demo.errors import DemoError

DIMONA = "AIRFLOW_CONN_DIMONA_DEFAULT"
LEDGER = "AIRFLOW_CONN_DIMONA_LEDGER"
PAYROLL = "AIRFLOW_CONN_PAYROLL_DEFAULT"
_CHOSEN = (DIMONA, LEDGER)
"""Those that the caller may give."""
CLIENT_ID = "self_service_chaman_000000_demo"
_NSSO = "socialsecurity.be"
_UNREADABLE = f"{DIMONA} can't be read: neither a JSON object nor a URI of an Airflow connection"


def check(text: str) -> str:
    """
    Return the base URL of the caller's connection, read as the components will read it.

    ``DemoError``, which never repeats the connection (it may hold a key), unless it is a usable Dimona
    connection with a harmless server. Imports Airflow, which reads its environment when it is.
    """
    from dimona_provider.api.settings import Settings  # noqa: PLC0415
    from dimona_provider.errors import ConfigurationError  # noqa: PLC0415

    conn_type, login, host, extra = _read(text)
    if conn_type != "dimona":
        raise DemoError(f"{DIMONA} must have conn_type dimona")
    environment = str(extra.get("environment") or "simulation").strip().lower()
    _refuse_the_nsso(environment, host, extra.get("token_url"))
    key = extra.get("private_key_path")
    if key and not (isinstance(key, str) and Path(key).is_absolute() and Path(key).is_file()):
        raise DemoError(f"{DIMONA}: private_key_path must be the absolute path of a file")
    try:
        settings = Settings.read("dimona_default", login=login, host=host, extra=extra)
    except ConfigurationError as error:
        raise DemoError(f"{DIMONA}: {error}") from None
    _refuse_the_nsso(settings.environment, settings.base_url, settings.token_url)
    return settings.base_url


def check_apart(text: str, caller: Mapping[str, str]) -> None:
    """Do as ``check`` in a process of its own: Airflow must not read its environment in this one yet."""
    with tempfile.TemporaryDirectory(prefix="dimona-demo-") as home:
        done = subprocess.run(
            [sys.executable, "-m", "include.demo.connections"],
            env=process(Path(home), caller) | {DIMONA: text},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        said = done.stdout.strip().splitlines()
        raise DemoError(said[-1] if said and said[-1].startswith(DIMONA) else _UNREADABLE)


def _read(text: str) -> tuple[str | None, str | None, str | None, dict[str, Any]]:
    """Return type, login, host and extra as Airflow understands them."""
    from airflow.sdk import Connection  # noqa: PLC0415
    from airflow.sdk.exceptions import AirflowException  # noqa: PLC0415

    text = text.strip()  # as Airflow does, and likewise a brace means JSON
    try:
        if text.startswith("{"):
            connection = Connection.from_json(text, conn_id="dimona_default")
        else:
            connection = Connection.from_uri(text, conn_id="dimona_default")
        extra = json.loads(connection.extra or "{}")
    except (AirflowException, ValueError, TypeError, AttributeError):
        raise DemoError(_UNREADABLE) from None
    if not connection.conn_type or not isinstance(extra, dict):
        raise DemoError(_UNREADABLE)
    if not all(isinstance(value, str | None) for value in (connection.login, connection.host)):
        raise DemoError(f"{DIMONA}: login and host must be text")
    return connection.conn_type, connection.login, connection.host, extra


def _refuse_the_nsso(environment: str, *urls: Any) -> None:
    # Its simulation too: that is a real system, and the demo's people are invented.
    if environment in {"production", "simulation"} or any(map(_is_nsso, urls)):
        which = f" ({environment})" if environment in {"production", "simulation"} else ""
        raise DemoError(
            f"{DIMONA} leads to the NSSO itself{which}: the demo's people are invented, nothing was started"
        )


def _is_nsso(url: Any) -> bool:
    if not isinstance(url, str):
        return False
    try:
        # What the client makes of it: raw_host is the name that goes to DNS, with any dots as plain ones.
        host = unquote(httpx.URL(url.strip()).raw_host.decode("ascii")).lower().rstrip(".")
    except httpx.InvalidURL:
        return False  # the client can't open it either
    return host == _NSSO or host.endswith(f".{_NSSO}")


def for_components(ports: Mapping[str, int], private_key: Path, caller: Mapping[str, str]) -> dict[str, str]:
    """Return the connections for every component; those that the caller gives win."""
    simulator = f"http://127.0.0.1:{ports['simulator']}"
    dimona = {
        "conn_type": "dimona",
        "host": f"{simulator}/REST/dimona/v2",
        "login": CLIENT_ID,
        "extra": {
            "environment": "custom",
            "token_url": f"{simulator}/REST/oauth/v5/token",
            "private_key_path": str(private_key),
            "requests_per_second": 100,
        },
    }
    made = {DIMONA: json.dumps(dimona), PAYROLL: json.dumps({"conn_type": "http", "host": simulator})}
    return made | given(caller)


def given(caller: Mapping[str, str]) -> dict[str, str]:
    """Return the connections that the caller gives."""
    return {name: caller[name] for name in _CHOSEN if caller.get(name)}


def main() -> int:
    """Check the connection in the environment; the last line on stdout says what is wrong with it."""
    try:
        check(os.environ[DIMONA])
    except DemoError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
