"""The simulated NSSO over real HTTP, on a port of its own, and the connection that leads to it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from include.dimona_simulator import Settings, Simulator
from include.dimona_simulator.app import create_app
from include.dimona_simulator.journal import JournalEntry
from include.dimona_simulator.settings import Timing
from support.nsso import CLIENT_ID, pem, private_key

A = TypeVar("A", bound=ASGIApp)
AT_ONCE = Timing(low=0, high=0, tail_share=0)


@dataclass(slots=True)
class Served:
    """A simulator that listens; ``start_anew`` gives the next test one that knows nothing."""

    url: str
    more: list[BaseRoute]
    simulator: Simulator = field(init=False)
    app: Starlette = field(init=False)
    faults: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """Statuses that take the place of answers: by method and end of the path, one for each request."""
    before: dict[tuple[str, str], Callable[[], None]] = field(default_factory=dict)
    """What happens before a request is answered, by method and end of the path."""

    def __post_init__(self) -> None:
        self.start_anew()

    def start_anew(self, **changes: Any) -> None:
        """Forget every declaration, request and fault."""
        self.simulator = new_simulator(**changes)
        self.app = create_app(self.simulator, self.more)
        self.faults.clear()
        self.before.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as an ASGI application."""
        status = self._fault(scope["method"], scope["path"])
        if status is None:
            await self.app(scope, receive, send)
        else:
            await Response(status_code=status)(scope, receive, send)

    @property
    def base_url(self) -> str:
        return f"{self.url}/REST/dimona/v2"

    def connection(self, **extra: Any) -> dict[str, Any]:
        """Give the connection as the value of an environment variable, before it becomes JSON."""
        return {
            "conn_type": "dimona",
            "login": CLIENT_ID,
            "host": self.base_url,
            "extra": {
                "environment": "custom",
                "token_url": f"{self.url}/REST/oauth/v5/token",
                "private_key": pem(),
                "requests_per_second": 4000,
                **extra,
            },
        }

    def requests(self, method: str, ending: str) -> list[JournalEntry]:
        """Give what the journal holds of this method on paths with this ending."""
        return [
            entry
            for entry in self.simulator.journal
            if entry.method == method and entry.path.endswith(ending)
        ]

    @property
    def posts(self) -> list[JournalEntry]:
        """Give the declarations that were sent."""
        return self.requests("POST", "/declarations")

    @property
    def looks(self) -> list[JournalEntry]:
        """Give the GETs of declarations."""
        return [entry for entry in self.simulator.journal if entry.method == "GET"]

    @property
    def token_requests(self) -> list[JournalEntry]:
        """Give the requests for a token."""
        return self.requests("POST", "/token")

    def answer_with(self, method: str, ending: str, *statuses: int) -> None:
        """Answer the next requests with *statuses*; the simulator never sees them."""
        self.faults[method, ending] = list(statuses)

    def _fault(self, method: str, path: str) -> int | None:
        for (wanted, ending), hook in list(self.before.items()):
            if wanted == method and path.endswith(ending):
                hook()
        for (wanted, ending), statuses in self.faults.items():
            if wanted == method and path.endswith(ending) and statuses:
                return statuses.pop(0)
        return None


def new_simulator(**changes: Any) -> Simulator:
    """Give a simulator whose answers are there at once."""
    return Simulator({CLIENT_ID: private_key().public_key()}, Settings(**{"timing": AT_ONCE, **changes}))


@contextmanager
def listening(make: Callable[[str], A]) -> Iterator[A]:
    """Serve the ASGI application that *make* gives for its own URL, until the block ends."""
    socket_ = socket.create_server(("127.0.0.1", 0), backlog=256)
    socket_.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    app = make(f"http://127.0.0.1:{socket_.getsockname()[1]}")
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        lifespan="off",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([socket_],))
    thread.start()
    try:
        yield app
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def serve(more: Iterable[BaseRoute] = ()) -> Iterator[Served]:
    """Serve a simulator until the block ends."""
    routes = list(more)
    with listening(lambda url: Served(url, routes)) as served:
        yield served


def closed_port() -> int:
    """Give a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def as_environment(connection: dict[str, Any]) -> str:
    """Give a connection in the form that Airflow reads from an environment variable."""
    return json.dumps(connection)
