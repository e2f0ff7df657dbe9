"""
The same work by Airflow's HTTP provider: for each declaration an ``HttpOperator`` and a deferrable sensor.

As good as a reasonable author makes it, and kinder than he could be to himself: one token for all, no retries
to pay for, no record of what was sent, no third task to read the outcome that the sensor only sees arrive.
The sensor's first look leaves from the worker, at whatever age that is; the next ones every 5 s.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from typing import Any

import httpx
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor
from airflow.sdk import DAG, get_current_context, task, task_group

from bench import work
from dimona_provider.api.auth import ClientCredentials
from dimona_provider.hooks import DimonaHook

HEADERS = {
    "Authorization": "Bearer {{ ti.xcom_pull(task_ids='token') }}",
    "Content-Type": "application/json",
    "Accept": "application/json",
}


def number_of(response: Any) -> str:
    """Read the declaration's number from a 201."""
    return str(response.headers["Location"].rsplit("/", 1)[1])


with DAG("bench_http", schedule=None, catchup=False, max_active_runs=1, default_args={"retries": 3}):

    @task
    def token() -> str:
        """Get an access token."""

        async def get() -> str:
            async with httpx.AsyncClient() as http:
                return (await ClientCredentials(DimonaHook().settings(), http).token()).value

        return asyncio.run(get())

    @task
    def bodies() -> list[str]:
        """Read what is to be declared."""
        conf = get_current_context()["dag_run"].conf or {}
        today = dt.datetime.now(dt.UTC).date()
        return [json.dumps(body) for body in work.bodies(int(conf["count"]), today, int(conf["seed"]))]

    @task_group
    def declare(body: str) -> None:
        """File one declaration and wait for its outcome."""
        post = HttpOperator(
            task_id="post",
            http_conn_id="bench_http",
            endpoint="declarations",
            method="POST",
            data=body,
            headers=HEADERS,
            response_filter=number_of,
        )
        wait = HttpSensor(
            task_id="wait",
            http_conn_id="bench_http",
            endpoint="declarations/{{ ti.xcom_pull(task_ids='declare.post', map_indexes=ti.map_index) }}",
            headers=HEADERS,
            deferrable=True,
            poke_interval=5,
        )
        post >> wait

    token() >> declare.expand(body=bodies())
