"""What the token endpoint answers: a token, an error code, and by its Date whose clock is wrong."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from dimona_provider.errors import ServiceUnavailable

SKEW_WORTH_TELLING = 30.0
_LONGEST_LIFE = 86_400.0
_UNTOLD_LIFE = 60.0


def read_token(response: httpx.Response) -> tuple[str, float]:
    """Return token and lifetime in seconds. Raises ServiceUnavailable for a 200 without a token."""
    try:
        body = response.json()
        value, raw = body["access_token"], body.get("expires_in")
    except (ValueError, KeyError, TypeError, AttributeError):
        value = raw = None
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise ServiceUnavailable("the token endpoint answered 200 without an access token")
    try:
        lifetime = float(raw)
    except (ValueError, TypeError, OverflowError):
        lifetime = 0.0
    return value, lifetime if 0 < lifetime < _LONGEST_LIFE else _UNTOLD_LIFE


def error_code(response: httpx.Response) -> str:
    """Return the RFC 6749 error code; never the description, which may repeat the assertion."""
    known = {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "invalid_scope"}
    try:
        body: Any = response.json()
        code = body.get("error")
    except (ValueError, AttributeError):
        code = None
    return code if isinstance(code, str) and code in known else "no known error code"


def clock_skew(response: httpx.Response, now: float) -> float | None:
    """Return by how many seconds our clock is ahead of the server's, None if it did not say its time."""
    try:
        return now - parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None


def skew_hint(response: httpx.Response, now: float) -> str:
    """Return the end of a sentence about a clock that differs, empty if it does not."""
    skew = clock_skew(response, now)
    if skew is None or abs(skew) < SKEW_WORTH_TELLING:
        return ""
    side = "ahead of" if skew > 0 else "behind"
    return f"; this machine's clock is {abs(skew):.0f} s {side} the server's, which alone can cause this"
