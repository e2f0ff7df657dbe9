"""What surrounds the hourly questions: settling, the alert before a deadline, and the report."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, Context

from dimona_provider.errors import DeadlineNear
from dimona_provider.ledger import lateness
from dimona_provider.reporting import MOST_LINES, alert_sentence, open_lines, stuck_lines
from dimona_provider.task_errors import airflow_errors
from dimona_provider.tasks import task_ledger
from dimona_provider.upkeep import sweep

OVERDUE = timedelta(hours=24)
"""How long after its deadline a declaration still raises the alarm; the report lists it for ever."""


class DimonaFollowUpOperator(BaseOperator):
    """Bring the whole ledger up to date, whatever became of the runs; returns what is open, by state."""

    def execute(self, context: Context) -> dict[str, int]:
        """Fold answers into states, and call unclear what vanished senders left."""
        with airflow_errors(), task_ledger(context) as ledger:
            sweep(ledger, now=time.time())
            by_environment = lateness.open_states(ledger)
        for line in open_lines(by_environment, {}):
            self.log.info("%s", line)
        return _added(by_environment)


class DimonaAlertOperator(BaseOperator):
    """
    Fail when an unclear or held declaration is near its deadline, so that Airflow tells somebody.

    Fails with one sentence: references and deadlines. It goes on failing until somebody has seen to it, and
    for a day after the deadline.

    :param alert_before: how long before the deadline; a ``timedelta``, 24 hours by default
    """

    def __init__(self, *, alert_before: timedelta = timedelta(hours=24), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alert_before = alert_before

    def execute(self, context: Context) -> None:
        """Look for such declarations."""
        now = time.time()
        with airflow_errors(), task_ledger(context) as ledger:
            near = lateness.stuck(
                ledger,
                after=now - OVERDUE.total_seconds(),
                before=now + self.alert_before.total_seconds(),
            )
            if near:
                raise DeadlineNear(alert_sentence(near))
        self.log.info("nothing unclear or held is near its deadline")


class DimonaFollowUpReportOperator(BaseOperator):
    """Log what is still open, and what of it a person should see to; returns counts by state."""

    def execute(self, context: Context) -> dict[str, int]:
        """Report."""
        now = time.time()
        with airflow_errors(), task_ledger(context) as ledger:
            by_environment = lateness.open_states(ledger)
            late = lateness.late(ledger, now=now)
            stuck = lateness.stuck(ledger, limit=MOST_LINES)
        for line in open_lines(by_environment, late):
            self.log.info("%s", line)
        for line in stuck_lines(stuck):
            self.log.warning("%s", line)
        return {**_added(by_environment), "late": sum(late.values())}


def _added(by_environment: dict[str, dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for states in by_environment.values():
        for state, count in states.items():
            total[state] = total.get(state, 0) + count
    return total
