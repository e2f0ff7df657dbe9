"""The decorator ``@task.dimona_submit`` files what a function yields, in real runs."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.sdk import DagRunState, TaskInstanceState
from airflow.utils.session import create_session

from dimona_provider import triggers
from dimona_provider.cockpit.addresses import declarations_of_batch
from dimona_provider.ledger.schema import batches
from support.dags import returned
from support.people import item


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    # How long a trigger holds its event back is tested in test_triggers.
    monkeypatch.setattr(triggers, "SHORTEST_RUN", 0.0)


@pytest.fixture
def references(ledger):
    """Give what reads the references of all batches."""

    def read():
        with ledger.read() as connection:
            return list(connection.scalars(sa.select(batches.c.reference).order_by(batches.c.origin)))

    return read


def test_what_a_function_yields_is_filed_followed_and_linked_to(team_dags, references, nsso, states, logged):
    run = team_dags["team_decorated"].test()

    (reference,) = references()
    assert run.state == DagRunState.SUCCESS
    assert len(nsso.posts) == 3
    assert set(states()) == {"accepted"}
    assert returned(run, "hires") == reference
    assert returned(run, "wait")["accepted"] == 3
    for task_id in ("hires", "wait"):
        assert returned(run, task_id, key="_link_DimonaBatchLink") == declarations_of_batch(reference)
    with create_session() as session:
        shown = session.scalar(
            sa.select(RenderedTaskInstanceFields.rendered_fields).where(
                RenderedTaskInstanceFields.run_id == run.run_id, RenderedTaskInstanceFields.task_id == "hires"
            )
        )
    assert set(shown) == {"op_args", "op_kwargs"}
    persons = [item(number)["declaration"]["worker"]["ssin"] for number in (1, 2, 3)]
    assert [one for one in persons if one in logged() + str(shown)] == []


def test_it_can_be_mapped_and_each_one_shows_its_batch(team_dags, references, nsso):
    run = team_dags["team_mapped"].test()

    assert run.state == DagRunState.SUCCESS
    assert len(nsso.posts) == 4
    assert sorted(one.rendered_map_index for one in run.get_task_instances()) == sorted(references())
    assert len(references()) == 2


def test_what_a_function_raises_fails_the_task_without_its_text(team_dags, nsso, logged):
    run = team_dags["team_broken"].test()

    (failed,) = run.get_task_instances()
    assert failed.state == TaskInstanceState.FAILED
    text = logged()
    assert "a defect, ValueError" in text
    assert "93051822361" not in text.replace('raise ValueError("93051822361")', "")
    assert not nsso.posts


def test_the_operator_looks_like_the_decorator_in_the_ui(team_dags):
    task = team_dags["team_decorated"].task_dict["hires"]

    assert task.operator_name == "@task.dimona_submit"
    assert "source" not in task.template_fields
