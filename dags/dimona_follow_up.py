"""
Ask hourly for what the runs of `dimona_declare` left open, and tell somebody before a deadline passes.

The NSSO lets us ask once an hour for what has no outcome after 20 minutes, and for what it is still
identifying. One run makes one pass: `ask` may wait for up to an hour, in the triggerer.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Asset, CronTriggerTimetable, TriggerRule, task
from airflow.sdk.exceptions import AirflowFailException

from dimona_provider.notifiers import DimonaDeadlineNotifier
from dimona_provider.operators import (
    DimonaAlertOperator,
    DimonaFollowUpOperator,
    DimonaFollowUpReportOperator,
)
from dimona_provider.sensors import DimonaFollowUpSensor

outcomes = Asset("dimona_outcomes", "dimona://outcomes")

with DAG(
    dag_id="dimona_follow_up",
    # run_immediately and no start_date: else Airflow 3.3.2 may run the clock's last slot at once when the DAG
    # is first seen (see dimona_declare).
    schedule=CronTriggerTimetable("47 * * * *", timezone="Europe/Brussels", run_immediately=timedelta(0)),
    catchup=False,
    # One pass at a time: a pass may take the hour.
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=1)},
    tags=["dimona"],
    doc_md=__doc__,
) as dag:
    settle = DimonaFollowUpOperator(
        task_id="settle",
        doc_md="Settles what is unclear in the whole ledger, whatever became of the runs that filed it.",
    )
    ask = DimonaFollowUpSensor(
        task_id="ask",
        trigger_rule=TriggerRule.ALL_DONE,
        doc_md="Asks once for each declaration that is due within the hour, in the triggerer.",
    )
    # Beside ask, not after it: whoever is to be told can't wait for an hour.
    alert = DimonaAlertOperator(
        task_id="alert",
        notifiers=[DimonaDeadlineNotifier()],
        trigger_rule=TriggerRule.ALL_DONE,
        doc_md="Fails when something unclear or held is near its deadline: a person has to see to it "
        "(`dimona ledger list`, `dimona ledger resolve`).",
    )
    report = DimonaFollowUpReportOperator(
        task_id="report",
        outlets=[outcomes],
        trigger_rule=TriggerRule.ALL_DONE,
        doc_md="Counts what is still open, and lists what is unclear or held, nearest deadline first.",
    )

    @task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def fail_if_a_task_failed() -> None:
        """Fail the run: report runs in any case, and its success would hide a failure."""
        raise AirflowFailException("a task of this run failed: see the grid")

    settle >> [ask, alert]
    ask >> report
    list(dag.tasks) >> fail_if_a_task_failed()
