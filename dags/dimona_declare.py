"""
Declare what payroll wishes: plan, then per batch submit ▶ wait ▶ settle, then report.

Runs when payroll has staged employments, when a person has answered a question, and every hour, because a
start date can come near without an event.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import (
    DAG,
    Asset,
    AssetOrTimeSchedule,
    CronTriggerTimetable,
    Param,
    TriggerRule,
    task,
    task_group,
)
from airflow.sdk.exceptions import AirflowFailException

from dimona_provider.operators import (
    DimonaPlanOperator,
    DimonaReportOperator,
    DimonaSettleOperator,
    DimonaSubmitOperator,
)
from dimona_provider.sensors import DimonaResultSensor

employments = Asset("payroll_employments", "payroll://employments")
answers = Asset("dimona_answers", "dimona://answers")
outcomes = Asset("dimona_outcomes", "dimona://outcomes")
BATCH = "{{ task.batch }}"
"""What the grid shows in place of 0, 1, 2: the batch's reference, as logs and the cockpit have it."""

with DAG(
    dag_id="dimona_declare",
    schedule=AssetOrTimeSchedule(
        assets=(employments | answers),
        # Else, and with False too, Airflow 3.3.2 runs the clock's last slot at once if the DAG is first seen
        # within six minutes of it; with a start_date always.
        timetable=CronTriggerTimetable(
            "17 * * * *", timezone="Europe/Brussels", run_immediately=timedelta(0)
        ),
    ),
    catchup=False,
    # One run at a time: the next plan takes over what this run could not send.
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=1)},
    # For a run by hand: whom alone to plan, and whether to file.
    params={
        "employer": Param(None, type=["null", "string"], description="enterprise number"),
        "employments": Param([], type="array", items={"type": "string"}, description="payroll's ids"),
        "dry_run": Param(False, type="boolean", description="log and keep the plan, file nothing"),  # noqa: FBT003
    },
    tags=["dimona"],
    doc_md=__doc__,
) as dag:
    plan = DimonaPlanOperator(
        task_id="plan",
        doc_md="Compares payroll's employments with what was declared, and makes batches of what is to be "
        "filed. Its log lists the records that can't be used. A retry has the same batches.",
    )

    @task_group
    def declare(batch: str) -> None:
        """File one batch and wait for it; no batch waits for another."""
        # One starts while others send: the budget is one for all of them. A missing pool would never run.
        submit = DimonaSubmitOperator(
            task_id="submit",
            batch=batch,
            map_index_template=BATCH,
            max_active_tis_per_dag=3,
            doc_md="Files one batch. A retry sends what was not sent, and nothing twice; "
            "marking or killing it cancels nothing.",
        )
        # What was filed is followed, also when submit failed over the rest.
        wait = DimonaResultSensor(
            task_id="wait",
            batch=batch,
            map_index_template=BATCH,
            trigger_rule=TriggerRule.ALL_DONE,
            doc_md="Waits for the outcomes without a worker, 20 minutes at most. Refusals fail nothing: "
            "they are outcomes, listed by `settle` and `report`.",
        )
        settle = DimonaSettleOperator(
            task_id="settle",
            batch=batch,
            map_index_template=BATCH,
            trigger_rule=TriggerRule.ALL_DONE,
            doc_md="Looks at the NSSO for what is unclear, files what waited for another declaration, "
            "and lists what a person should look at.",
        )
        submit >> wait >> settle

    report = DimonaReportOperator(
        task_id="report",
        outlets=[outcomes],
        trigger_rule=TriggerRule.ALL_DONE,
        doc_md="Counts the run's outcomes and lists what is refused, warned, unclear or held, one by one. "
        "What to do about each: `dimona explain CODE`.",
    )

    @task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def fail_if_a_task_failed() -> None:
        """Fail the run: report runs in any case, and its success would hide a failure."""
        raise AirflowFailException("a task of this run failed: see the grid")

    declare.expand(batch=plan.output) >> report
    # Every task, not the last of each batch alone: settle runs and succeeds whatever failed before it.
    list(dag.tasks) >> fail_if_a_task_failed()
