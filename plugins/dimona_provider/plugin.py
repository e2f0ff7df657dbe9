"""What this provider adds to Airflow's UI, found by the entry point ``airflow.plugins``."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

from dimona_provider.cockpit.addresses import PREFIX, ROUTE
from dimona_provider.cockpit.serving import cockpit

_COCKPIT = urlsplit(conf.get("api", "base_url", fallback="/")).path.rstrip("/") + PREFIX
"""Where the browser finds it: behind a proxy, Airflow may be below a path."""
_OF_RUN = "dag_id={DAG_ID}&run_id={RUN_ID}"


class DimonaPlugin(AirflowPlugin):
    """Name the provider among Airflow's plugins, and show the cockpit as a page and as two tabs."""

    name = "dimona"
    fastapi_apps: list[Any] = [{"app": cockpit, "url_prefix": PREFIX, "name": "Dimona"}]  # noqa: RUF012 - Airflow's form
    external_views: list[Any] = [  # noqa: RUF012 - as above
        {
            "name": "Dimona",
            "href": f"{_COCKPIT}/",
            "destination": "nav",
            "url_route": ROUTE,
            "nav_top_level": True,  # payroll officers look here first
        },
        {
            "name": "Dimona",
            "href": f"{_COCKPIT}/run?{_OF_RUN}",
            "destination": "dag_run",
            "url_route": "dimona-run",
        },
        {
            "name": "Dimona",
            "href": f"{_COCKPIT}/task?{_OF_RUN}&task_id={{TASK_ID}}&map_index={{MAP_INDEX}}",
            "destination": "task_instance",
            "url_route": "dimona-task",
        },
    ]
