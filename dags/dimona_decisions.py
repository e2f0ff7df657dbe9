"""
Ask people what the machine may not decide: late cancels, the brake, warnings, refusals, what is unclear.

Every hour all open questions are put together, one task for each employer and day: Required Actions in
Airflow's UI shows it, with counts, deadlines and the lawful options. Nobody's answer means that everything
stays as it is. The next run of `dimona_declare` acts on the answers, and starts at once when there is one.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Asset, CronTriggerTimetable

from dimona_provider.operators import DimonaAskOperator, DimonaCollectOperator

answers = Asset("dimona_answers", "dimona://answers")

with DAG(
    dag_id="dimona_decisions",
    # run_immediately and no start_date: else Airflow 3.3.2 may run the clock's last slot at once when the DAG
    # is first seen (see dimona_declare).
    schedule=CronTriggerTimetable("32 * * * *", timezone="Europe/Brussels", run_immediately=timedelta(0)),
    catchup=False,
    # A run waits for people, up to the next working day's end and longer over a weekend, while others ask on.
    max_active_runs=100,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=1)},
    tags=["dimona"],
    doc_md=__doc__,
) as dag:
    collect = DimonaCollectOperator(
        task_id="collect",
        doc_md="Puts all open questions together, one asking for each employer and day; asks nobody twice.",
    )
    DimonaAskOperator.partial(
        task_id="ask",
        outlets=[answers],
        doc_md="Asks a person; no answer by the deadline means that everything stays as it is.",
    ).expand(asking=collect.output)
