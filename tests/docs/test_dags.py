"""The DAGs of the project are the ones that docs/dags.md describes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from support.markdown import DOCS, ROOT, table

_TEXT = (DOCS / "dags.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    from airflow.dag_processing.dagbag import BundleDagBag

    folder = ROOT / "dags"
    bag = BundleDagBag(str(folder), bundle_path=folder, bundle_name="dags-folder")
    assert not bag.import_errors
    return dict(bag.dags)


def test_dags_and_tasks_are_the_documented_ones(dags: dict[str, Any]) -> None:
    documented = {row[0]: set(row[2].split(", ")) for row in table(_TEXT, "DAG", "runs", "tasks")}

    assert {name: set(dag.task_ids) for name, dag in dags.items()} == documented


def test_one_run_at_a_time(dags: dict[str, Any]) -> None:
    assert {name for name, dag in dags.items() if dag.max_active_runs > 1} == {"dimona_decisions"}


def test_one_submit_at_a_time(dags: dict[str, Any]) -> None:
    assert dags["dimona_declare"].get_task("declare.submit").max_active_tis_per_dag == 3


def test_assets_are_the_documented_ones(dags: dict[str, Any]) -> None:
    made = {
        outlet.name for dag in dags.values() for task in dag.tasks for outlet in getattr(task, "outlets", ())
    }
    sentence = re.search(r"^The assets (.*) are only signals\.$", _TEXT, re.MULTILINE)

    assert sentence
    assert made == set(re.findall(r"`(\w+)`", sentence[1]))


def test_the_sensor_has_the_documented_retries() -> None:
    from dimona_provider.sensors import DimonaResultSensor

    assert DimonaResultSensor(task_id="wait", batch="x").retries == 3
    assert "It has three retries unless you say otherwise" in _TEXT


def test_batches_are_as_large_as_documented() -> None:
    from dimona_provider.ledger.batches import MOST_CHUNKS, SMALLEST_CHUNK

    assert f"each of {SMALLEST_CHUNK} intents or more" in _TEXT
    assert f"never more than {MOST_CHUNKS}" in _TEXT
