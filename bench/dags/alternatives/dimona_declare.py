"""
The shipped ``dimona_declare`` without its clock and assets: the benchmark alone starts it.

A run by the hour in the middle of a measurement would spoil it.
"""

from __future__ import annotations

import os
import runpy
from pathlib import Path

from airflow.sdk import DAG
from airflow.timetables.simple import NullTimetable

from dimona_provider.ledger import batches

_SHIPPED = Path(__file__).resolve().parents[3] / "dags" / "dimona_declare.py"

# Read by every task process; what the ledger's default is stays without it.
if file := os.environ.get("BENCH_CHUNK_FILE"):
    batches.SMALLEST_CHUNK = int(Path(file).read_text(encoding="ascii"))

declare: DAG = runpy.run_path(str(_SHIPPED))["dag"]
# Airflow freezes both once a DAG is made.
object.__setattr__(declare, "schedule", None)
object.__setattr__(declare, "timetable", NullTimetable())
