"""Claims that still stand, read before each POST: one query for all who ask at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import sqlalchemy as sa

from dimona_provider.ledger import Ledger, claims

GATHER = 0.003
"""Seconds for which a question waits for others."""


class StandingClaims:
    """Answer each question with what the ledger said after it was asked."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._asked: list[tuple[int, str, asyncio.Future[bool]]] = []
        self._reader: asyncio.Task[None] | None = None
        self._connection: sa.Connection | None = None

    async def close(self) -> None:
        """Give up the connection to the ledger once nobody reads from it; the next question opens another."""
        if self._reader is not None:
            await asyncio.wait({self._reader})
        await asyncio.to_thread(self._disconnect)

    async def holds(self, intent: int, token: str) -> bool:
        """Tell whether *intent* is still claimed with *token*, and no switch is on. Raises as the ledger."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked.append((intent, token, answer))
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read())
        return await answer

    async def _read(self) -> None:
        asked: list[tuple[int, str, asyncio.Future[bool]]] = []
        while self._asked:
            try:
                await asyncio.sleep(GATHER)
                asked, self._asked = self._asked, []
                standing = await asyncio.to_thread(self._ask, [(intent, token) for intent, token, _ in asked])
            except BaseException as error:
                _fail([answer for _, _, answer in (*asked, *self._asked)], error)
                self._asked = []
                if not isinstance(error, Exception):
                    raise
                continue
            for intent, token, answer in asked:
                if not answer.done():
                    answer.set_result((intent, token) in standing)

    def _ask(self, claimed: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
        if self._connection is None:
            self._connection = self._ledger.follow()
        try:
            standing = claims.standing(self._connection, claimed)
            self._connection.rollback()  # the next reading sees what others have committed by then
        except BaseException:
            self._disconnect()
            raise
        return standing

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _fail(answers: Sequence[asyncio.Future[bool]], error: BaseException) -> None:
    """Raise *error* where it was asked; nobody may wait for an answer that never comes."""
    for answer in answers:
        if answer.done():
            continue
        if isinstance(error, Exception):
            answer.set_exception(error)
        else:
            answer.cancel()
