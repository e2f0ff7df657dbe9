"""The simulator in process: an httpx transport that carries out what it answers."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from email.utils import formatdate
from urllib.parse import urlsplit

import httpx

from include.dimona_simulator.failing import Answering
from include.dimona_simulator.messages import Call

Sleep = Callable[[float], Awaitable[None]]
Pause = Callable[[float], None]


class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """
    Carry requests to *answer*, for ``httpx.Client`` and ``httpx.AsyncClient``.

    Delays are really waited for, by *sleep* in an ``AsyncClient`` and *pause* in a ``Client``. As on a
    socket, the client's read time-out cuts them short.
    """

    def __init__(
        self,
        answer: Callable[[Call], Answering],
        clock: Callable[[], float],
        sleep: Sleep = asyncio.sleep,
        pause: Pause = time.sleep,
    ) -> None:
        self._answer = answer
        self._clock = clock
        self._sleep = sleep
        self._pause = pause

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of a ``Client``."""
        request.read()
        answering = self._answer(_call(request))
        if answering.delay:
            _wait(request, answering.delay, self._pause)
        return self._response(request, answering)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an ``AsyncClient``."""
        await request.aread()
        answering = self._answer(_call(request))
        if answering.delay:
            await _await(request, answering.delay, self._sleep)
        return self._response(request, answering)

    def _response(self, request: httpx.Request, answering: Answering) -> httpx.Response:
        reply = answering.reply
        if reply is None:
            raise httpx.RemoteProtocolError(
                "Server disconnected without sending a response.", request=request
            )
        headers = {"Date": formatdate(self._clock(), usegmt=True), **reply.headers}
        if not answering.trickle:
            return httpx.Response(reply.status, headers=headers, content=reply.body)
        headers["Content-Length"] = str(len(reply.body))
        stream = _Trickle(request, answering, self._sleep, self._pause)
        return httpx.Response(reply.status, headers=headers, stream=stream)


class _Trickle(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes in pieces."""

    def __init__(self, request: httpx.Request, answering: Answering, sleep: Sleep, pause: Pause) -> None:
        self._request = request
        self._answering = answering
        self._sleep = sleep
        self._pause = pause

    def __iter__(self) -> Iterator[bytes]:
        for seconds, piece in self._answering.pieces():
            _wait(self._request, seconds, self._pause)
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for seconds, piece in self._answering.pieces():
            await _await(self._request, seconds, self._sleep)
            yield piece


def _wait(request: httpx.Request, seconds: float, pause: Pause) -> None:
    patience = _patience(request)
    pause(min(seconds, patience))
    if seconds > patience:
        raise httpx.ReadTimeout("The read operation timed out", request=request)


async def _await(request: httpx.Request, seconds: float, sleep: Sleep) -> None:
    patience = _patience(request)
    await sleep(min(seconds, patience))
    if seconds > patience:
        raise httpx.ReadTimeout("The read operation timed out", request=request)


def _patience(request: httpx.Request) -> float:
    read = request.extensions.get("timeout", {}).get("read")
    return float("inf") if read is None else float(read)


def _call(request: httpx.Request) -> Call:
    url = urlsplit(str(request.url))
    headers = {name.lower(): value for name, value in request.headers.items()}
    origin = f"{url.scheme}://{url.netloc}"
    return Call(request.method, origin, url.path, url.query, headers, request.content)
