"""A team's own DAGs, one for each way on which a person could get into Airflow."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from airflow.sdk import DAG
from canary_trigger import CrashingSensor, crash, items

from dimona_provider.operators import DimonaSettleOperator, DimonaSubmitOperator
from dimona_provider.sensors import DimonaResultSensor
from dimona_provider.sources import Source


def make(
    dag_id: str,
    sensor: type[DimonaResultSensor] = DimonaResultSensor,
    source: Source | None = None,
    conn_id: str = "dimona_stored",
    **options: Any,
) -> DAG:
    """Make submit ▶ wait ▶ settle; nothing is retried."""
    with DAG(dag_id, schedule=None, default_args={"retries": 0}) as dag:
        submit = DimonaSubmitOperator(
            task_id="submit", source=source or partial(items, dag_id), dimona_conn_id=conn_id
        )
        wait = sensor(task_id="wait", batch=submit.output, **options)
        wait >> DimonaSettleOperator(task_id="settle", batch=submit.output, trigger_rule="all_done")
    return dag


source = make("canary_source")
path = make("canary_path", source=os.environ["CANARY_LINES"])
poke = make("canary_poke", deferrable=False)
crash_trigger = make("canary_crash", CrashingSensor)
crash_source = make("canary_crash_source", source=partial(crash, "canary_crash_source"))
crash_poke = make("canary_crash_poke", CrashingSensor, deferrable=False)
ledger_intake = make("canary_ledger_intake")
ledger_claim = make("canary_ledger_claim")
ledger_trigger = make("canary_ledger_trigger")
ledger_poke = make("canary_ledger_poke", deferrable=False)
garbage = make("canary_garbage")
garbage_poke = make("canary_garbage_poke", deferrable=False)
denied = make("canary_denied", conn_id="dimona_denied")
