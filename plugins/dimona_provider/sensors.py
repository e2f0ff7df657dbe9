"""The sensor that waits for a batch's outcomes without a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from airflow.sdk import BaseSensorOperator, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from dimona_provider.api.budget import Budget
from dimona_provider.api.client import open_client
from dimona_provider.api.settings import Settings
from dimona_provider.clock import SystemClock
from dimona_provider.domain.outcome import OUTCOMES
from dimona_provider.errors import ConfigurationError, DimonaError, OutcomeNotWanted
from dimona_provider.following import follow_batch, following_ends
from dimona_provider.ledger import Ledger
from dimona_provider.poller import Poller
from dimona_provider.reporting import counts_line
from dimona_provider.sharing import polling_budget
from dimona_provider.task_errors import airflow_errors, defect
from dimona_provider.tasks import batch_and_settings, task_ledger
from dimona_provider.triggers import DimonaResultTrigger, FollowedEvent
from dimona_provider.upkeep import bring_up_to_date

MARGIN = 300.0
"""Seconds that Airflow waits for the trigger beyond the instant at which it ends by itself."""


class DimonaResultSensor(BaseSensorOperator):
    """
    Wait for the outcomes of a batch; returns their counts.

    Looks into the ledger, and while something is open defers to ``DimonaResultTrigger``. What has no outcome
    20 minutes after filing, and what the NSSO is still identifying, goes on to the hourly follow-up and fails
    nothing.

    :param batch: the batch's reference, as ``DimonaSubmitOperator`` returns it (templated)
    :param dimona_conn_id: the connection to the NSSO; by default the batch's own
    :param deferrable: wait in the triggerer; False asks from the worker, through the same poller
    :param fail_on: outcomes that fail this task, of warned, refused, identifying, unclear, waiting
    """

    template_fields = ("batch",)

    def __init__(
        self,
        *,
        batch: str,
        dimona_conn_id: str | None = None,
        deferrable: bool = True,
        fail_on: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        # Waiting again is harmless, and Airflow 3.3.2 sometimes fails a deferred task by mistake.
        kwargs.setdefault("retries", (kwargs.get("default_args") or {}).get("retries", 3))
        super().__init__(**kwargs)
        self.batch = batch
        self.dimona_conn_id = dimona_conn_id
        self.deferrable = deferrable
        self.fail_on = fail_on

    def execute(self, context: Context) -> dict[str, int]:
        """Return at once when everything has its outcome, else wait."""
        with airflow_errors(), task_ledger(context) as ledger:
            self._check_fail_on()
            batch, settings = batch_and_settings(ledger, self.batch, self.dimona_conn_id)
            counts = bring_up_to_date(ledger, self.batch, now=time.time())
            until = following_ends(ledger, self.batch, now=time.time())
            if until is not None and not self.deferrable:
                self._poke(ledger, settings, until)
                counts = bring_up_to_date(ledger, self.batch, now=time.time())
                until = None
        if until is not None:
            conn_id = self.dimona_conn_id or batch.route.dimona_conn_id
            self.defer(
                trigger=DimonaResultTrigger(self.batch, conn_id, until),
                method_name="execute_complete",
                timeout=timedelta(seconds=until - time.time() + MARGIN),
            )
        return self._conclude(counts)

    def execute_complete(self, context: Context, event: Any) -> dict[str, int]:
        """Go on after the trigger: fold its answers into the states, and count."""
        with airflow_errors():
            followed = FollowedEvent.from_payload(event)
        if followed.problem is not None:
            raise (AirflowException if followed.retryable else AirflowFailException)(followed.problem)
        with airflow_errors(), task_ledger(context) as ledger:
            counts = bring_up_to_date(ledger, self.batch, now=time.time())
        return self._conclude(counts)

    def _poke(self, ledger: Ledger, settings: Settings, until: float) -> None:
        try:
            asyncio.run(self._follow(ledger, settings, until))
        except (DimonaError, sa.exc.DBAPIError):
            raise
        except Exception as error:  # noqa: BLE001 - as in the trigger: Airflow would log its text
            raise AirflowException(defect(self.log, self.batch, error)) from None

    async def _follow(self, ledger: Ledger, settings: Settings, until: float) -> None:
        clock = SystemClock()
        async with open_client(settings) as client:
            poller = Poller(client, Budget(polling_budget(settings), clock), clock)
            async with poller.running():
                await follow_batch(
                    ledger,
                    poller,
                    self.batch,
                    until=until,
                    clock=clock,
                    report=lambda line: self.log.info("batch %s: %s", self.batch, line),
                )

    def _conclude(self, counts: dict[str, int]) -> dict[str, int]:
        self.log.info("batch %s: %s", self.batch, counts_line(counts))
        unwanted = [f"{counts[word]} {word}" for word in OUTCOMES if word in self.fail_on and counts[word]]
        with airflow_errors():
            if unwanted:
                raise OutcomeNotWanted(f"batch {self.batch} has {', '.join(unwanted)}, which fail_on names")
        return counts

    def _check_fail_on(self) -> None:
        known = [word for word in OUTCOMES if word != "accepted"]
        if unknown := sorted(set(self.fail_on) - set(known)):
            raise ConfigurationError(f"fail_on knows {', '.join(known)}, not {', '.join(unknown)}")
