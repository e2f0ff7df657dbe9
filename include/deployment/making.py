"""Makes a folder of secrets for a deployment of one's own. Needs Python alone: any machine can do it."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path
from typing import Any

from include.deployment.errors import DeploymentError
from include.deployment.places import CONNECTIONS, KEYS, MOUNTED, PASSWORDS, PRIVATE_KEY


def make_secrets(folder: Path, client_id: str, private_key: Path) -> None:
    """
    Write new random secrets, the connections and a copy of *private_key* into the new *folder*.

    The folder is its owner's alone; the files in it can be read by all, because each container reads them
    as a user of its own. DeploymentError when the folder is there already or the key can't be read.
    """
    if not client_id.strip() or private_key == Path():
        raise DeploymentError("say CLIENT_ID=… and PRIVATE_KEY=…: what Chaman shows, and the key's file")
    try:
        key = private_key.expanduser().read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise DeploymentError(f"{private_key} can't be read ({type(error).__name__})") from None
    made = {name: secrets.token_hex(24) for name in PASSWORDS}
    made |= {
        "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "jwt_secret": secrets.token_hex(32),
        "session_secret": secrets.token_hex(32),
        CONNECTIONS: json.dumps(_connections(client_id, made["ledger_password"]), indent=2) + "\n",
        PRIVATE_KEY: key,
    }
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise DeploymentError(f"{folder} is there already, and secrets are never overwritten") from None
    for name, text in made.items():
        file = folder / name
        file.write_text(text, encoding="utf-8")
        file.chmod(0o444)


def _connections(client_id: str, ledger_password: str) -> dict[str, dict[str, Any]]:
    """Return the connections in the form of Airflow's LocalFilesystemBackend."""
    return {
        "dimona_default": {
            "conn_type": "dimona",
            "login": client_id,
            "extra_dejson": {
                "environment": "simulation",
                "private_key_path": str(MOUNTED / PRIVATE_KEY),
                "requests_per_second": 20,
            },
        },
        "dimona_ledger": {
            "conn_type": "postgres",
            "host": "postgres",
            "port": 5432,
            "schema": "ledger",
            "login": "ledger",
            "password": ledger_password,
            "extra_dejson": {"key_file": str(KEYS / "ledger-keys.json")},
        },
        "payroll_default": {"conn_type": "http", "host": "https://payroll.example"},
    }
