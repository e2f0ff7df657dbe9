"""The sensors that wait for outcomes without a worker: of a batch, and of what its run left open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseSensorOperator, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from dimona_provider.api.settings import Settings
from dimona_provider.clock import SystemClock
from dimona_provider.domain.outcome import OUTCOMES
from dimona_provider.errors import ConfigurationError, OutcomeNotWanted
from dimona_provider.events import FollowedEvent, FollowedUpEvent
from dimona_provider.following.batch import follow_batch, following_ends
from dimona_provider.following.followup import PASS, FollowedUp, first_due, follow_up
from dimona_provider.ledger import Ledger, due
from dimona_provider.links import DimonaBatchLink
from dimona_provider.sharing import worker_poller, worker_pollers
from dimona_provider.task_errors import guarded
from dimona_provider.tasks import batch_and_settings, task_ledger
from dimona_provider.telling.reporting import counts_line
from dimona_provider.triggers import DimonaFollowUpTrigger, DimonaResultTrigger
from dimona_provider.upkeep import bring_up_to_date, fold_answers

MARGIN = 300.0
"""Seconds that Airflow waits for the trigger beyond the instant at which it ends by itself."""


class DimonaResultSensor(BaseSensorOperator):
    """
    Wait for the outcomes of a batch; returns their counts.

    Looks into the ledger, and while something is open defers to ``DimonaResultTrigger``. What has no outcome
    20 minutes after filing, and what the NSSO is still identifying, goes on to the hourly follow-up
    (``DimonaFollowUpSensor``) and fails nothing.

    :param batch: the batch's reference, as ``DimonaSubmitOperator`` returns it (templated)
    :param dimona_conn_id: the connection to the NSSO; by default the batch's own
    :param deferrable: wait in the triggerer; False asks from the worker, through the same poller
    :param fail_on: outcomes that fail this task, of warned, refused, identifying, unclear, waiting
    """

    template_fields = ("batch",)
    operator_extra_links = (DimonaBatchLink(),)

    def __init__(
        self,
        *,
        batch: str,
        dimona_conn_id: str | None = None,
        deferrable: bool = True,
        fail_on: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**_with_retries(kwargs))
        self.batch = batch
        self.dimona_conn_id = dimona_conn_id
        self.deferrable = deferrable
        self.fail_on = fail_on

    @guarded
    def execute(self, context: Context) -> dict[str, int]:
        """Return at once when everything has its outcome, else wait."""
        with task_ledger(context) as ledger:
            self._check_fail_on()
            batch, settings = batch_and_settings(ledger, self.batch, self.dimona_conn_id)
            counts = bring_up_to_date(ledger, self.batch, now=time.time())
            until = following_ends(ledger, self.batch, now=time.time())
            if until is not None and not self.deferrable:
                asyncio.run(self._follow(ledger, settings, until))
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

    @guarded
    def execute_complete(self, context: Context, event: Any) -> dict[str, int]:
        """Go on after the trigger: fold its answers into the states, and count."""
        followed = FollowedEvent.from_payload(event)
        if followed.problem is not None:
            raise (AirflowException if followed.retryable else AirflowFailException)(followed.problem)
        with task_ledger(context) as ledger:
            counts = bring_up_to_date(ledger, self.batch, now=time.time())
        return self._conclude(counts)

    async def _follow(self, ledger: Ledger, settings: Settings, until: float) -> None:
        async with worker_poller(ledger, settings) as poller:
            await follow_batch(
                ledger,
                poller,
                self.batch,
                until=until,
                clock=SystemClock(),
                report=lambda line: self.log.info("batch %s: %s", self.batch, line),
            )

    def _conclude(self, counts: dict[str, int]) -> dict[str, int]:
        self.log.info("batch %s: %s", self.batch, counts_line(counts))
        unwanted = [f"{counts[word]} {word}" for word in OUTCOMES if word in self.fail_on and counts[word]]
        if unwanted:
            raise OutcomeNotWanted(f"batch {self.batch} has {', '.join(unwanted)}, which fail_on names")
        return counts

    def _check_fail_on(self) -> None:
        known = [word for word in OUTCOMES if word != "accepted"]
        if unknown := sorted(set(self.fail_on) - set(known)):
            raise ConfigurationError(f"fail_on knows {', '.join(known)}, not {', '.join(unknown)}")


class DimonaFollowUpSensor(BaseSensorOperator):
    """
    Ask once for every declaration that its run left open; returns how many were asked for and answered.

    One pass: it asks for what is due within the hour, each at its own instant of the NSSO's schedule, and
    ends as soon as nothing is; an hour after its start at the latest. A batch that a run still follows is
    left alone. It asks over every connection that has such declarations, and fails in the end if one of them
    could not be used.

    :param deferrable: wait in the triggerer; False asks from the worker, through the same poller
    """

    def __init__(self, *, deferrable: bool = True, **kwargs: Any) -> None:
        super().__init__(**_with_retries(kwargs))
        self.deferrable = deferrable

    @guarded
    def execute(self, context: Context) -> dict[str, int]:
        """Return at once when nothing is due within the hour, else wait."""
        until = time.time() + PASS
        event = FollowedUpEvent()
        with task_ledger(context) as ledger:
            fold_answers(ledger, None, now=time.time())
            first = first_due(ledger, now=time.time())
            has_some = first is not None and first < until
            if has_some and not self.deferrable:
                event = FollowedUpEvent.of(asyncio.run(self._follow(ledger, until)))
        if has_some and self.deferrable:
            self.defer(
                trigger=DimonaFollowUpTrigger(until),
                method_name="execute_complete",
                timeout=timedelta(seconds=PASS + MARGIN),
            )
        return self._conclude(context, event)

    @guarded
    def execute_complete(self, context: Context, event: Any) -> dict[str, int]:
        """Go on after the trigger: fold its answers into the states."""
        followed = FollowedUpEvent.from_payload(event)
        return self._conclude(context, followed)

    async def _follow(self, ledger: Ledger, until: float) -> FollowedUp:
        return await follow_up(
            ledger,
            worker_pollers(ledger, due.routes(ledger)),
            until=until,
            clock=SystemClock(),
            report=lambda line: self.log.info("%s", line),
        )

    def _conclude(self, context: Context, event: FollowedUpEvent) -> dict[str, int]:
        with task_ledger(context) as ledger:
            fold_answers(ledger, None, now=time.time())
        self.log.info(
            "%d looks, the latest %.1f s late; %d answered, %d left to their own runs",
            *(event.looks, event.latest, event.answered, event.skipped),
        )
        if event.problem is not None:
            raise (AirflowException if event.retryable else AirflowFailException)(event.problem)
        return {"looks": event.looks, "answered": event.answered, "skipped": event.skipped}

    # No on_kill, and that is meant: killing a task must never cancel or change anything at the NSSO.


def _with_retries(kwargs: dict[str, Any]) -> dict[str, Any]:
    # Waiting again is harmless, and Airflow 3.3.2 sometimes fails a deferred task by mistake.
    return {"retries": (kwargs.get("default_args") or {}).get("retries", 3), **kwargs}
