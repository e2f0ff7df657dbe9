"""What searches and the period resource show: declarations and periods; their persons are never printed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from dimona_provider.api.reading import read_draft
from dimona_provider.api.replies import read_answer
from dimona_provider.api.terms import read_terms
from dimona_provider.api.wire import read_number
from dimona_provider.domain.declaration import OPEN_END
from dimona_provider.domain.identifiers import Ssin
from dimona_provider.domain.outcome import Answer
from dimona_provider.domain.terms import Terms

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class FoundDeclaration:
    """A processed declaration as a search shows it."""

    answer: Answer
    body: Mapping[str, Any] = field(repr=False)
    """As it was filed, with what the service adds."""

    @property
    def raw(self) -> bytes:
        """The item as JSON, to be kept encrypted."""
        return json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True)
class FoundPeriod:
    """A period as it stands."""

    period_id: int
    is_cancelled: bool
    values: Mapping[str, Any] = field(repr=False)
    """By the names of domain/tables/fields.csv; an open period has no ``end_date``."""
    terms: Terms | None = None
    """None where its dates can't be read."""
    is_locked: bool = False
    """Whether the NSSO takes no declaration about it any more."""
    is_late: bool = False

    @property
    def ssin(self) -> Ssin | None:
        """The worker's number, if the service shows one that is right."""
        ssin = self.values.get("worker.ssin")
        return ssin if isinstance(ssin, Ssin) else None

    @property
    def start(self) -> dt.date | None:
        """The first day, if the service shows it."""
        start = self.values.get("start_date")
        return start if isinstance(start, dt.date) else None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a search."""

    items: tuple[Item, ...] = field(repr=False)
    next_query: str | None
    """The query string of the next page; None on the last one."""


def read_page(body: object, read_item: Callable[[object], Item | None]) -> Page[Item] | None:
    """Read a page; None when it is none, or holds an item that can't be read: it would decide too much."""
    items = body.get("items") if isinstance(body, Mapping) else None
    if not isinstance(body, Mapping) or not isinstance(items, list):
        return None
    read = [read_item(item) for item in items]
    following = body.get("next")
    if any(item is None for item in read) or not (following is None or isinstance(following, str)):
        return None
    # Its host is not followed: a token is sent to the service alone.
    query = urlsplit(following).query if following else None
    if query == "":
        return None
    return Page(tuple(item for item in read if item is not None), query)


def read_found_declaration(item: object) -> FoundDeclaration | None:
    """Read a declaration of a page; None without a usable id or result."""
    status = item.get("declarationStatus") if isinstance(item, Mapping) else None
    number = read_number(status.get("declarationId")) if isinstance(status, Mapping) else None
    answer = read_answer(item, number) if number is not None else None
    if answer is None or not isinstance(item, Mapping):
        return None
    return FoundDeclaration(answer, item)


def read_found_period(item: object) -> FoundPeriod | None:
    """Read a period; None without a usable id."""
    if not isinstance(item, Mapping) or (number := read_number(item.get("periodId"))) is None:
        return None
    parties = {name: item[name] for name in ("employer", "worker") if name in item}
    block = {name: value for name, value in item.items() if name not in {"employer", "worker", "periodId"}}
    # A period has the members of an IN, and a few more that are left aside.
    draft = read_draft({**parties, "dimonaIn": block}).draft
    values = dict(draft.values) if draft else {}
    if values.get("end_date") == OPEN_END:
        del values["end_date"]
    flags = (item.get(name) is True for name in ("locked", "late"))
    return FoundPeriod(number, item.get("cancelled") is True, values, read_terms(block), *flags)
