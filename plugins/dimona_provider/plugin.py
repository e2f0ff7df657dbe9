"""What this provider adds to Airflow's UI, found by the entry point ``airflow.plugins``."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class DimonaPlugin(AirflowPlugin):
    """Name the provider among Airflow's plugins."""

    name = "dimona"
