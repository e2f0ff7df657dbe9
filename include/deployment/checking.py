"""Refuses to start a deployment whose secrets are missing, don't fit together, or are the example's."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from include.deployment.errors import DeploymentError
from include.deployment.places import (
    AUTHORITIES,
    CONNECTIONS,
    DEMO_KEYS,
    EXAMPLE,
    PORT,
    PRIVATE_KEY,
    SECRETS,
    SIMULATOR,
)

_IN_ADDRESSES = ("metadata_password", "ledger_password", "redis_password")
_IN_COMMANDS = ("jwt_secret", "session_secret")
_FILES = (CONNECTIONS, PRIVATE_KEY)
_FIELDS = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra", "extra_dejson")
"""What a connection may consist of; Airflow would take a URI, too, which nothing here looks into."""
_TEXTS = ("conn_type", "description", "host", "login", "password", "schema")


def check(folder: Path, authorities: str | None, simulator_answers: Callable[[], bool]) -> bool:
    """
    Return whether this is the demo; DeploymentError, which repeats no secret, unless it may start.

    *authorities* is ``SSL_CERT_FILE``. One value of the example is enough to be the demo, and the demo starts
    only where the simulator runs and every connection of type dimona leads to it: what everybody knows
    protects nobody, and invented people are not declared to the NSSO.
    """
    contents = _read(folder)
    connections = _connections(contents[CONNECTIONS])
    _check_passwords(contents, connections)
    everybodys = {_example(name) for name in SECRETS}
    known = sorted(name for name in SECRETS if contents[name] in everybodys)
    if authorities == str(DEMO_KEYS / AUTHORITIES):
        known.append("DIMONA_AUTHORITIES")
    if not known:
        return False
    if not simulator_answers():
        raise DeploymentError(
            f"these are the example's: {', '.join(known)}. "
            "For the demo start with --profile demo; for anything else make your own: docs/deployment.md"
        )
    for conn_id in _leading_elsewhere(connections):
        raise DeploymentError(
            f"{conn_id} leads to another service than the simulator, with the example's {', '.join(known)}"
        )
    return True


def check_options(environment: Mapping[str, str]) -> None:
    """
    Refuse options that would stand before secrets of docker-compose.yaml; DeploymentError names them.

    Airflow takes a value rather than the command that prints it, and a value shows in ``docker inspect``.
    """
    known = [name.removesuffix("_CMD") for name in environment if name.endswith("_CMD")]
    given = sorted(name for name in known if {name, f"{name}_SECRET"} & environment.keys())
    if given:
        raise DeploymentError(f"these come from the folder of secrets, and no option may: {', '.join(given)}")


def simulator_answers() -> bool:
    """Tell whether the demo's simulator is in this network."""
    try:
        with socket.create_connection((SIMULATOR, PORT), timeout=5):
            return True
    except OSError:
        return False


def _read(folder: Path) -> dict[str, str]:
    contents: dict[str, str] = {}
    problems = []
    for name in SECRETS:
        try:
            text = (folder / name).read_bytes().decode()
        except (OSError, ValueError) as error:
            is_closed = isinstance(error, PermissionError)
            advice = ": chmod 444, for containers have users of their own" if is_closed else ""
            problems.append(f"{name} can't be read ({type(error).__name__}){advice}")
            continue
        contents[name] = text.strip()
        if not contents[name]:
            problems.append(f"{name} is empty")
        elif name not in _FILES and (text.rstrip("\n") != contents[name] or not contents[name].isprintable()):
            # Who reads it with a shell, and who with Python, would take it for two values.
            problems.append(f"{name} must be one line, without spaces around it and CR at its end")
    if problems:
        raise DeploymentError("secrets: " + "; ".join(problems))
    return contents


def _example(name: str) -> str:
    return (EXAMPLE / name).read_text(encoding="utf-8").strip()


def _connections(text: str) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError:
        raise DeploymentError(f"{CONNECTIONS} is no JSON") from None
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise DeploymentError(f"{CONNECTIONS} must be an object of connections by their ids")
    missing = sorted({"dimona_default", "dimona_ledger"} - set(found))
    if missing:
        raise DeploymentError(f"{CONNECTIONS} lacks {', '.join(missing)}")
    for conn_id, connection in found.items():
        if (problem := _problem(connection)) is not None:
            # Airflow would read none of the file, and say nothing: the ledger would be sought elsewhere.
            raise DeploymentError(f"{conn_id} in {CONNECTIONS}: {problem}")
    return found


def _problem(connection: dict[str, Any]) -> str | None:
    """Return why Airflow could not make a connection of this, or None."""
    if unknown := sorted(set(connection) - set(_FIELDS)):
        return f"there is no field {', '.join(unknown)}; there are {', '.join(_FIELDS)}"
    if "extra" in connection and "extra_dejson" in connection:
        return "there must be one of extra and extra_dejson"
    if odd := [name for name in _TEXTS if not isinstance(connection.get(name, ""), str | None)]:
        return f"{', '.join(odd)} must be text"
    if not isinstance(connection.get("port"), int | None):
        return "port must be a number"
    if not isinstance(connection.get("extra_dejson", {}), dict) or _extra(connection) is None:
        return "extra_dejson must be an object"
    return None


def _extra(connection: dict[str, Any]) -> dict[str, Any] | None:
    """Return the extra of a connection, however it is written; None for what is none."""
    found = connection.get("extra_dejson", connection.get("extra")) or {}
    try:
        extra = json.loads(found) if isinstance(found, str) else found
    except ValueError:
        return None
    return extra if isinstance(extra, dict) else None


def _check_passwords(contents: dict[str, str], connections: dict[str, dict[str, Any]]) -> None:
    ledger = connections["dimona_ledger"]
    if ledger.get("host") == "postgres" and ledger.get("password") != contents["ledger_password"]:
        raise DeploymentError(f"the password of dimona_ledger in {CONNECTIONS} is not ledger_password")
    # They become part of addresses and of SQL.
    odd = [name for name in _IN_ADDRESSES if not _is_plain(contents[name])]
    if odd:
        raise DeploymentError(f"only ASCII letters, digits, - and _ may be in {', '.join(odd)}")
    if odd := [name for name in _IN_COMMANDS if set(contents[name]) & set(" *?[\\")]:
        raise DeploymentError(f"no space and none of * ? [ \\ may be in {', '.join(odd)}")
    # The first encrypts; those after it are older ones, which still decrypt.
    if not all(map(_is_fernet_key, contents["fernet_key"].split(","))):
        # With another one Airflow reads no connection at all, and says nothing.
        raise DeploymentError("fernet_key must be 32 bytes in URL-safe base64")
    if "PRIVATE KEY" not in contents[PRIVATE_KEY] and contents[PRIVATE_KEY] != _example(PRIVATE_KEY):
        raise DeploymentError(f"{PRIVATE_KEY} is no private key in PEM form")


def _is_fernet_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, altchars=b"-_", validate=True)) == 32
    except ValueError:
        return False


def _is_plain(text: str) -> bool:
    return text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def _leading_elsewhere(connections: dict[str, dict[str, Any]]) -> Iterator[str]:
    for conn_id, connection in connections.items():
        # The hook asks for no type.
        if connection.get("conn_type") != "dimona" and conn_id != "dimona_default":
            continue
        environment = (_extra(connection) or {}).get("environment")
        if _host(connection) != SIMULATOR or environment != "custom":
            yield conn_id


def _host(connection: dict[str, Any]) -> str | None:
    try:
        return urlsplit(connection.get("host") or "").hostname
    except ValueError:
        return None
