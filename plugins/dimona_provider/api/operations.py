"""Every call of the Dimona service as a value: what to send and how to read what comes back. No I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx

from dimona_provider.api.found import (
    FoundDeclaration,
    FoundPeriod,
    Item,
    Page,
    read_found_declaration,
    read_found_period,
    read_page,
)
from dimona_provider.api.replies import read_answer, read_location
from dimona_provider.domain.outcome import Answer
from dimona_provider.errors import UnclearSubmission, UnexpectedResponse

T = TypeVar("T")

HARMLESS_DECLARATION = 100000000034
"""Right check digits, far below the numbers in use: reading it proves access and shows nothing."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """One call; paths with ids stay out of messages, the route stands for them."""

    method: str
    path: str
    route: str
    read: Callable[[httpx.Response], T] = field(repr=False)
    json: Mapping[str, Any] | None = field(default=None, repr=False)
    safe: bool = True
    """Whether the request may be repeated when its outcome is unknown."""
    accept: frozenset[int] = frozenset({200})
    """Statuses that *read* understands."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and the body it was read from, which holds a person and is kept encrypted only."""

    answer: Answer
    body: bytes = field(repr=False)


def submit(body: Mapping[str, Any]) -> Operation[int]:
    """File a declaration; gives its declaration id."""
    return Operation(
        "POST", "declarations", "declarations", _read_created, json=body, safe=False, accept=frozenset({201})
    )


def fetch_answer(declaration_id: int) -> Operation[Reply | None]:
    """Ask for the outcome of a declaration; gives None while the service has none (404)."""

    def read(response: httpx.Response) -> Reply | None:
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        try:
            body = json.loads(response.content)
        except (ValueError, RecursionError):
            return None  # an HTML page with 200, say: not an outcome; asked again in the next slot
        answer = read_answer(body, declaration_id)
        return Reply(answer, response.content) if answer else None

    return Operation(
        "GET", f"declarations/{declaration_id}", "declarations/{id}", read, accept=frozenset({200, 404})
    )


FIRST_PAGE = "page=1&pageSize=50"
"""The query of the first page of a search; each page names that of the next."""


def search_declarations(
    employer: Mapping[str, Any], ssin: str | None, query: str = FIRST_PAGE
) -> Operation[Page[FoundDeclaration]]:
    """Find what was processed of an employer, of one worker or of all."""
    return _search("declarations", employer, ssin, query, read_found_declaration)


def search_periods(
    employer: Mapping[str, Any], ssin: str | None, query: str = FIRST_PAGE
) -> Operation[Page[FoundPeriod]]:
    """Find the periods of an employer, of one worker or of all."""
    return _search("periods", employer, ssin, query, read_found_period)


def fetch_period(period_id: int) -> Operation[FoundPeriod | None]:
    """Read a period as it stands; gives None where the service knows none (404)."""

    def read(response: httpx.Response) -> FoundPeriod | None:
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        period = read_found_period(_json_of(response, "GET periods/{id}"))
        if period is None or period.period_id != period_id:
            raise UnexpectedResponse(
                "GET periods/{id} was answered 200 with something that is no such period"
            )
        return period

    return Operation("GET", f"periods/{period_id}", "periods/{id}", read, accept=frozenset({200, 404}))


def _search(
    resource: str,
    employer: Mapping[str, Any],
    ssin: str | None,
    query: str,
    read_item: Callable[[object], Item | None],
) -> Operation[Page[Item]]:
    route = f"{resource}/search"

    def read(response: httpx.Response) -> Page[Item]:
        page = read_page(_json_of(response, f"POST {route}"), read_item)
        if page is None:
            raise UnexpectedResponse(f"POST {route} was answered 200 with something that is no page")
        return page

    body = {"employer": dict(employer), **({"worker": {"ssin": ssin}} if ssin else {})}
    return Operation("POST", f"{route}?{query}", route, read, json=body)


def _json_of(response: httpx.Response, what: str) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        raise UnexpectedResponse(f"{what} was answered 200 with something that is no JSON") from None


def _read_created(response: httpx.Response) -> int:
    declaration_id = read_location(response.headers.get("Location"))
    if declaration_id is None:
        raise UnclearSubmission("POST declarations was answered 201 without a usable Location")
    return declaration_id
