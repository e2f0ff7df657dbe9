"""The project's own DAGs; retries of dimona_declare come soon, for a chaos run has no minutes to wait."""

from __future__ import annotations

import runpy
from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG

_DAGS = Path(__file__).resolve().parents[3] / "dags"

declare: DAG = runpy.run_path(str(_DAGS / "dimona_declare.py"))["dag"]
for task in declare.tasks:
    task.retry_delay = timedelta(seconds=5)

runpy.run_path(str(_DAGS / "payroll_employments.py"))  # registers itself
