"""The simulated NSSO in process, and our client in front of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dimona_provider.api.settings import Settings
from include.dimona_simulator.settings import Settings as SimulatorSettings
from include.dimona_simulator.simulator import Simulator

CLIENT_ID = "self_service_chaman_000000_tests"
BASE_URL = "http://127.0.0.1:9/REST/dimona/v2"
TOKEN_URL = "http://127.0.0.1:9/REST/oauth/v5/token"


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | None = None) -> str:
    return (
        (key or private_key())
        .private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        .decode()
    )


def settings(**extra: object) -> Settings:
    return Settings.read(
        "dimona_default",
        login=CLIENT_ID,
        host=BASE_URL,
        extra={"environment": "custom", "token_url": TOKEN_URL, "private_key": pem(), **extra},
    )


def simulator(clock: Callable[[], float], folder: Path | None = None, **changes: object) -> Simulator:
    return Simulator(
        {CLIENT_ID: private_key().public_key()}, SimulatorSettings(**changes), clock=clock, folder=folder
    )


class Wire(httpx.AsyncBaseTransport):
    """
    The line between client and simulator, where tests cut.

    *faults* are taken one for each POST of a declaration: an exception to raise before or after the simulator
    got it (``("after", error)``), or a response to give instead.
    """

    def __init__(self, nsso: Simulator) -> None:
        self.nsso = nsso
        self.faults: list[object] = []
        self.get_faults: list[object] = []
        self.search_faults: list[object] = []
        self.token_faults: list[object] = []
        self.posts = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        faults = self._faults(request)
        fault = faults.pop(0) if faults else None
        match fault:
            case None:
                return self.nsso.handle(request)
            case ("after", Exception() as error):
                self.nsso.handle(request)
                raise error
            case ("after", httpx.Response() as response):
                self.nsso.handle(request)
                return response
            case Exception() as error:
                raise error
            case httpx.Response() as response:
                return response
        raise AssertionError(f"no such fault: {fault!r}")

    def _faults(self, request: httpx.Request) -> list[object]:
        if request.url.path.endswith("/token"):
            return self.token_faults
        if request.method == "POST" and request.url.path.endswith("/declarations"):
            self.posts += 1
            return self.faults
        return self.search_faults if request.method == "POST" else self.get_faults
