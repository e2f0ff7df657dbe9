"""The triggers: they ask for outcomes, and watch payroll. They only read: a trigger may run twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import httpx
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException
from airflow.triggers.base import BaseEventTrigger, BaseTrigger, TriggerEvent

from dimona_provider.clock import SystemClock
from dimona_provider.errors import DimonaError
from dimona_provider.events import FollowedEvent, FollowedUpEvent
from dimona_provider.feed import CURSOR, Announcer, Silence, read_cursor, read_position
from dimona_provider.following.batch import follow_batch
from dimona_provider.following.followup import follow_up
from dimona_provider.metrics import emit
from dimona_provider.sharing import LOOK_UP_AFTER, poller_of, shared_ledger, shared_poller
from dimona_provider.task_errors import Log, airflow_errors, defect

E = TypeVar("E")

SHORTEST_RUN = 6.0
"""Seconds from the start of ``run()`` to its event: Airflow 3.3.2 fails a task whose trigger fires sooner."""


class DimonaResultTrigger(BaseTrigger):
    """
    Follow one batch until it is answered or *until* has come.

    :param batch: the batch's reference
    :param dimona_conn_id: the connection to the NSSO
    :param until: epoch seconds at which the batch is handed over to the hourly follow-up
    """

    def __init__(self, batch: str, dimona_conn_id: str, until: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow has not typed it
        self.batch = batch
        self.dimona_conn_id = dimona_conn_id
        self.until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments: references and an instant, stored by Airflow in clear."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {"batch": self.batch, "dimona_conn_id": self.dimona_conn_id, "until": self.until},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event with counts."""

        def failed(problem: str, retryable: bool) -> FollowedEvent:  # noqa: FBT001 - called below alone
            return FollowedEvent(self.batch, 0, 0, problem=problem, retryable=retryable)

        event = await _held_back(self._follow, failed, f"batch {self.batch}", self.log)
        yield TriggerEvent(event.to_payload())

    async def _follow(self) -> FollowedEvent:
        async with shared_poller(self.dimona_conn_id) as shared:

            def report(line: str) -> None:
                self.log.info("batch %s: %s", self.batch, line)
                emit(shared.ledger.tally)

            followed = await follow_batch(
                shared.ledger,
                shared.poller,
                self.batch,
                until=self.until,
                clock=SystemClock(),
                report=report,
            )
        self.log.info(
            "batch %s: %d answered, %d go on to the follow-up, after %d looks",
            *(self.batch, followed.answered, followed.open, followed.looks),
        )
        if followed.trouble:
            self.log.warning("batch %s: the last look that failed: %s", self.batch, followed.trouble)
        return FollowedEvent(self.batch, followed.answered, followed.open)

    # No on_kill, and that is meant: killing or clearing a task must never change anything at the NSSO.


class DimonaFollowUpTrigger(BaseTrigger):
    """
    Ask once for everything that is owed a look before *until*, over every connection that has some.

    :param until: epoch seconds at which the pass ends
    """

    def __init__(self, until: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow has not typed it
        self.until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments: an instant."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"until": self.until}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event with counts."""

        def failed(problem: str, retryable: bool) -> FollowedUpEvent:  # noqa: FBT001 - called below alone
            return FollowedUpEvent(problem=problem, retryable=retryable)

        event = await _held_back(self._follow, failed, "the follow-up", self.log)
        yield TriggerEvent(event.to_payload())

    async def _follow(self) -> FollowedUpEvent:
        async with shared_ledger() as ledger:
            done = await follow_up(
                ledger,
                poller_of,
                until=self.until,
                clock=SystemClock(),
                report=lambda line: self.log.info("%s", line),
            )
        for conn_id, trouble in sorted(done.trouble.items()):
            self.log.warning("%s: the last look that failed: %s", conn_id, trouble)
        return FollowedUpEvent.of(done)

    # No on_kill here either.


class DimonaFeedTrigger(BaseEventTrigger):
    """
    Watch payroll's change feed for an asset: an event whenever it has gone on beyond what is staged.

    The event holds the feed's position and nothing else. How far is staged is in the asset's state store,
    where ``DimonaStageOperator`` puts it once the export is in the ledger: whatever is killed before, the
    position is announced again. It never ends, and no failure of payroll's ends it.

    :param conn_id: a connection whose host is the feed's address, with login and password if it wants them;
        while there is none, nothing is watched
    :param every: seconds between two looks
    :param again_after: seconds after which what was announced and never staged is announced once more
    """

    def __init__(self, conn_id: str, every: float = 2.0, again_after: float = 900.0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow has not typed it
        self.conn_id = conn_id
        self.every = every
        self.again_after = again_after

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {"conn_id": self.conn_id, "every": self.every, "again_after": self.again_after},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield an event for each position that is to be staged."""
        announcer = Announcer(self.again_after)
        silence = Silence()
        while True:
            try:
                async for position, staged in self._look():
                    silence.ends()
                    if announcer.is_due(position, staged, time.time()):
                        yield TriggerEvent({CURSOR: position})
            except AirflowNotFoundException:
                silence.begins(self.log.info, f"there is no connection {self.conn_id!r}: nothing is watched")
            except DimonaError as error:
                silence.begins(self.log.warning, str(error))
            except Exception as error:  # noqa: BLE001 - what ends a watcher ends it for good
                silence.begins(self.log.warning, f"payroll's change feed: {type(error).__name__}")
            await asyncio.sleep(silence.pause(self.every))

    async def _look(self) -> AsyncIterator[tuple[int, int | None]]:
        """Yield where the feed is and what is staged, until the connection has to be looked up again."""
        connection = await BaseHook.aget_connection(self.conn_id)
        auth = (connection.login, connection.password or "") if connection.login else None
        until = time.monotonic() + LOOK_UP_AFTER
        async with httpx.AsyncClient(auth=auth, timeout=10.0) as http:
            while time.monotonic() < until:
                staged = await self._staged()
                yield await read_position(http, connection.host or "", staged), staged
                await asyncio.sleep(self.every)

    async def _staged(self) -> int | None:
        assert self.asset_state_store is not None  # noqa: S101 - for mypy: Airflow gives it before run()
        kept = await self.asset_state_store.aget(CURSOR)
        return None if kept is None else read_cursor(kept)


async def _held_back(
    follow: Callable[[], Awaitable[E]], failed: Callable[[str, bool], E], what: str, log: Log
) -> E:
    """Return what *follow* comes to, also when it fails, and not before Airflow can take an event."""
    began = time.monotonic()
    try:
        with airflow_errors():
            event = await follow()
    except AirflowException as error:
        event = failed(str(error), not isinstance(error, AirflowFailException))
    except Exception as error:  # noqa: BLE001 - a crash reaches the task without its right to be retried
        event = failed(defect(log, what, error), True)  # noqa: FBT003 - as above
    await asyncio.sleep(max(0.0, began + SHORTEST_RUN - time.monotonic()))
    return event
