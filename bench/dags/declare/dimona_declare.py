"""
The shipped ``dimona_declare`` without its clock and assets: the benchmark alone starts it.

A run by the hour in the middle of a measurement would spoil it.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from airflow.sdk import DAG
from airflow.timetables.simple import NullTimetable

_SHIPPED = Path(__file__).resolve().parents[3] / "dags" / "dimona_declare.py"

declare: DAG = runpy.run_path(str(_SHIPPED))["dag"]
# Airflow freezes both once a DAG is made.
object.__setattr__(declare, "schedule", None)
object.__setattr__(declare, "timetable", NullTimetable())
