"""The simulator over HTTP: a thin application around the object."""

import json
from collections.abc import Callable, Iterable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from include.dimona_simulator.fault_plan import FaultPlan
from include.dimona_simulator.messages import Call
from include.dimona_simulator.sending import carry_out
from include.dimona_simulator.simulator import Simulator


def create_app(simulator: Simulator, more: Iterable[BaseRoute] = ()) -> Starlette:
    """Serve a simulator, its own pages under ``/simulator``, and *more* routes beside it."""
    pages = _Pages(simulator)
    own = [
        Route("/simulator/health", pages.health),
        Route("/simulator/journal", pages.journal),
        Route("/simulator/declarations", pages.declarations),
        Route("/simulator/faults", pages.faults, methods=["GET", "PUT"]),
    ]
    return Starlette(routes=[*own, *more, Mount("/", _Service(simulator))])


class _Pages:
    """What the simulator tells of itself."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "UP"})

    async def journal(self, request: Request) -> Response:
        return _since(request, self._simulator.journal_since)

    async def declarations(self, request: Request) -> Response:
        return _since(request, self._simulator.declarations_since)

    async def faults(self, request: Request) -> Response:
        if request.method == "PUT":
            try:
                self._simulator.faults.replace(FaultPlan.from_json(json.loads(await request.body())))
            except (ValueError, RecursionError) as error:
                return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(self._simulator.faults.as_json())


def _since(request: Request, tell: Callable[[int], dict[str, object]]) -> Response:
    since = request.query_params.get("since", "0")
    if not (since.isascii() and since.isdecimal() and len(since) <= 12):
        return JSONResponse({"error": "since is a number of entries"}, 400)
    return Response(json.dumps(tell(int(since))), media_type="application/json")


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
        await carry_out(self._simulator.answer(call), scope, receive, send)
