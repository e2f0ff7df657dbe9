"""The process around the application: its socket, its files, its end."""

import logging
import socket
from collections.abc import Iterable
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.routing import BaseRoute

from include.dimona_simulator.app import create_app
from include.dimona_simulator.simulator import Simulator

PRIVATE_KEY, PUBLIC_KEY = "private_key.pem", "public_key.pem"
log = logging.getLogger("simulator")


class _Server(uvicorn.Server):
    """Tell when and where the server listens."""

    def __init__(self, config: uvicorn.Config, folder: Path) -> None:
        super().__init__(config)
        self._folder = folder

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in sockets or []:
            host, port = listening.getsockname()[:2]
            unfinished = self._folder / "port.new"
            unfinished.write_text(f"{port}\n")
            unfinished.replace(self._folder / "port")
            scheme = "https" if self.config.is_ssl else "http"
            log.info("simulator ready at %s://%s:%s", scheme, host, port)


def serve(
    simulator: Simulator,
    host: str,
    port: int,
    folder: Path,
    more: Iterable[BaseRoute] = (),
    *,
    certificate: tuple[Path, Path] | None = None,
) -> None:
    """
    Serve until SIGTERM or SIGINT; open connections are not waited for.

    Port 0 takes a free one; *folder*/port then holds its number. *certificate* and the key to it, PEM files,
    make it https.
    """
    listening = socket.create_server((host, port), backlog=2048)
    # Connections inherit it. Without, an answer's body waits 40 ms for the acknowledgement of its headers.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(
        create_app(simulator, more),
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        ssl_certfile=certificate and certificate[0],
        ssl_keyfile=certificate and certificate[1],
    )
    _Server(config, folder).run([listening])


def own_key(folder: Path) -> str:
    """Make a key pair in *folder* unless there is one; gives the public key, the private one stays there."""
    private, public = folder / PRIVATE_KEY, folder / PUBLIC_KEY
    if not public.exists():
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        private.touch(mode=0o600)
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        public.write_bytes(
            key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
    return public.read_text()
