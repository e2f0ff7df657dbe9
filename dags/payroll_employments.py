"""
Example upstream: read payroll's employments page by page and stage them for the declarations.

Starts when payroll's change feed goes on, where there is a connection ``payroll_feed`` to it.

Replace ``payroll_pages`` by what reads your payroll: it runs in the worker and yields lists of employments.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pendulum
from airflow.providers.http.hooks.http import HttpHook
from airflow.sdk import DAG, Asset, AssetWatcher
from airflow.sdk.exceptions import AirflowException

from dimona_provider.errors import InvalidSource
from dimona_provider.operators import DimonaStageOperator
from dimona_provider.triggers import DimonaFeedTrigger

PAGE_SIZE = 200
employments = Asset("payroll_employments", "payroll://employments")
changes = Asset(
    "payroll_changes",
    "payroll://changes",
    watchers=[AssetWatcher("payroll_feed", DimonaFeedTrigger("payroll_feed"))],
)


def payroll_pages() -> Iterator[list[Any]]:
    """Yield the export of the connection ``payroll_default``, page by page."""
    hook = HttpHook(method="GET", http_conn_id="payroll_default")
    query = {"limit": str(PAGE_SIZE)}
    while True:
        # check_response would log the body of an error, and bodies hold persons.
        try:
            response = hook.run("payroll/employments", data=query, extra_options={"check_response": False})
        except OSError as error:  # as those of requests are
            raise AirflowException(f"payroll can't be reached ({type(error).__name__})") from None
        if response.status_code == 429 or response.status_code >= 500:
            raise AirflowException(f"payroll's export answered HTTP {response.status_code}")
        if response.status_code != 200:
            raise InvalidSource(f"payroll's export answered HTTP {response.status_code}")
        try:
            page = json.loads(response.content)
            records, after = page["employments"], page["next"]
        except (ValueError, KeyError, TypeError):
            raise InvalidSource("payroll's export is no page of employments (docs/payroll.md)") from None
        yield records
        if after is None:
            return
        query["after"] = str(after)


with DAG(
    dag_id="payroll_employments",
    schedule=[changes],
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Brussels"),
    catchup=False,
    max_active_runs=1,
    tags=["payroll", "example"],
    doc_md=__doc__,
):
    DimonaStageOperator(
        task_id="stage",
        pages=payroll_pages,
        feed=changes,
        outlets=[employments],
        retries=2,
        doc_md="Keeps payroll's export, encrypted, until `plan` has read it; never a part of it.",
    )
