"""What a fault makes of an answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from include.dimona_simulator.fault_plan import Rule
from include.dimona_simulator.faults import Fault
from include.dimona_simulator.messages import JSON, Call, Reply, json_reply
from include.dimona_simulator.problems import trouble
from include.dimona_simulator.settings import BASE_PATH

NOT_HANDLED = frozenset({Fault.STATUS, Fault.CLOSED_BEFORE})
"""Faults that come before the request: it has no effect."""
_NEEDS_STATUS = {
    Fault.ACCEPTED_THEN_CLOSED: 201,
    Fault.ACCEPTED_THEN_500: 201,
    Fault.MISSING_LOCATION: 201,
    Fault.MISSING_RESULT: 200,
    Fault.SEARCH_LAG: 200,
}
_PIECES = 10
_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Service unavailable</title></head>"
    b"<body><h1>We will be right back</h1></body></html>\n"
)


@dataclass(frozen=True, slots=True)
class Answering:
    """How a request ends, for what carries it out: a server or a transport in process."""

    reply: Reply | None
    """``None``: the connection is closed without an answer."""
    delay: float = 0.0
    """Seconds to wait before anything is sent."""
    trickle: float = 0.0
    """Seconds over which the body is spread."""
    fault: Fault | None = None
    """What went wrong on purpose."""

    def pieces(self) -> list[tuple[float, bytes]]:
        """Give the parts of a body that trickles, each with the seconds to wait before it."""
        body = self.reply.body if self.reply else b""
        size = max(1, -(-len(body) // _PIECES))
        parts = [body[at : at + size] for at in range(0, len(body), size)]
        return [(self.trickle / len(parts), part) for part in parts]


def fail(rule: Rule, call: Call, reply: Reply | None) -> Answering | None:
    """
    Apply a rule; *reply* is the proper answer, or ``None`` when the request was not handled.

    Gives ``None`` when the fault can't happen to this answer: a declaration refused with 400 is not accepted,
    a 404 has no result that could be missing.
    """
    if reply is None:
        return Answering(_refuse(rule, call) if rule.fault is Fault.STATUS else None, fault=rule.fault)
    if reply.status != _NEEDS_STATUS.get(rule.fault, reply.status):
        return None
    return _handled(rule, reply)


def _handled(rule: Rule, reply: Reply) -> Answering:
    proper, seconds = Answering(reply, fault=rule.fault), rule.seconds or 0.0
    match rule.fault:
        case Fault.DELAY:
            return replace(proper, delay=seconds)
        case Fault.SLOW_BODY:
            return replace(proper, trickle=seconds)
        case Fault.EXPIRED_TOKEN | Fault.SEARCH_LAG:  # did their work when the request was handled
            return proper
        case Fault.ACCEPTED_THEN_CLOSED:
            return replace(proper, reply=None)
        case _:
            return replace(proper, reply=_spoil(rule.fault, reply))


def _spoil(fault: Fault, reply: Reply) -> Reply:
    match fault:
        case Fault.ACCEPTED_THEN_500:
            return trouble(500)
        case Fault.MISSING_LOCATION:
            return replace(reply, headers=_without(reply.headers, "Location"))
        case Fault.MALFORMED_BODY:
            half = reply.body[: len(reply.body) // 2] or b'{"'
            return replace(reply, body=half, headers={"Content-Type": JSON, **reply.headers})
        case Fault.HTML_BODY:
            return replace(reply, body=_PAGE, headers={**reply.headers, "Content-Type": "text/html"})
        case Fault.MISSING_RESULT:
            content = json.loads(reply.body)
            del content["declarationStatus"]["result"]
            return json_reply(reply.status, content)
        case _:
            raise AssertionError(fault)


def _refuse(rule: Rule, call: Call) -> Reply:
    status = rule.status or 500
    body = rule.body or ("problem" if status >= 400 else "none")
    headers = {} if rule.retry_after is None else {"Retry-After": str(rule.retry_after)}
    if status < 400:
        headers["Location"] = f"{call.origin}{BASE_PATH}/moved"
    match body:
        case "problem":
            return trouble(status, rule.retry_after, headers)
        case "html":
            return Reply(status, _PAGE, {"Content-Type": "text/html", **headers})
        case _:
            return Reply(status, headers=headers)


def _without(headers: Mapping[str, str], name: str) -> dict[str, str]:
    return {known: value for known, value in headers.items() if known != name}
