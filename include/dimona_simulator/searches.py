"""The three searches: pages of what has been processed, by employer and worker."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode

from include.dimona_simulator import structure, views
from include.dimona_simulator.messages import Call, Reply, json_reply
from include.dimona_simulator.model import Declaration, Filing, Kind, Span
from include.dimona_simulator.problems import Issue, Refusal, bad_request, missing_permission
from include.dimona_simulator.register import Register
from include.dimona_simulator.routes import Route
from include.dimona_simulator.rules_periods import is_locked
from include.dimona_simulator.settings import Settings

Item = TypeVar("Item")

_PAGE_SIZE = 50
_LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class _Page:
    number: int
    size: int

    @classmethod
    def asked_by(cls, call: Call) -> "_Page":
        query = parse_qs(call.query)
        return cls(
            _whole(query, "page", 1, 1_000_000_000), _whole(query, "pageSize", _PAGE_SIZE, _LARGEST_PAGE)
        )


@dataclass(frozen=True, slots=True)
class Searches:
    """Answer the searches in a register, with what was processed ``search_lag`` seconds ago."""

    settings: Settings
    register: Register

    def declarations(self, call: Call, _: Route, now: float) -> Reply:
        """Find declarations, in filing order."""
        employer, ssin = self._asked(call)
        found = (
            (declaration, verdict)
            for declaration in self.register.declarations_of(employer, ssin)
            if (verdict := declaration.verdict(now - self.settings.search_lag)) is not None
            and not (ssin is not None and verdict.result == "S")  # the number isn't known yet
        )
        short = self.settings.short_enterprise_numbers
        return _paged(
            call, found, lambda item: views.declaration(item[0], item[1], call.origin, short_numbers=short)
        )

    def periods(self, call: Call, _: Route, now: float) -> Reply:
        """Find periods, in the order of the declarations that made them."""
        employer, ssin = self._asked(call)
        found = (
            (period, span)
            for period in self.register.periods_of(employer, ssin)
            if (span := period.visible(now - self.settings.search_lag)) is not None
        )
        short = self.settings.short_enterprise_numbers
        registers = self.settings.registers
        return _paged(
            call,
            found,
            lambda item: views.period(
                *item, call.origin, short_numbers=short, locked=is_locked(item[0], registers)
            ),
        )

    def relations(self, call: Call, _: Route, now: float) -> Reply:
        """Find the workers with a period that is not cancelled."""
        employer, ssin = self._asked(call)
        ties: dict[str, tuple[Declaration, list[Span]]] = {}
        for period in self.register.periods_of(employer, ssin):
            span = period.visible(now - self.settings.search_lag)
            if span is not None and not span.cancelled:
                ties.setdefault(period.origin.ssin or "", (period.origin, []))[1].append(span)
        short = self.settings.short_enterprise_numbers
        return _paged(call, ties.values(), lambda item: views.relation(item[0], item[1], short_numbers=short))

    def _asked(self, call: Call) -> tuple[str, str | None]:
        content = structure.read_object(call.body)
        structure.check_search(content)
        employer = self.register.employer_key(Filing(Kind.IN, content)) or ""
        if employer in self.settings.registers.employers_without_mandate:
            raise Refusal(missing_permission())
        return employer, content.get("worker", {}).get("ssin")


def _paged(call: Call, found: Iterable[Item], show: Callable[[Item], dict[str, Any]]) -> Reply:
    page = _Page.asked_by(call)
    first = (page.number - 1) * page.size
    items = list(islice(found, first, first + page.size + 1))
    content: dict[str, Any] = {"items": [show(item) for item in items[: page.size]]}
    if len(items) > page.size:
        query = urlencode({"page": page.number + 1, "pageSize": page.size})
        content["next"] = f"{call.origin}{call.path}?{query}"
    return json_reply(200, content)


def _whole(query: dict[str, list[str]], name: str, default: int, highest: int) -> int:
    text = query.get(name, [str(default)])[-1]
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and 1 <= int(text) <= highest):
        raise Refusal(
            bad_request([Issue(name, f"a number from 1 to {highest} is expected", text, where="query")])
        )
    return int(text)
