"""The same DAG as in ``bench/dags/declare``: an Airflow reads one folder, and this one has more in it."""

from __future__ import annotations

import runpy
from pathlib import Path

from airflow.sdk import DAG

_SAME = Path(__file__).resolve().parents[1] / "declare" / "dimona_declare.py"

declare: DAG = runpy.run_path(str(_SAME))["declare"]
