"""The simulated service: one object that answers requests, with a clock and a seed of its own."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from include.dimona_simulator import truth
from include.dimona_simulator.failing import NOT_HANDLED, Answering, fail
from include.dimona_simulator.fault_counts import Choice, Faults
from include.dimona_simulator.fault_plan import Rule
from include.dimona_simulator.faults import Fault
from include.dimona_simulator.journal import Journal, JournalEntry
from include.dimona_simulator.messages import Call, Reply
from include.dimona_simulator.oauth import Authority
from include.dimona_simulator.problems import Refusal
from include.dimona_simulator.recording import entry
from include.dimona_simulator.register import Register
from include.dimona_simulator.routes import Route, find
from include.dimona_simulator.service import Service
from include.dimona_simulator.settings import Settings
from include.dimona_simulator.storage import Lines, declarations
from include.dimona_simulator.transport import Pause, Sleep, Transport

Keys = str | RSAPublicKey | Sequence[str | RSAPublicKey]
"""A client's public keys, or one: PEM text, of a key or of a certificate, or key objects."""


class Simulator:
    """
    Answer requests as the NSSO would.

    *clients* maps client ids to their public keys. *clock* gives epoch seconds. With a
    *folder*, the declarations and the journal are kept there and known again at the next start. Threads may
    share a simulator.
    """

    def __init__(
        self,
        clients: Mapping[str, Keys],
        settings: Settings | None = None,
        *,
        clock: Callable[[], float] = time.time,
        folder: Path | None = None,
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        settings = settings or Settings()
        self._register = Register(settings)
        store = Lines(folder / truth.FILE) if folder else None
        if store is not None:
            for declaration in declarations(store):
                self._register.add(declaration)
        self._store = store
        self._journal = Journal(folder)
        self._faults = Faults(settings.faults, self._journal.entries)
        self._authority = Authority(settings, {client: _keys(keys) for client, keys in clients.items()})
        self._service = Service(settings, self._register, self._authority, store)

    @property
    def faults(self) -> Faults:
        """Give what goes wrong on purpose: its plan, which can be replaced, and how often it went wrong."""
        return self._faults

    @property
    def journal(self) -> list[JournalEntry]:
        """Give the API requests so far, oldest first."""
        return list(self._journal.entries)

    def register(self, client: str, keys: Keys) -> None:
        """From now on take these keys of *client* and no others, as after an upload at the NSSO."""
        read = _keys(keys)
        with self._lock:
            self._authority.register(client, read)

    def journal_since(self, number: int) -> dict[str, object]:
        """Give the journal after its first *number* entries, as JSON."""
        return self._journal.since(number)

    def declarations_since(self, number: int) -> dict[str, object]:
        """Give the declarations after the first *number*, without persons, as JSON (``truth.Taken``)."""
        with self._lock:
            found = self._register.declarations_since(number)
            return truth.as_json(found, self._clock(), self._register.size)

    def answer(self, call: Call) -> Answering:
        """
        Answer one request.

        Every request, in process or over HTTP, passes here and nowhere else: what is to go wrong on purpose
        goes wrong here. What carried the request carries out the answer.
        """
        with self._lock:
            now = self._clock()
            route = find(call.path)
            choice = self._choose(call, now)
            handled = self._handle(call, route, now, choice.rule if choice else None)
            answering = (choice and fail(choice.rule, call, handled)) or Answering(handled)
            if choice and answering.fault:
                self._faults.count(choice)
            self._journal.write(
                entry(call, route, self._register, now=now, handled=handled, answering=answering)
            )
        return answering

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer an httpx request, in process."""
        return self.transport().handle_request(request)

    def transport(self, sleep: Sleep = asyncio.sleep, pause: Pause = time.sleep) -> Transport:
        """Give a transport for ``httpx.AsyncClient``, which waits by *sleep*, and ``Client``, by *pause*."""
        return Transport(self.answer, self._clock, sleep, pause)

    def close(self) -> None:
        """Close the files."""
        self._journal.close()
        if self._store is not None:
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _choose(self, call: Call, now: float) -> Choice | None:
        choice = self._faults.choose(call.method, call.path)
        if choice and choice.rule.fault is Fault.EXPIRED_TOKEN and not self._authority.expire(call, now):
            return None
        return choice

    def _handle(self, call: Call, route: Route, now: float, rule: Rule | None) -> Reply | None:
        if rule and rule.fault in NOT_HANDLED:
            return None
        lag = rule.seconds if rule and rule.fault is Fault.SEARCH_LAG else None
        try:
            return self._service.answer(call, route, now, lag or 0.0)
        except Refusal as refusal:
            return refusal.reply


def _keys(given: Keys) -> list[RSAPublicKey]:
    return [_key(one) for one in ([given] if isinstance(given, str | RSAPublicKey) else given)]


def _key(given: str | RSAPublicKey) -> RSAPublicKey:
    """Read a public key, or the one in a certificate, which is what a client uploads at the NSSO."""
    if isinstance(given, RSAPublicKey):
        return given
    is_certificate = "BEGIN CERTIFICATE" in given
    read = load_pem_x509_certificate(given.encode()).public_key if is_certificate else None
    loaded = read() if read else load_pem_public_key(given.encode())
    if not isinstance(loaded, RSAPublicKey):
        raise TypeError("the public key of a client is not an RSA key")
    return loaded
