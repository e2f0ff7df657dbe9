"""The report of a run."""

from __future__ import annotations

import time

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowSkipException

from dimona_provider.domain.outcome import summarise
from dimona_provider.ledger.summaries import (
    batches_of_run,
    findings_of_run,
    left_open,
    notable,
    states_of_run,
)
from dimona_provider.task_errors import guarded
from dimona_provider.tasks import run_of, task_ledger
from dimona_provider.telling.reporting import counts_line, finding_lines, left_open_line, notable_lines
from dimona_provider.upkeep import sweep


class DimonaReportOperator(BaseOperator):
    """Log what became of this DAG run's declarations and records; returns the counts of the outcomes."""

    @guarded
    def execute(self, context: Context) -> dict[str, int]:
        """Report; a dry run is skipped, so that nobody downstream takes it for outcomes."""
        if context.get("params", {}).get("dry_run"):
            raise AirflowSkipException("dry run: nothing was filed, see the log of plan")
        with task_ledger(context) as ledger:
            sweep(ledger, now=time.time())
            run = run_of(context)
            counts = summarise(states_of_run(ledger, run))
            findings = findings_of_run(ledger, run)
            to_look_at = notable(ledger, batches_of_run(ledger, run))
            open_elsewhere = left_open(ledger, run)
        for line in (*finding_lines(findings), *notable_lines(to_look_at)):
            self.log.warning("%s", line)
        if open_elsewhere:
            self.log.warning("%s", left_open_line(open_elsewhere))
        if not counts["declarations"]:
            self.log.info("nothing to declare")
        self.log.info("%s", counts_line(counts))
        return counts
