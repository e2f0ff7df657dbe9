"""The simulator over HTTP: a thin application around the object."""

import json
from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from include.dimona_simulator.messages import Call
from include.dimona_simulator.simulator import Simulator


def create_app(simulator: Simulator, more: Iterable[BaseRoute] = ()) -> Starlette:
    """Serve a simulator, its own pages under ``/simulator``, and *more* routes beside it."""

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "UP"})

    async def journal(request: Request) -> Response:
        since = request.query_params.get("since", "0")
        if not (since.isascii() and since.isdecimal() and len(since) <= 12):
            return JSONResponse({"error": "since is a number of entries"}, 400)
        return Response(json.dumps(simulator.journal_since(int(since))), media_type="application/json")

    own = [Route("/simulator/health", health), Route("/simulator/journal", journal)]
    return Starlette(routes=[*own, *more, Mount("/", _Service(simulator))])


class _Service:
    """The NSSO's own paths, as an ASGI application."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        headers = dict(request.headers)
        origin = f"{scope['scheme']}://{headers.get('host', '')}"
        query = scope["query_string"].decode("latin-1")
        call = Call(scope["method"], origin, scope["path"], query, headers, await request.body())
        reply = self._simulator.answer(call)
        await Response(reply.body, reply.status, dict(reply.headers))(scope, receive, send)
