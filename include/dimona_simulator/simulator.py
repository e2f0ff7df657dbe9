"""The simulated service: one object that answers requests, with a clock and a seed of its own."""

import threading
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from include.dimona_simulator.journal import Journal, JournalEntry
from include.dimona_simulator.messages import Call, Reply
from include.dimona_simulator.oauth import Authority
from include.dimona_simulator.problems import Refusal
from include.dimona_simulator.register import Register
from include.dimona_simulator.routes import Resource, Route, find
from include.dimona_simulator.service import Service
from include.dimona_simulator.settings import Settings
from include.dimona_simulator.storage import Lines, declarations

DECLARATIONS = "declarations.jsonl"
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class Simulator:
    """
    Answer requests as the NSSO would.

    *clients* maps client ids to public keys (PEM text or key). *clock* gives epoch seconds. With a
    *folder*, the declarations and the journal are kept there and known again at the next start. Threads may
    share a simulator.
    """

    def __init__(
        self,
        clients: Mapping[str, str | RSAPublicKey],
        settings: Settings | None = None,
        *,
        clock: Callable[[], float] = time.time,
        folder: Path | None = None,
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        settings = settings or Settings()
        self._register = Register(settings)
        store = Lines(folder / DECLARATIONS) if folder else None
        if store is not None:
            for declaration in declarations(store):
                self._register.add(declaration)
        self._store = store
        self._journal = Journal(folder)
        self._service = Service(settings, self._register, Authority(settings, _keys(clients)), store)

    @property
    def journal(self) -> list[JournalEntry]:
        """Give the API requests so far, oldest first."""
        return list(self._journal.entries)

    def journal_since(self, number: int) -> dict[str, object]:
        """Give the journal after its first *number* entries, as JSON."""
        return self._journal.since(number)

    def answer(self, call: Call) -> Reply:
        """
        Answer one request.

        Every request, in process or over HTTP, passes here and nowhere else: what is to go wrong on purpose
        goes wrong here.
        """
        with self._lock:
            now = self._clock()
            route = find(call.path)
            try:
                reply = self._service.answer(call, route, now)
            except Refusal as refusal:
                reply = refusal.reply
            self._journal.write(self._entry(call, route, reply, now))
        return reply

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer an httpx request, in process."""
        url = urlsplit(str(request.url))
        headers = {name.lower(): value for name, value in request.headers.items()}
        origin = f"{url.scheme}://{url.netloc}"
        reply = self.answer(Call(request.method, origin, url.path, url.query, headers, request.content))
        dated = {"Date": formatdate(self._clock(), usegmt=True), **reply.headers}
        return httpx.Response(reply.status, headers=dated, content=reply.body)

    def transport(self) -> httpx.MockTransport:
        """Give a transport for ``httpx.Client`` and ``httpx.AsyncClient``."""
        return httpx.MockTransport(self.handle)

    def close(self) -> None:
        """Close the files."""
        self._journal.close()
        if self._store is not None:
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _entry(self, call: Call, route: Route, reply: Reply, now: float) -> JournalEntry:
        method = call.method if call.method in _METHODS else "OTHER"
        path, about = route.resource.template, None
        match route.resource:
            case Resource.DECLARATIONS if reply.status == 201:
                about = self._register.last
            case Resource.DECLARATION if route.number is not None:
                about = self._register.declaration(route.number)
                path = route.path if about else path
            case Resource.PERIOD if route.number is not None:
                path = route.path if self._register.period(route.number) else path
        age = now - about.filed_at if about and method == "GET" else None
        return JournalEntry(now, method, path, reply.status, about.id if about else None, age)


def _keys(clients: Mapping[str, str | RSAPublicKey]) -> dict[str, RSAPublicKey]:
    keys = {}
    for client, key in clients.items():
        loaded = load_pem_public_key(key.encode()) if isinstance(key, str) else key
        if not isinstance(loaded, RSAPublicKey):
            raise TypeError("the public key of a client is not an RSA key")
        keys[client] = loaded
    return keys
