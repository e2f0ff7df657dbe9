"""Sensors that wait for prepared batches, and the hourly follow-up of what is older, if there is any."""

from __future__ import annotations

from airflow.sdk import DAG, get_current_context, task

from dimona_provider.sensors import DimonaFollowUpSensor, DimonaResultSensor

with DAG("bench_triggerer", schedule=None, catchup=False, max_active_runs=1):

    @task
    def batches() -> list[str]:
        """Give the batches that the run was triggered with."""
        return list((get_current_context()["dag_run"].conf or {})["batches"])

    DimonaResultSensor.partial(task_id="wait").expand(batch=batches())
    DimonaFollowUpSensor(task_id="ask")
