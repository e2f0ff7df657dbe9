"""Refusals as the Belgif guide writes them: ``application/problem+json`` with a URN as type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.dimona_simulator.messages import PROBLEM, Reply, json_reply

_URN = "urn:problem-type:belgif:"
_REALM = 'Bearer realm="dimona"'
_TROUBLES = {
    401: ("invalidAccessToken", "Invalid Access Token"),
    403: ("missingPermission", "Missing Permission"),
    408: ("requestTimeout", "Request Timeout"),
    409: ("conflict", "Conflict"),
    429: ("tooManyRequests", "Too Many Requests"),
    500: ("internalServerError", "Internal Server Error"),
    502: ("badGateway", "Bad Gateway"),
    503: ("serviceUnavailable", "Service Unavailable"),
    504: ("gatewayTimeout", "Gateway Timeout"),
}


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with the input; *value* repeats the input, as the real service does."""

    name: str
    detail: str
    value: object = None
    type: str = "schemaViolation"
    where: str = "body"

    def as_json(self) -> dict[str, Any]:
        """Give the issue's JSON form."""
        known = {
            "type": f"{_URN}input-validation:{self.type}",
            "in": self.where,
            "name": self.name,
            "detail": self.detail,
        }
        return known if self.value is None else {**known, "value": self.value}


class Refusal(Exception):
    """The request stops here and *reply* is the answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"refused with status {reply.status}")
        self.reply = reply


def bad_request(issues: Sequence[Issue], detail: str = "The input message is incorrect") -> Reply:
    """Refuse the structure of a request (400)."""
    return _problem(
        400, "badRequest", "Bad Request", detail=detail, issues=[issue.as_json() for issue in issues]
    )


def unauthorized(kind: str, title: str) -> Reply:
    """Refuse the bearer token (401); *kind* is ``noAccessToken``, ``invalidAccessToken`` or ``expired…``."""
    challenge = _REALM if kind == "noAccessToken" else f'{_REALM}, error="invalid_token"'
    return _problem(401, kind, title, headers={"WWW-Authenticate": challenge})


def missing_scope(scope: str) -> Reply:
    """Refuse a token without the scope that the call needs (403)."""
    challenge = f'{_REALM}, error="insufficient_scope", scope="{scope}"'
    headers = {"WWW-Authenticate": challenge}
    return _problem(403, "missingScope", "Missing Scope", headers=headers, requiredScopes=[scope])


def missing_permission() -> Reply:
    """Refuse an employer over which the client has no mandate (403)."""
    return _problem(403, "missingPermission", "Missing Permission", detail="No mandate for this employer")


def not_found(what: str) -> Reply:
    """Answer that there is nothing, or nothing yet (404)."""
    return _problem(404, "resourceNotFound", "Resource Not Found", detail=f"No {what} to show")


def method_not_allowed(allowed: str) -> Reply:
    """Refuse the verb (405)."""
    return _problem(405, "methodNotAllowed", "Method Not Allowed", headers={"Allow": allowed})


def trouble(status: int, retry_after: int | None = None, headers: Mapping[str, str] | None = None) -> Reply:
    """Refuse a request for no reason of its own: what a gateway or a service in trouble answers."""
    kind, title = _TROUBLES.get(status, ("moved", "Moved"))
    challenge = {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'} if status == 401 else {}
    more = {} if retry_after is None else {"retryAfterSec": retry_after}
    return _problem(status, kind, title, headers={**challenge, **(headers or {})}, **more)


def _problem(status: int, kind: str, title: str, headers: dict[str, str] | None = None, **more: Any) -> Reply:
    content = {
        "type": _URN + kind,
        "href": f"https://www.belgif.be/specification/rest/api-guide/problems/{kind}.html",
        "title": title,
        "status": status,
        **more,
    }
    return json_reply(status, content, PROBLEM, headers)
