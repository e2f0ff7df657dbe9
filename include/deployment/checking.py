"""Refuses to start a deployment whose secrets are missing, don't fit together, or are the example's."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
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
    known = sorted(name for name in SECRETS if contents[name] == _example(name))
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
            contents[name] = (folder / name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            problems.append(f"{name} can't be read ({type(error).__name__})")
        else:
            if not contents[name]:
                problems.append(f"{name} is empty")
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
    return found


def _check_passwords(contents: dict[str, str], connections: dict[str, dict[str, Any]]) -> None:
    ledger = connections["dimona_ledger"]
    if ledger.get("host") == "postgres" and ledger.get("password") != contents["ledger_password"]:
        raise DeploymentError(f"the password of dimona_ledger in {CONNECTIONS} is not ledger_password")
    # They become part of addresses and of SQL.
    odd = [name for name in _IN_ADDRESSES if not _is_plain(contents[name])]
    if odd:
        raise DeploymentError(f"only ASCII letters, digits, - and _ may be in {', '.join(odd)}")
    if "PRIVATE KEY" not in contents[PRIVATE_KEY] and contents[PRIVATE_KEY] != _example(PRIVATE_KEY):
        raise DeploymentError(f"{PRIVATE_KEY} is no private key in PEM form")


def _is_plain(text: str) -> bool:
    return text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def _leading_elsewhere(connections: dict[str, dict[str, Any]]) -> Iterator[str]:
    for conn_id, connection in connections.items():
        if connection.get("conn_type") != "dimona":
            continue
        host = urlsplit(str(connection.get("host") or "")).hostname
        extra = connection.get("extra_dejson")
        environment = extra.get("environment") if isinstance(extra, dict) else None
        if host != SIMULATOR or environment != "custom":
            yield conn_id
