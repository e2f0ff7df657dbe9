"""Tasks link to their batch in the cockpit, and the grid names batches."""

from __future__ import annotations

import importlib
import warnings
from urllib.parse import urlsplit

import pytest
from airflow.sdk import DAG

from dimona_provider.cockpit.addresses import PREFIX, ROUTE, declaration, declarations_of_batch
from dimona_provider.links import DimonaBatchLink
from dimona_provider.operators import DimonaSettleOperator, DimonaSubmitOperator
from dimona_provider.provider_info import get_provider_info
from dimona_provider.sensors import DimonaResultSensor
from support.people import item

LINKED = (DimonaSubmitOperator, DimonaResultSensor, DimonaSettleOperator)


def link(operator):
    return DimonaBatchLink().get_link(operator, ti_key=None)


@pytest.mark.parametrize("kind", LINKED)
def test_a_task_of_a_batch_links_to_its_declarations(kind):
    assert link(kind(task_id="task", batch="qX_1")) == declarations_of_batch("qX_1")


def test_a_source_links_to_the_batch_that_came_of_it(execute, ledger):
    submit = DimonaSubmitOperator(task_id="submit", source=lambda: [item(1)])

    before = link(submit)
    reference = execute(submit)

    assert before == ""
    assert link(submit) == declarations_of_batch(reference)


def test_a_batch_that_is_not_known_yet_has_no_link():
    with DAG("d", schedule=None):
        submit = DimonaSubmitOperator(task_id="submit", source=list)
        wait = DimonaResultSensor(task_id="wait", batch=submit.output)

    assert link(wait) == ""


def test_the_link_stays_on_the_host_that_shows_it_and_keeps_its_path(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.org/payroll/")

    found = link(DimonaResultSensor(task_id="wait", batch="qX_1"))

    assert found == declarations_of_batch("qX_1", base_url="/payroll")
    assert found.startswith("/payroll/plugin/")


@pytest.mark.parametrize("kind", LINKED)
def test_airflow_keeps_the_link_in_the_dag_that_it_stores(kind):
    from airflow.serialization.serialized_objects import DagSerialization

    with DAG("d", schedule=None) as dag:
        kind(task_id="task", batch="qX_1")

    stored = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag)).get_task("task")

    assert stored.extra_links == [DimonaBatchLink().name]


def test_the_provider_announces_the_link():
    assert get_provider_info()["extra-links"] == [
        f"{DimonaBatchLink.__module__}.{DimonaBatchLink.__qualname__}"
    ]


def test_links_lead_to_pages_that_the_cockpit_has():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Airflow's own
        app = importlib.import_module("dimona_provider.cockpit.app")
    before = f"/plugin/{ROUTE}{PREFIX}"
    routes = {route.path for route in app.create_app().routes}

    assert urlsplit(declarations_of_batch("qX_1")).path.removeprefix(before) in routes
    assert declaration("{reference}").removeprefix(before) in routes
