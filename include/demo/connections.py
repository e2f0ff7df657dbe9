"""Which NSSO the demo files with: the simulator's, or a server named by the caller. Never the real one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from include.demo.errors import DemoError

DIMONA = "AIRFLOW_CONN_DIMONA_DEFAULT"
LEDGER = "AIRFLOW_CONN_DIMONA_LEDGER"
PAYROLL = "AIRFLOW_CONN_PAYROLL_DEFAULT"
CLIENT_ID = "self_service_chaman_000000_demo"
_HARMLESS = frozenset({"simulation", "custom"})
_REAL_NSSO = "services.socialsecurity.be"


@dataclass(frozen=True, slots=True)
class Target:
    """What the demo must know of a connection; read from Airflow's JSON or URI form."""

    conn_type: str
    host: str
    extra: Mapping[str, Any]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a connection; ``DemoError``, which never repeats it (it may hold a key), when that fails."""
        try:
            return cls._from_json(text) if text.lstrip().startswith("{") else cls._from_uri(text)
        except (ValueError, TypeError, AttributeError):
            message = f"{DIMONA} can't be read: neither a JSON object nor a URI of an Airflow connection"
            raise DemoError(message) from None

    @classmethod
    def _from_json(cls, text: str) -> Self:
        data = json.loads(text)
        extra = data.get("extra") or {}
        extra = json.loads(extra) if isinstance(extra, str) else extra
        return cls(data.get("conn_type") or "", data.get("host") or "", dict(extra))

    @classmethod
    def _from_uri(cls, text: str) -> Self:
        parts = urlsplit(text.strip())
        if not parts.scheme:
            raise ValueError("no connection type")
        extra = dict(parse_qsl(parts.query))
        if "__extra__" in extra:
            extra = dict(json.loads(extra["__extra__"]))
        return cls(parts.scheme, unquote(parts.hostname or ""), extra)


def check(text: str) -> Target:
    """Read the caller's connection; ``DemoError`` unless it is a Dimona connection with a harmless server."""
    target = Target.parse(text)
    environment = target.extra.get("environment") or "simulation"
    if target.conn_type != "dimona":
        raise DemoError(f"{DIMONA} must have conn_type dimona")
    if str(environment).strip().lower() == "production" or _REAL_NSSO in target.host.lower():
        raise DemoError(f"{DIMONA} leads to production: the demo's people are invented, nothing was started")
    if environment not in _HARMLESS:
        raise DemoError(f"{DIMONA} must have environment simulation or custom")
    key = target.extra.get("private_key_path")
    if key and not (Path(key).is_absolute() and Path(key).is_file()):
        raise DemoError(f"{DIMONA}: private_key_path must be the absolute path of a file")
    return target


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
    return made | {name: caller[name] for name in (DIMONA, LEDGER) if caller.get(name)}
