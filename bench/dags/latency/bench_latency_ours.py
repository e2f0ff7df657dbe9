"""A batch of one declaration, and a task behind it that says when it runs."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections.abc import Iterator
from typing import Any

from airflow.sdk import DAG, get_current_context, task

from bench import work
from dimona_provider.operators import DimonaSubmitOperator
from dimona_provider.sensors import DimonaResultSensor


def one_declaration() -> Iterator[dict[str, Any]]:
    """Give the declaration whose number the run was triggered with."""
    conf = get_current_context()["dag_run"].conf or {}
    number, seed = int(conf["number"]), int(conf["seed"])
    bodies = work.bodies(number, dt.datetime.now(dt.UTC).date(), seed)
    yield {
        "reference": work.reference(number),
        "declaration": next(itertools.islice(bodies, number - 1, None)),
    }


with DAG("bench_latency_ours", schedule=None, catchup=False, max_active_runs=100):
    submit = DimonaSubmitOperator(task_id="submit", source=one_declaration)
    wait = DimonaResultSensor(task_id="wait", batch="{{ ti.xcom_pull(task_ids='submit') }}")

    @task
    def downstream() -> float:
        """Say when it runs."""
        return time.time()

    submit >> wait >> downstream()
