"""The question before each POST, whether its claim still stands."""

from __future__ import annotations

import asyncio
import threading

import pytest

from dimona_provider.filing.standing import StandingClaims
from dimona_provider.ledger import Ledger, claims


def test_a_connection_is_not_closed_under_a_reading(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    reads, may_end, closed_meanwhile = threading.Event(), threading.Event(), []

    def slow(connection: object, _claimed: object) -> set[tuple[int, str]]:
        reads.set()
        may_end.wait(30)
        closed_meanwhile.append(connection.closed)  # type: ignore[attr-defined] - SQLAlchemy's own
        return set()

    monkeypatch.setattr(claims, "standing", slow)

    async def main() -> None:
        standing = StandingClaims(ledger)
        asks = asyncio.create_task(standing.holds(1, "token"))
        await asyncio.to_thread(reads.wait, 30)
        asks.cancel()  # as a task group does when another sender fails
        closes = asyncio.create_task(standing.close())
        await asyncio.sleep(0.2)
        may_end.set()
        await closes

    asyncio.run(main())

    assert closed_meanwhile == [False]
