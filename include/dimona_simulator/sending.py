"""The simulator over HTTP: carry out what it answers, on a connection of uvicorn."""

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from include.dimona_simulator.failing import Answering
from include.dimona_simulator.messages import Reply


async def carry_out(answering: Answering, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the answer, late or in pieces where it says so, or close the connection without one."""
    if answering.delay:
        await asyncio.sleep(answering.delay)
    reply = answering.reply
    if reply is None:
        await _hang_up(receive)
    elif answering.trickle:
        await _trickle(reply, answering, send)
    else:
        await Response(reply.body, reply.status, dict(reply.headers))(scope, receive, send)


async def _trickle(reply: Reply, answering: Answering, send: Send) -> None:
    named = {**reply.headers, "Content-Length": str(len(reply.body))}
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    for seconds, piece in answering.pieces():
        await asyncio.sleep(seconds)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _hang_up(receive: Receive) -> None:
    """
    Close the connection without a byte of an answer.

    ASGI has no word for it: an application that returns or raises makes the server answer 500. So uvicorn's
    own connection is closed; ``receive`` is a method of its request, which middleware leaves as it is.
    """
    connection = getattr(getattr(receive, "__self__", None), "transport", None)
    if connection is None:
        raise RuntimeError("only a connection of uvicorn can be closed without an answer")
    connection.close()
    while (await receive())["type"] != "http.disconnect":
        pass  # until uvicorn knows: else it would miss the answer, and send one
