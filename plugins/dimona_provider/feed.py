"""Payroll's change feed: how far it has gone, and when that is worth a run. No Airflow, and no person."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from dimona_provider.errors import ServiceUnavailable, UnexpectedResponse

CURSOR = "cursor"
"""The one member of an event, and the key in the watched asset's state store: what is staged up to there."""

MOST = 10**10 - 1
"""The highest position: ten digits, so that none can be a social security number."""


@dataclass(slots=True)
class Announcer:
    """
    Decides which positions are announced.

    Only a run that has staged payroll's export puts the staged position forward. What was announced and is
    not staged after *again_after* seconds is announced once more: its run failed, or its event was lost.
    """

    again_after: float
    announced: int | None = None
    announced_at: float = 0.0

    def is_due(self, position: int, staged: int | None, now: float) -> bool:
        """Tell whether *position* is to be announced at *now*, and take it as announced if so."""
        if position == (staged or 0):
            return False
        if position == self.announced and now < self.announced_at + self.again_after:
            return False
        self.announced, self.announced_at = position, now
        return True


class Silence:
    """How long a feed has not answered: said once, and asked less and less often."""

    def __init__(self) -> None:
        self._looks = 0

    def begins(self, say: Callable[[str], Any], why: str) -> None:
        """Count a look in vain, and say why when it is the first."""
        if not self._looks:
            say(why)
        self._looks += 1

    def ends(self) -> None:
        """Count an answer."""
        self._looks = 0

    def pause(self, every: float) -> float:
        """Return how many seconds to wait: twice as many each time, up to half a minute."""
        return min(every * 2 ** min(self._looks, 10), 30.0) if self._looks else 0.0


async def read_position(http: httpx.AsyncClient, url: str, after: int | None) -> int:
    """
    Return the feed's newest position: ``GET url?after=N`` answers ``{"cursor": M}`` (docs/payroll.md).

    Raises ServiceUnavailable, or UnexpectedResponse for anything but a number; neither repeats the answer.
    """
    try:
        response = await http.get(url, params={"after": str(after or 0)})
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise ServiceUnavailable(f"payroll's change feed: {type(error).__name__}") from None
    if response.status_code != httpx.codes.OK:
        raise ServiceUnavailable(f"payroll's change feed answered HTTP {response.status_code}")
    return read_cursor(_member(response.content))


def _member(body: bytes) -> Any:
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    return content.get("cursor") if isinstance(content, dict) else None


def read_cursor(raw: Any) -> int:
    """
    Read a position: a whole number of ten digits at most, as number or as text.

    >>> read_cursor("12"), read_cursor(0)
    (12, 0)
    """
    text = str(raw) if isinstance(raw, (int, str)) and not isinstance(raw, bool) else ""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MOST))):
        raise UnexpectedResponse("payroll's change feed gave no position: a number of ten digits at most")
    return int(text)
