"""The least that Airflow can do: a sensor whose trigger sleeps to a given instant, and a task behind it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, BaseSensorOperator, Context, task

from bench.sleeping import SleepTrigger


class SleepSensor(BaseSensorOperator):
    """Wait for the instant that the run was triggered with."""

    def execute(self, context: Context) -> None:
        """Defer."""
        until = float((context["dag_run"].conf or {})["until"])
        self.defer(trigger=SleepTrigger(until), method_name="resume", timeout=timedelta(minutes=5))

    def resume(self, context: Context, event: Any) -> None:
        """Do nothing more."""


with DAG("bench_latency_floor", schedule=None, catchup=False, max_active_runs=100):

    @task
    def downstream() -> float:
        """Say when it runs."""
        return time.time()

    SleepSensor(task_id="wait", retries=3) >> downstream()
