"""``dimona_declare`` with a sensor that keeps its worker: the same tasks, ``deferrable=False``."""

from __future__ import annotations

from airflow.sdk import DAG, TriggerRule, task_group

from dimona_provider.operators import (
    DimonaPlanOperator,
    DimonaReportOperator,
    DimonaSettleOperator,
    DimonaSubmitOperator,
)
from dimona_provider.sensors import DimonaResultSensor

with DAG("bench_poke", schedule=None, catchup=False, max_active_runs=1):
    plan = DimonaPlanOperator(task_id="plan")

    @task_group
    def declare(batch: str) -> None:
        """File one batch and wait for it."""
        submit = DimonaSubmitOperator(task_id="submit", batch=batch, max_active_tis_per_dag=1)
        wait = DimonaResultSensor(task_id="wait", batch=batch, deferrable=False)
        settle = DimonaSettleOperator(task_id="settle", batch=batch, trigger_rule=TriggerRule.ALL_DONE)
        submit >> wait >> settle

    declare.expand(batch=plan.output) >> DimonaReportOperator(task_id="report")
