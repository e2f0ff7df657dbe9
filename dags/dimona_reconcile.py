"""
Compare every night what the NSSO has of each employer with what we declared, and report where they differ.

Files nothing: a gap is for payroll or for a person. What is still under way, or may not show yet, is no gap.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Asset, CronTriggerTimetable, TriggerRule, task
from airflow.sdk.exceptions import AirflowFailException

from dimona_provider.operators import (
    DimonaDriftReportOperator,
    DimonaEmployersOperator,
    DimonaReconcileOperator,
)

drift = Asset("dimona_drift", "dimona://drift")

with DAG(
    dag_id="dimona_reconcile",
    # run_immediately and no start_date: else Airflow 3.3.2 may run the clock's last slot at once when the DAG
    # is first seen (see dimona_declare).
    schedule=CronTriggerTimetable("23 2 * * *", timezone="Europe/Brussels", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
    tags=["dimona"],
    doc_md=__doc__,
) as dag:
    employers = DimonaEmployersOperator(task_id="employers", doc_md="Lists the employers of the ledger.")
    # One employer at a time keeps the request budget; a pool that is missing would never run.
    reconcile = DimonaReconcileOperator.partial(
        task_id="reconcile",
        max_active_tis_per_dag=1,
        # The grid names the employer; of several, where there are more than 1000, the first.
        map_index_template="{{ task.employers[0] }}{{ ' …' if task.employers | length > 1 }}",
        doc_md="Reads one employer's periods from the NSSO, and compares them with ours. Files nothing.",
    ).expand(employers=employers.output)
    report = DimonaDriftReportOperator(
        task_id="report",
        outlets=[drift],
        trigger_rule=TriggerRule.ALL_DONE,
        doc_md="Writes the open gaps as CSV and JSON Lines, and lists them in its log.",
    )

    @task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def fail_if_a_task_failed() -> None:
        """Fail the run: report runs in any case, and its success would hide a failure."""
        raise AirflowFailException("a task of this run failed: see the grid")

    reconcile >> report
    list(dag.tasks) >> fail_if_a_task_failed()
