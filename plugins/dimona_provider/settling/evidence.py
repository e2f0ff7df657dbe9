"""
What the NSSO shows of one employer and worker, read whole or not at all.

Whoever decides by what is *not* there must have seen everything: pages that fail, or too many of them, raise.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from dimona_provider.api import operations
from dimona_provider.api.budget import Budget
from dimona_provider.api.client import DimonaClient
from dimona_provider.api.found import FoundDeclaration, FoundPeriod, Page
from dimona_provider.api.operations import FIRST_PAGE, Operation
from dimona_provider.clock import Clock
from dimona_provider.errors import ServiceUnavailable, UnexpectedResponse

T = TypeVar("T")
Item = TypeVar("Item")

MOST_PAGES = 20
"""Pages of one search, of 50 items each: a worker has a handful; what has more is left to a person."""
LONGEST_WAIT = 10.0
"""Seconds of ``Retry-After`` that a look waits; a longer one ends it until the next pass."""
TRIES = 3
"""Searches and period reads change nothing, so they may be repeated."""


class Evidence:
    """Ask the service, within the request budget."""

    def __init__(self, client: DimonaClient, budget: Budget, clock: Clock) -> None:
        self._client = client
        self._budget = budget
        self._clock = clock

    async def declarations(self, employer: Mapping[str, Any], ssin: str | None) -> list[FoundDeclaration]:
        """Return all declarations of an employer, of one worker or of all. Raises DimonaError."""
        return await self._pages(lambda query: operations.search_declarations(employer, ssin, query))

    async def periods(self, employer: Mapping[str, Any], ssin: str | None) -> list[FoundPeriod]:
        """Return all periods of an employer, of one worker or of all. Raises DimonaError."""
        return await self._pages(lambda query: operations.search_periods(employer, ssin, query))

    async def pages_of_periods(
        self, employer: Mapping[str, Any], query: str = FIRST_PAGE, *, most: int
    ) -> AsyncIterator[Page[FoundPeriod]]:
        """
        Yield an employer's periods page by page, from *query* on.

        Raises DimonaError, also after *most* pages: only who came to the end has seen everything.
        """
        async for page in self._each_page(
            lambda query: operations.search_periods(employer, None, query), query, most
        ):
            yield page

    async def period(self, period_id: int) -> FoundPeriod | None:
        """Return a period as it stands; None where the service knows none. Raises DimonaError."""
        return await self._ask(operations.fetch_period(period_id))

    async def _pages(self, operation: Callable[[str], Operation[Page[Item]]]) -> list[Item]:
        return [
            item async for page in self._each_page(operation, FIRST_PAGE, MOST_PAGES) for item in page.items
        ]

    async def _each_page(
        self, operation: Callable[[str], Operation[Page[Item]]], query: str, most: int
    ) -> AsyncIterator[Page[Item]]:
        for _ in range(most):
            page = await self._ask(operation(query))
            if page.next_query == query:
                raise UnexpectedResponse("a page of a search names itself as the next")
            yield page
            if page.next_query is None:
                return
            query = page.next_query
        raise UnexpectedResponse(f"a search gave more than {most} pages: too many to decide by")

    async def _ask(self, operation: Operation[T]) -> T:
        retrying = AsyncRetrying(
            retry=retry_if_exception(_is_worth_waiting_for),
            stop=stop_after_attempt(TRIES),
            wait=_wait,
            sleep=self._clock.sleep,
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                await self._budget.take()
                try:
                    return await self._client.run(operation)
                finally:
                    self._budget.give_back()
        raise AssertionError("tenacity ends with a result or an error")


def _is_worth_waiting_for(error: BaseException) -> bool:
    return isinstance(error, ServiceUnavailable) and (error.retry_after or 0.0) <= LONGEST_WAIT


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, ServiceUnavailable) else None
    return max(asked or 0.0, float(2 ** (state.attempt_number - 1)))
