"""What surrounds the hourly questions: settling, and the report."""

from __future__ import annotations

import asyncio
import time

from airflow.sdk import BaseOperator, Context

from dimona_provider.api.settings import Settings
from dimona_provider.clock import SystemClock
from dimona_provider.domain.routes import Route
from dimona_provider.errors import DimonaError, ServiceUnavailable
from dimona_provider.filing.submission import Submission
from dimona_provider.hooks import DimonaHook
from dimona_provider.ledger import Ledger, lateness
from dimona_provider.ledger.due import QUIET
from dimona_provider.ledger.freed import freed_on
from dimona_provider.ledger.levels import levels
from dimona_provider.ledger.unclear import Unclear, planned_again, routes_to_settle
from dimona_provider.metrics import named
from dimona_provider.pacing import open_line
from dimona_provider.retaining import apply_retention, retention_days
from dimona_provider.settling.connection import settle_over, to_settle
from dimona_provider.settling.settlement import Settled
from dimona_provider.sharing import check_leads_to
from dimona_provider.task_errors import guarded
from dimona_provider.tasks import task_ledger
from dimona_provider.telling.reporting import MOST_LINES, open_lines, stuck_lines
from dimona_provider.upkeep import sweep


class DimonaFollowUpOperator(BaseOperator):
    """
    Settle the whole ledger, whatever became of the runs; returns what is open, by state.

    What is unclear is looked for at the NSSO; what surely never arrived is sent again, if the law lets it. A
    connection that can't be used fails the task at its end, after the others had their turn.
    """

    @guarded
    def execute(self, context: Context) -> dict[str, int]:
        """Fold answers into states, look for what is unclear, and file what may be filed again."""
        with task_ledger(context) as ledger:
            sweep(ledger, now=time.time())
            troubles = self._settle(ledger)
            sweep(ledger, now=time.time())
            by_environment = lateness.open_states(ledger)
            for line in open_lines(by_environment, {}):
                self.log.info("%s", line)
            if troubles:
                raise ServiceUnavailable("not everything could be settled: " + "; ".join(troubles))
        return _added(by_environment)

    def _settle(self, ledger: Ledger) -> list[str]:
        """Settle connection by connection; return in words what went wrong."""
        intents, refused = to_settle(ledger, None)
        troubles = []
        for route in routes_to_settle(ledger):
            own = [[one for one in some if one.is_of(route)] for some in (intents, refused)]
            if not any(own) and not _to_file(ledger, route):
                continue
            try:
                settings = DimonaHook(route.dimona_conn_id).settings()
                check_leads_to(route, settings)
                settled = asyncio.run(self._settle_over(ledger, route, settings, *own))
            except DimonaError as error:
                troubles.append(f"{route.dimona_conn_id}: {error}")
                continue
            self.log.info("%s: %s", route.dimona_conn_id, settled.line())
            if settled.trouble:
                troubles.append(f"{route.dimona_conn_id}: {settled.trouble}")
        return troubles

    async def _settle_over(
        self,
        ledger: Ledger,
        route: Route,
        settings: Settings,
        intents: list[Unclear],
        refused: list[Unclear],
    ) -> Settled:
        clock = SystemClock()
        settled = await settle_over(ledger, intents, refused, settings, clock=clock)
        waiting = await asyncio.to_thread(_to_file, ledger, route)
        async with open_line(ledger, settings, clock) as line:
            submission = Submission(ledger, line.client, line.budget, clock)
            for batch in sorted({*settled.batches, *waiting}):
                filed = await submission.file(batch)
                self.log.info("batch %s: %d filed, again or after what they waited for", batch, filed)
        return settled


def _to_file(ledger: Ledger, route: Route) -> set[str]:
    """Return the batches with something planned that no run may come back for."""
    now = time.time()
    return {*planned_again(ledger, route, before=now - QUIET), *freed_on(ledger, route, now=now)}


class DimonaFollowUpReportOperator(BaseOperator):
    """
    Log what is still open, and what of it a person should see to; returns counts by state.

    With the option ``retention_days`` in section ``dimona`` of Airflow's configuration it then purges the
    ledger, once a day at most.
    """

    @guarded
    def execute(self, context: Context) -> dict[str, int]:
        """Report, then purge what is old."""
        now = time.time()
        with task_ledger(context) as ledger:
            by_environment = lateness.open_states(ledger)
            late = lateness.late(ledger, now=now)
            ledger.tally.level(named(levels(ledger, now=now)))
            stuck = lateness.stuck(ledger, now=now, limit=MOST_LINES)
        for line in open_lines(by_environment, late):
            self.log.info("%s", line)
        for line in stuck_lines(stuck):
            self.log.warning("%s", line)
        if (days := retention_days()) is not None:
            with task_ledger(context) as ledger:
                purged = apply_retention(ledger, days, now=now)
            if purged.deleted or purged.stripped:
                self.log.info(
                    "what ended over %d days ago: %d deleted, %d stripped",
                    days,
                    purged.deleted,
                    purged.stripped,
                )
        return {**_added(by_environment), "late": sum(late.values())}


def _added(by_environment: dict[str, dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for states in by_environment.values():
        for state, count in states.items():
            total[state] = total.get(state, 0) + count
    return total
