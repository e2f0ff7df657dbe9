"""What a stack keeps between starts in its directory, readable by its owner only: ports and secrets."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

from include.demo.errors import DemoError

USER = "admin"
# Below the range that the kernel hands out to outgoing connections, so that a port stays free over a restart.
_PORTS = range(20_000, 32_000)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; it holds the old or the new text, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    draft.replace(path)


@dataclass(frozen=True, slots=True)
class Installation:
    """The made-once facts of one stack. The secrets stay out of the ``repr``."""

    ports: Mapping[str, int]
    fernet_key: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    password: str = field(repr=False)

    @classmethod
    def open(cls, directory: Path, names: Iterable[str], held: Collection[str] = ()) -> Self:
        """
        Read the installation in *directory*, or make it.

        Each of *names* gets a port. A kept port is replaced when somebody else listens on it; not those
        in *held*, whose listener is our own.
        """
        path = directory / "installation.json"
        known = cls._read(path) if path.exists() else cls._new()
        ports = dict(known.ports)
        for name in names:
            if name not in ports or (name not in held and not _is_free(ports[name])):
                ports[name] = _free_port(taken=ports.values())
        current = replace(known, ports=ports)
        write_private(path, json.dumps(asdict(current), indent=2))
        return current

    @classmethod
    def _read(cls, path: Path) -> Self:
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            message = f"{path} is damaged; run `make down` and remove its directory"
            raise DemoError(message) from None

    @classmethod
    def _new(cls) -> Self:
        fernet_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        return cls({}, fernet_key, secrets.token_urlsafe(48), secrets.token_urlsafe(12))


def _is_free(port: int) -> bool:
    # On all addresses: Airflow's log servers listen there.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


def _free_port(taken: Collection[int]) -> int:
    for _ in range(200):
        port = secrets.choice(_PORTS)
        if port not in taken and _is_free(port):
            return port
    message = f"no free port between {_PORTS.start} and {_PORTS.stop}"
    raise DemoError(message)
