"""
The line between a real Airflow and a simulated NSSO: tests hold answers back there, and see all that passes.

The simulator keeps its journal and declarations in a folder, as the demo's own does.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Message, Receive, Scope, Send

from include.dimona_simulator import BASE_PATH, TOKEN_PATH, Simulator
from include.dimona_simulator.app import create_app
from include.dimona_simulator.messages import PROBLEM

_DECLARATIONS = f"{BASE_PATH}/declarations"
DENIED_TOKEN_PATH = "/denied/token"
"""A token endpoint that refuses everybody, and repeats what it was sent."""
_POLL = 0.05


@dataclass(slots=True)
class Gateway:
    """Passes requests on to *simulator*, as an ASGI application."""

    url: str
    simulator: Simulator
    more: Iterable[BaseRoute] = ()
    posts: list[dict[str, Any]] = field(default_factory=list)
    """The declarations that came in, whatever became of them."""
    secrets: set[str] = field(default_factory=set)
    """Access tokens that were given, and assertions that were shown for them."""
    echoes: dict[str, int] = field(default_factory=dict)
    """Workers (SSIN) whose declarations come back, whole, in the body of an error with this status."""
    garbles: Counter[str] = field(default_factory=Counter)
    """Workers (SSIN) whose answers are no answers: their declaration, whole; and how often that happens."""
    echoed: Counter[str] = field(default_factory=Counter)
    """What was echoed how often, in words."""
    refuses_payroll: bool = False
    """Payroll's export comes with the status of a refusal."""
    holds_posts: bool = False
    """The NSSO takes declarations, but its answers wait until this is False."""
    held: int = 0
    """POSTs whose answer waits now."""
    given_up: int = 0
    """POSTs whose sender went away before it had its answer."""
    hides_answers: bool = False
    """Every GET of a declaration says that there is no answer yet."""
    _app: Any = field(init=False)
    _garbled: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Path -> declaration."""

    def __post_init__(self) -> None:
        self._app = create_app(self.simulator, self.more)

    def connection(self, client_id: str, **extra: Any) -> dict[str, Any]:
        """Give a connection of type ``dimona``; *extra* has at least its private key, or the path of it."""
        return {
            "conn_type": "dimona",
            "login": client_id,
            "host": self.url + BASE_PATH,
            "extra": {
                "environment": "custom",
                "token_url": self.url + TOKEN_PATH,
                "requests_per_second": 200,
                **extra,
            },
        }

    def posts_by_worker(self) -> Counter[str]:
        """Count the declarations that came in, by the worker's SSIN."""
        return Counter(map(_worker, self.posts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await Request(scope, receive).body()
        if (scope["method"], scope["path"]) == ("POST", _DECLARATIONS):
            answer = await self._declare(scope, body)
            if self.holds_posts and not await self._hold(receive):
                return
        elif (reply := self._instead(scope, body)) is not None:
            answer = await _run(reply, scope, body)
        else:
            answer = await self._pass_on(scope, body)
        for message in answer:
            await send(message)

    def _instead(self, scope: Scope, body: bytes) -> Response | None:
        """Give what is answered instead of what the simulator would say."""
        method, path = scope["method"], scope["path"]
        if method == "GET" and path.startswith(_DECLARATIONS) and self.hides_answers:
            return Response('{"status":404}', 404, media_type=PROBLEM)
        if path == DENIED_TOKEN_PATH:
            self.echoed["denied token"] += 1
            self.secrets.update(parse_qs(body.decode()).get("client_assertion", []))
            reason = {"error": "invalid_client", "error_description": body.decode()}
            return Response(json.dumps(reason), 401, media_type="application/json")
        content = self._garbled.get(path)
        if method == "GET" and content is not None and self.garbles[_worker(content)] > 0:
            self.garbles[_worker(content)] -= 1
            self.echoed["garbled answer"] += 1
            return Response(json.dumps(content), 200, media_type="application/json")
        return None

    async def _declare(self, scope: Scope, body: bytes) -> list[Message]:
        content = json.loads(body)
        self.posts.append(content)
        status = self.echoes.get(_worker(content))
        if status is None:
            answer = await self._pass_on(scope, body)
            if _worker(content) in self.garbles:
                headers = {name.lower(): value.decode() for name, value in answer[0]["headers"]}
                self._garbled[headers[b"location"]] = content
            return answer
        self.echoed[f"HTTP {status}"] += 1
        problem = {"type": "urn:problem-type:belgif:badRequest", "status": status, "issues": [content]}
        return await _run(Response(json.dumps(problem), status, media_type=PROBLEM), scope, body)

    async def _pass_on(self, scope: Scope, body: bytes) -> list[Message]:
        answer = await _run(self._app, scope, body)
        if self.refuses_payroll and scope["path"] == "/payroll/employments":
            self.echoed["payroll"] += 1
            answer[0]["status"] = 400
        if scope["path"] == TOKEN_PATH:
            self.secrets.update(parse_qs(body.decode()).get("client_assertion", []))
            with suppress(ValueError, KeyError):
                given = b"".join(message.get("body", b"") for message in answer)
                self.secrets.add(json.loads(given)["access_token"])
        return answer

    async def _hold(self, receive: Receive) -> bool:
        """Keep an answer back; tell whether its client is still there for it."""
        gone = asyncio.ensure_future(receive())  # after the body the next message is the disconnect
        self.held += 1
        try:
            while self.holds_posts and not gone.done():
                await asyncio.wait({gone}, timeout=_POLL)
        finally:
            self.held -= 1
        if gone.done():
            self.given_up += 1
            return False
        gone.cancel()
        return True


def _worker(declaration: dict[str, Any]) -> str:
    return str(declaration.get("worker", {}).get("ssin"))  # an OUT, UPDATE or CANCEL need not name one


async def _run(app: Any, scope: Scope, body: bytes) -> list[Message]:
    """Let *app* answer a request that was read already; gives its answer."""
    answer: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        answer.append(message)

    await app(scope, receive, send)
    return answer
