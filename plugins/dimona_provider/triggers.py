"""The trigger that asks for outcomes in the triggerer. It only reads at the NSSO: a trigger may run twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from types import NoneType
from typing import Any, Self

from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from dimona_provider.clock import SystemClock
from dimona_provider.errors import UnexpectedResponse
from dimona_provider.following import follow_batch
from dimona_provider.sharing import shared_poller
from dimona_provider.task_errors import airflow_errors, defect

SHORTEST_RUN = 6.0
"""Seconds from the start of ``run()`` to its event: Airflow 3.3.2 fails a task whose trigger fires sooner."""


@dataclass(frozen=True, slots=True)
class FollowedEvent:
    """What crosses Airflow's database when a batch was followed: a reference and counts, no person."""

    batch: str
    answered: int
    open: int
    problem: str | None = None
    """Why following failed, in words for a person."""
    retryable: bool = True

    def to_payload(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return asdict(self)

    @classmethod
    def from_payload(cls, payload: Any) -> Self:
        """Read the plain JSON form. Raises UnexpectedResponse for anything else, which is never success."""
        # type(), because True is an int too.
        types: dict[str, set[type]] = {
            "batch": {str},
            "answered": {int},
            "open": {int},
            "problem": {str, NoneType},
            "retryable": {bool},
        }
        if (
            not isinstance(payload, Mapping)
            or set(payload) != set(types)
            or not all(type(payload[name]) in kinds for name, kinds in types.items())
        ):
            raise UnexpectedResponse("the trigger's event is not one of DimonaResultTrigger")
        return cls(**payload)


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
        began = time.monotonic()
        try:
            with airflow_errors():
                event = await self._follow()
        except AirflowException as error:
            retryable = not isinstance(error, AirflowFailException)
            event = FollowedEvent(self.batch, 0, 0, problem=str(error), retryable=retryable)
        except Exception as error:  # noqa: BLE001 - a crash reaches the task without its right to be retried
            event = FollowedEvent(self.batch, 0, 0, problem=defect(self.log, self.batch, error))
        await asyncio.sleep(max(0.0, began + SHORTEST_RUN - time.monotonic()))
        yield TriggerEvent(event.to_payload())

    async def _follow(self) -> FollowedEvent:
        async with shared_poller(self.dimona_conn_id) as shared:
            followed = await follow_batch(
                shared.ledger,
                shared.poller,
                self.batch,
                until=self.until,
                clock=SystemClock(),
                report=lambda line: self.log.info("batch %s: %s", self.batch, line),
            )
        self.log.info(
            "batch %s: %d answered, %d go on to the follow-up, after %d looks",
            *(self.batch, followed.answered, followed.open, followed.looks),
        )
        if followed.trouble:
            self.log.warning("batch %s: the last look that failed: %s", self.batch, followed.trouble)
        return FollowedEvent(self.batch, followed.answered, followed.open)

    # No on_kill, and that is meant: killing or clearing a task must never change anything at the NSSO.
