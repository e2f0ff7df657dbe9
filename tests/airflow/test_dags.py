"""The house rules of every DAG that ships."""

from __future__ import annotations

import ast
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from airflow.configuration import conf
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import AssetOrTimeSchedule, TriggerRule
from airflow.sdk.exceptions import AirflowException

from dimona_provider.operators import (
    DimonaAskOperator,
    DimonaDriftReportOperator,
    DimonaReconcileOperator,
    DimonaReportOperator,
    DimonaSettleOperator,
    DimonaSubmitOperator,
)
from dimona_provider.sensors import DimonaFollowUpSensor, DimonaResultSensor
from dimona_provider.triggers import DimonaFeedTrigger
from support.dags import FOLDER, shipped
from support.served import closed_port

BAG = shipped()
EVERY_DAG = pytest.mark.parametrize("dag", BAG.dags.values(), ids=BAG.dags)
TASKS = [task for dag in BAG.dags.values() for task in dag.tasks]


def tasks_of(kind):
    """Give every task of a kind, inside mapped groups too."""
    found = [task for task in TASKS if isinstance(task, kind)]
    assert found, f"no DAG has a {kind.__name__}"
    return found


@pytest.fixture(scope="module")
def declare():
    return BAG.dags["dimona_declare"]


@pytest.fixture(scope="module")
def follow_up():
    return BAG.dags["dimona_follow_up"]


def test_every_file_can_be_imported():
    assert BAG.import_errors == {}
    assert set(BAG.dags) == {
        "payroll_employments",
        "dimona_declare",
        "dimona_follow_up",
        "dimona_decisions",
        "dimona_reconcile",
        "payroll_apply_outcomes",
    }


@EVERY_DAG
def test_a_dag_explains_itself(dag):
    assert dag.doc_md.strip()
    assert dag.tags


@pytest.mark.parametrize(
    "task", [one for one in TASKS if "Dimona" in one.task_type], ids=lambda one: one.task_id
)
def test_a_task_of_ours_explains_itself(task):
    assert task.doc_md.strip()


@EVERY_DAG
def test_a_dag_has_one_run_at_a_time_and_none_for_the_past(dag):
    # A run that asks people waits for days, while others ask on: each question is put once, whoever runs.
    assert dag.max_active_runs == (100 if dag.dag_id == "dimona_decisions" else 1)
    assert dag.catchup is False


@EVERY_DAG
def test_a_dag_ships_unpaused(dag):
    assert dag.is_paused_upon_creation is not True


@EVERY_DAG
def test_a_dag_can_be_validated_and_stored(dag):
    from airflow.serialization.serialized_objects import DagSerialization

    dag.validate()

    assert DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag)).dag_id == dag.dag_id


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_a_dag_file_imports_nothing_heavy_at_its_top(path):
    allowed = {
        "__future__",
        "airflow",
        "collections",
        "datetime",
        "dimona_provider",
        "json",
        "pendulum",
        "typing",
    }
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])

    assert imported <= allowed


def test_reading_the_dags_touches_neither_connections_nor_the_ledger():
    # A fresh process, without any of the tests' connections: it would fail where one is looked up.
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from airflow.sdk import BaseHook\n"
        "def refuse(*_): raise SystemExit('looked up a connection')\n"
        "BaseHook.get_connection = classmethod(refuse)\n"
        "import sqlalchemy as sa\n"
        "sa.create_engine = refuse\n"
        "import dimona_decisions, dimona_declare, dimona_follow_up, dimona_reconcile\n"
        "import payroll_apply_outcomes, payroll_employments\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(FOLDER)], capture_output=True, text=True, check=False, timeout=60
    )

    assert ended.returncode == 0, ended.stderr[-2000:]


# --- the DAG that declares ---


def test_it_runs_after_payroll_and_every_hour(declare):
    timetable = declare.timetable

    assert isinstance(timetable, AssetOrTimeSchedule)
    assert [asset.name for asset in timetable.asset_condition.objects] == [
        "payroll_employments",
        "dimona_answers",
    ]
    assert timetable.timetable.expression.split()[1:] == ["*"] * 4
    # False would still run the last slot at once for six minutes after it.
    assert timetable.timetable.run_immediately == timedelta(0)


def test_waiting_may_be_retried():
    assert all(task.retries >= 2 for task in tasks_of(DimonaResultSensor))


def test_one_batch_is_sent_at_a_time():
    assert all(task.max_active_tis_per_dag == 3 for task in tasks_of(DimonaSubmitOperator))


def test_no_task_needs_a_pool_that_may_be_missing():
    assert {task.pool for task in TASKS} == {"default_pool"}


def test_settling_and_reporting_happen_whatever_failed_before():
    for kind in (DimonaSettleOperator, DimonaReportOperator):
        assert {task.trigger_rule for task in tasks_of(kind)} == {TriggerRule.ALL_DONE}


def test_the_report_announces_outcomes_and_payroll_listens(declare):
    (report,) = tasks_of(DimonaReportOperator)
    listens = BAG.dags["payroll_apply_outcomes"].timetable

    assert [outlet.name for outlet in report.outlets] == ["dimona_outcomes"]
    assert [asset.name for asset in listens.asset_condition.objects] == ["dimona_outcomes"]


