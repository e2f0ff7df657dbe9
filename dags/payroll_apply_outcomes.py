"""
Example downstream: write outcomes and Dimona period ids back to payroll.

Saving an outcome again changes nothing: each run takes all that changed since the run before it began.
"""

from __future__ import annotations

import pendulum
from airflow.providers.http.hooks.http import HttpHook
from airflow.sdk import DAG, Asset, get_current_context, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from dimona_provider.hooks import DimonaHook
from dimona_provider.ledger.summaries import Outcome, outcomes
from dimona_provider.task_errors import airflow_errors
from dimona_provider.tasks import task_ledger

OVERLAP = 600.0
"""Seconds: a change that waited for the ledger's database carries an earlier time than its commit."""

with DAG(
    dag_id="payroll_apply_outcomes",
    schedule=[Asset("dimona_outcomes", "dimona://outcomes")],
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Brussels"),
    catchup=False,
    max_active_runs=1,
    tags=["payroll", "example"],
    doc_md=__doc__,
):

    @task(retries=2)
    def apply() -> int:
        """Save what changed; return how many outcomes."""
        context = get_current_context()
        last_success = context.get("prev_start_date_success")
        after = (last_success.timestamp() - OVERLAP if last_success else 0.0, 0)
        saved = 0
        with airflow_errors(), task_ledger(context) as ledger:
            environment = DimonaHook().settings().base_url
            for page in outcomes(ledger, environment, after=after):
                _save(page)
                saved += len(page)
        return saved

    apply()


def _save(page: list[Outcome]) -> None:
    hook = HttpHook(method="PUT", http_conn_id="payroll_default")
    rows = [
        {
            "employment_id": one.employment,
            "outcome": one.state,
            "declaration_id": one.declaration_id,
            "period_id": one.period_id,
            "anomalies": list(one.anomalies),
        }
        for one in page
    ]
    try:
        response = hook.run(
            "payroll/outcomes", json={"outcomes": rows}, extra_options={"check_response": False}
        )
    except OSError as failure:  # as those of requests are
        raise AirflowException(f"payroll can't be reached ({type(failure).__name__})") from None
    if response.status_code != 200:
        may_pass = response.status_code == 429 or response.status_code >= 500
        error = AirflowException if may_pass else AirflowFailException
        raise error(f"payroll refused the outcomes with HTTP {response.status_code}")
