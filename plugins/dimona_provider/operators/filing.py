"""Filing a batch, and settling what is unclear of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator, Context

from dimona_provider.api.settings import Settings
from dimona_provider.clock import SystemClock
from dimona_provider.domain.outcome import State
from dimona_provider.domain.routes import Route
from dimona_provider.errors import ConfigurationError, DimonaError
from dimona_provider.filing.submission import Progress, Submission
from dimona_provider.hooks import DimonaHook
from dimona_provider.ledger import Ledger, batches
from dimona_provider.ledger.freed import freed_by
from dimona_provider.ledger.summaries import states_of_batch
from dimona_provider.links import DimonaBatchLink
from dimona_provider.operators.planning import log_taken
from dimona_provider.pacing import open_line
from dimona_provider.planning.intake import take_source
from dimona_provider.settling.connection import settle_batch, to_settle
from dimona_provider.sources import Source, read_source
from dimona_provider.task_errors import guarded
from dimona_provider.tasks import batch_and_settings, origin_of, run_of, task_ledger
from dimona_provider.telling.reporting import counts_line, notable_lines
from dimona_provider.upkeep import standing, sweep

_PROGRESS_EVERY = 10.0


class DimonaSubmitOperator(BaseOperator):
    """
    File a batch with the NSSO, each declaration with exactly one effect; returns the batch's reference.

    Give *batch* or *source*. What the NSSO refuses, and what nobody can say arrived, is an outcome and fails
    nothing; a retry goes on with what was not sent and never sends anything twice.

    :param batch: reference of a batch that ``DimonaPlanOperator`` made (templated)
    :param source: declarations of your own: a callable that runs in the worker, or the path of a JSON Lines
        file (a path is templated); each ``{"reference": payroll's own id, "declaration": REST body}``
    :param dimona_conn_id: the connection to the NSSO; by default the batch's own, for *source*
        ``dimona_default``
    """

    template_fields: Sequence[str] = ("batch",)
    operator_extra_links = (DimonaBatchLink(),)
    filed: str | None = None
    """The batch that this attempt works on, also one that *source* made; for its link."""

    def __init__(
        self,
        *,
        batch: str | None = None,
        source: Source | None = None,
        dimona_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.source = source
        self.dimona_conn_id = dimona_conn_id

    @guarded
    def execute(self, context: Context) -> str:
        """Record *source* if there is one, then send what is planned."""
        with task_ledger(context) as ledger:
            sweep(ledger, now=time.time())
            self.filed = reference = self._batch(context, ledger)
            _, settings = batch_and_settings(ledger, reference, self.dimona_conn_id)
            settle_and_log(self, ledger, reference, settings)
            filed = asyncio.run(_file(ledger, reference, settings, self._progress(reference)))
            states = states_of_batch(ledger, reference)
            held, planned = states.get(State.HELD, 0), states.get(State.PLANNED, 0)
        self.log.info("batch %s: %d filed by this attempt", reference, filed)
        if planned:
            self.log.warning(
                "batch %s: %d not sent: a hold switch is on (`dimona hold --list`), or they wait for others",
                *(reference, planned),
            )
        if held:
            self.log.warning("batch %s: %d held, refused as requests: settle lists them", reference, held)
        return reference

    def _batch(self, context: Context, ledger: Ledger) -> str:
        if (self.batch is None) == (self.source is None):
            raise ConfigurationError("DimonaSubmitOperator needs either batch or source")
        if self.source is None:
            return str(self.batch)
        source = self.render_template(self.source, context) if isinstance(self.source, str) else self.source
        conn_id = self.dimona_conn_id or DimonaHook.default_conn_name
        reference, taken = take_source(
            ledger,
            run_of(context),
            Route(conn_id, DimonaHook(conn_id).settings().base_url),
            origin_of(context),
            read_source(source, self.log),
            now=time.time(),
        )
        log_taken(self, taken)
        return reference

    def _progress(self, reference: str) -> Progress:
        next_line = time.monotonic() + _PROGRESS_EVERY

        def progress(filed: int, left: int) -> None:
            nonlocal next_line
            if time.monotonic() >= next_line:
                next_line = time.monotonic() + _PROGRESS_EVERY
                self.log.info("batch %s: %d filed, %d to go", reference, filed, left)

        return progress

    # No on_kill, and that is meant: killing a task must never cancel or change anything at the NSSO.


class DimonaSettleOperator(BaseOperator):
    """
    Look at the NSSO for what is unclear of a batch, and list what a person should look at; returns counts.

    Files what waited for another declaration and may go now: the IN after its CANCEL. What can't be looked
    at, or sent, stays as it is and fails nothing: the hourly follow-up goes on, and asks for what went here.

    :param batch: the batch's reference (templated)
    :param dimona_conn_id: the connection to the NSSO; by default the batch's own
    """

    template_fields = ("batch",)
    operator_extra_links = (DimonaBatchLink(),)

    def __init__(self, *, batch: str, dimona_conn_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.dimona_conn_id = dimona_conn_id

    @guarded
    def execute(self, context: Context) -> dict[str, int]:
        """Settle what can be settled, and file what has become free."""
        with task_ledger(context) as ledger:
            batches.find(ledger, self.batch)  # or else UnknownBatch: an empty count would look like success
            sweep(ledger, now=time.time())
            if any(to_settle(ledger, self.batch)):
                _, settings = batch_and_settings(ledger, self.batch, self.dimona_conn_id)
                settle_and_log(self, ledger, self.batch, settings)
            self._file_freed(ledger)
            stands = standing(ledger, self.batch, now=time.time())
        self.log.info("batch %s: %s", self.batch, counts_line(stands.counts))
        for line in notable_lines(stands.notable):
            self.log.warning("%s", line)
        return stands.counts

    def _file_freed(self, ledger: Ledger) -> None:
        for batch in freed_by(ledger, self.batch, now=time.time()):
            try:
                _, settings = batch_and_settings(ledger, batch, self.dimona_conn_id)
                filed = asyncio.run(_file(ledger, batch, settings))
            except DimonaError as error:
                self.log.warning("batch %s: what waited could not be sent: %s", batch, error)
            else:
                self.log.info("batch %s: %d filed after what they waited for", batch, filed)


async def _file(
    ledger: Ledger, batch: str, settings: Settings, progress: Progress = lambda _filed, _left: None
) -> int:
    clock = SystemClock()
    async with open_line(ledger, settings, clock) as line:
        return await Submission(ledger, line.client, line.budget, clock).file(batch, progress)


def settle_and_log(operator: BaseOperator, ledger: Ledger, batch: str, settings: Settings) -> None:
    """Look for what is unclear of a batch, and say what came of it."""
    settled = asyncio.run(settle_batch(ledger, batch, settings, clock=SystemClock()))
    if settled is None:
        return
    operator.log.info("batch %s: %s", batch, settled.line())
    if settled.trouble:
        operator.log.warning("batch %s: not everything could be looked at: %s", batch, settled.trouble)