def test_staging_announces_employments_and_the_declaring_dag_listens(declare):
    (stage,) = BAG.dags["payroll_employments"].tasks

    assert [outlet.name for outlet in stage.outlets] == ["payroll_employments"]


@pytest.mark.parametrize("dag_id", ["dimona_declare", "dimona_follow_up", "dimona_reconcile"])
def test_the_last_task_watches_every_other_and_fails_when_one_failed(dag_id):
    tasks = BAG.dags[dag_id].tasks
    (last,) = (task for task in tasks if task.trigger_rule == TriggerRule.ONE_FAILED)

    assert last.upstream_task_ids == {task.task_id for task in tasks if task is not last}
    assert last.retries == 0
    assert not last.downstream_task_ids


def test_the_grid_names_batches_and_employers():
    shown = {task.task_id: task.map_index_template for task in TASKS if task.map_index_template}

    assert shown == {
        "declare.submit": "{{ task.batch }}",
        "declare.wait": "{{ task.batch }}",
        "declare.settle": "{{ task.batch }}",
        "reconcile": "{{ task.employers[0] }}{{ ' …' if task.employers | length > 1 }}",
    }


def test_no_batch_waits_for_another(declare):
    inside = {task.task_id for task in declare.tasks if task.task_id.startswith("declare.")}

    assert inside == {"declare.submit", "declare.wait", "declare.settle"}
    assert declare.task_dict["declare.submit"].downstream_task_ids >= {"declare.wait"}
    assert declare.task_dict["declare.wait"].downstream_task_ids >= {"declare.settle"}


def test_what_files_is_retried_with_a_pause(declare):
    for task in tasks_of(DimonaSubmitOperator):
        assert task.retries >= 2
        assert task.retry_delay >= timedelta(seconds=30)


# --- the DAG that asks people ---


def test_people_are_asked_by_mapped_tasks_whose_answers_start_a_plan():
    ask = BAG.dags["dimona_decisions"].get_task("ask")

    assert ask.operator_class is DimonaAskOperator
    assert issubclass(DimonaAskOperator, HITLOperator)
    assert [outlet.name for outlet in ask.partial_kwargs["outlets"]] == ["dimona_answers"]
    assert BAG.dags["dimona_decisions"].timetable.run_immediately == timedelta(0)


def test_payroll_s_feed_starts_the_staging():
    timetable = BAG.dags["payroll_employments"].timetable
    (asset,) = timetable.asset_condition.objects
    (watcher,) = asset.watchers

    assert isinstance(watcher.trigger, DimonaFeedTrigger)
    assert BAG.dags["payroll_employments"].get_task("stage").feed == asset


# --- the DAG that follows up ---


def test_it_runs_every_hour_at_a_minute_of_its_own(declare, follow_up):
    minute, *rest = follow_up.timetable.expression.split()

    assert rest == ["*"] * 4
    assert minute != declare.timetable.timetable.expression.split()[0]
    assert follow_up.start_date is None
    assert follow_up.timetable.run_immediately == timedelta(0)


def test_what_of_the_follow_up_fails_stops_no_other_part(follow_up):
    for task_id in ("ask", "alert", "report"):
        assert follow_up.task_dict[task_id].trigger_rule == TriggerRule.ALL_DONE
    assert follow_up.task_dict["ask"].upstream_task_ids == {"settle"}
    assert follow_up.task_dict["alert"].upstream_task_ids == {"settle"}
    assert follow_up.task_dict["report"].upstream_task_ids == {"ask"}


def test_what_the_follow_up_learns_is_announced_to_payroll(follow_up):
    assert [outlet.name for outlet in follow_up.task_dict["report"].outlets] == ["dimona_outcomes"]


def test_asking_waits_without_a_worker_and_may_be_retried(follow_up):
    (ask,) = tasks_of(DimonaFollowUpSensor)

    assert ask.deferrable
    assert ask.retries >= 2


def test_the_tests_read_the_shipped_dags_and_plugins():
    assert Path(conf.get("core", "dags_folder")) == FOLDER
    assert Path(conf.get("core", "plugins_folder")) == FOLDER.parent / "plugins"


# --- the DAG that reconciles ---


def test_reconciling_is_nightly_and_one_employer_at_a_time():
    dag = BAG.dags["dimona_reconcile"]
    compare = dag.get_task("reconcile")

    assert dag.timetable.expression.split()[2:] == ["*"] * 3
    assert dag.timetable.run_immediately == timedelta(0)
    assert compare.max_active_tis_per_dag == 1
    assert compare.operator_class is DimonaReconcileOperator


def test_the_drift_report_is_made_whatever_failed_before_and_announces_itself():
    (report,) = tasks_of(DimonaDriftReportOperator)

    assert report.trigger_rule == TriggerRule.ALL_DONE
    assert [outlet.name for outlet in report.outlets] == ["dimona_drift"]


def test_a_payroll_that_can_not_be_reached_is_no_defect(connect):
    connect("payroll_default", {"conn_type": "http", "host": f"http://127.0.0.1:{closed_port()}"})
    stage = BAG.dags["payroll_employments"].get_task("stage")

    with pytest.raises(AirflowException, match="payroll can't be reached"):
        next(iter(stage.pages()))
