"""The payroll store over HTTP, for the simulator's process; no part of the NSSO."""

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from include.payroll.store import Outcome, PayrollStore

_LIMIT, _LARGEST = 100, 1000


def payroll_routes(store: PayrollStore) -> list[BaseRoute]:
    """Give the routes ``/payroll/employments``, ``/payroll/changes`` and ``/payroll/outcomes``."""

    async def employments(request: Request) -> Response:
        try:
            after = _number(request, "after", 0, 0, 10**15)
            limit = _number(request, "limit", _LIMIT, 1, _LARGEST)
        except ValueError as error:
            return _refusal(error)
        page = await run_in_threadpool(store.page, after, limit)
        following = None if page.next is None else str(page.next)
        return JSONResponse({"employments": page.records, "next": following})

    async def changes(_request: Request) -> Response:
        # The newest position alone, whatever the caller has seen: what changed is in the export.
        return JSONResponse({"cursor": await run_in_threadpool(store.position)})

    async def outcomes(request: Request) -> Response:
        try:
            read = _outcomes(await request.body())
        except ValueError as error:
            return _refusal(error)
        return JSONResponse({"saved": await run_in_threadpool(store.save_outcomes, read)})

    return [
        Route("/payroll/employments", employments, methods=["GET"]),
        Route("/payroll/changes", changes, methods=["GET"]),
        Route("/payroll/outcomes", outcomes, methods=["PUT"]),
    ]


def _outcomes(body: bytes) -> list[Outcome]:
    try:
        content: Any = json.loads(body)
    except ValueError:
        raise ValueError("the body is not JSON") from None
    listed = content.get("outcomes") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise ValueError('the body is not an object with a list "outcomes"')
    return [Outcome.from_json(item) for item in listed]


def _number(request: Request, name: str, default: int, lowest: int, highest: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= 16 and lowest <= int(text) <= highest):
        raise ValueError(f"{name} is not a number from {lowest} to {highest}")
    return int(text)


def _refusal(error: ValueError) -> Response:
    return JSONResponse({"error": str(error)}, 400)
