"""Settling and reporting: what a run's log says at its end."""

from __future__ import annotations

import time

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from dimona_provider.ledger.schema import intents
from dimona_provider.operators import (
    DimonaFollowUpOperator,
    DimonaPlanOperator,
    DimonaReportOperator,
    DimonaSettleOperator,
    DimonaStageOperator,
    DimonaSubmitOperator,
)
from dimona_provider.sensors import DimonaResultSensor
from support.people import SSIN, employment, ssin
from support.served import closed_port

NOTHING = dict.fromkeys(
    ("declarations", "accepted", "warned", "refused", "identifying", "unclear", "waiting"), 0
)


@pytest.fixture
def filed(execute, age, nsso):
    """Give a batch of three, of which one is unclear and one held."""
    records = [
        employment(employment_id=f"E-{n}", worker={"ssin": ssin(n)}, start_date="2035-01-10")
        for n in (1, 2, 3)
    ]
    nsso.answer_with("POST", "/declarations", 500, 400)
    execute(DimonaStageOperator(task_id="stage", pages=lambda: [[*records, {"employment_id": "E-4"}]]))
    (batch,) = execute(DimonaPlanOperator(task_id="plan"))
    execute(DimonaSubmitOperator(task_id="submit", batch=batch))
    age(batch, 20.0)
    execute(DimonaResultSensor(task_id="wait", batch=batch, deferrable=False))
    return batch


def test_settling_lists_what_is_unclear_or_held_with_its_reason(filed, execute, logged):
    logged()

    counts = execute(DimonaSettleOperator(task_id="settle", batch=filed))

    text = logged()
    assert counts == {**NOTHING, "declarations": 3, "accepted": 1, "unclear": 1, "waiting": 1}
    assert "unclear: IN" in text
    assert "held: IN" in text
    assert "HTTP 500" in text
    assert "HTTP 400" in text
    assert f"batch {filed}: declarations: 3  accepted: 1" in text


def test_settling_sends_nothing(filed, execute, nsso):
    posts = len(nsso.posts)

    execute(DimonaSettleOperator(task_id="settle", batch=filed))

    assert len(nsso.posts) == posts


def test_settling_an_unknown_batch_fails_at_once(ledger, execute):
    with pytest.raises(AirflowFailException, match="knows no batch"):
        execute(DimonaSettleOperator(task_id="settle", batch="nothing"))


def test_a_dry_run_has_no_report_that_would_call_payroll(ledger, execute):
    with pytest.raises(AirflowSkipException, match="nothing was filed"):
        execute(DimonaReportOperator(task_id="report"), params={"dry_run": True})


def test_the_report_counts_the_runs_declarations_and_lists_its_findings(filed, execute, logged):
    logged()

    counts = execute(DimonaReportOperator(task_id="report"))

    text = logged()
    assert counts == {**NOTHING, "declarations": 3, "accepted": 1, "unclear": 1, "waiting": 1}
    assert (
        "declarations: 3  accepted: 1  warned: 0  refused: 0  identifying: 0  unclear: 1  waiting: 1" in text
    )
    assert "1 records malformed, to be corrected where they come from:" in text
    assert "E-4: start_date: " in text


def test_the_report_of_another_run_is_its_own(filed, execute, logged):
    assert execute(DimonaReportOperator(task_id="report"), run_id="run-2") == NOTHING
    assert "nothing to declare" in logged()


def test_the_report_says_what_other_runs_left_open_in_one_line(filed, execute, logged):
    logged()

    execute(DimonaReportOperator(task_id="report"), run_id="run-2")

    assert logged().count("other runs have left open: 1 held, 1 unclear (docs/operations.md)") == 1


def test_what_its_own_run_left_open_is_not_said_to_be_of_others(filed, execute, logged):
    logged()

    execute(DimonaReportOperator(task_id="report"))

    assert "other runs have left open" not in logged()


def test_the_report_takes_in_what_an_older_run_left_being_sent(filed, execute, ledger, states, logged):
    gone = {"state": "sending", "claimed_until": time.time() - 46.0, "declaration_id": None}
    with ledger.write() as connection:
        connection.execute(intents.update().where(intents.c.state == "accepted").values(**gone))
    logged()

    execute(DimonaReportOperator(task_id="report"), run_id="run-2")

    assert "other runs have left open: 1 held, 2 unclear" in logged()
    assert sorted(states()) == ["held", "unclear", "unclear"]


def test_settle_and_report_name_no_person(filed, execute, logged):
    execute(DimonaSettleOperator(task_id="settle", batch=filed))
    execute(DimonaReportOperator(task_id="report"))

    text = logged()
    assert [value for value in (SSIN, ssin(1), ssin(2), ssin(3)) if value in text] == []


@pytest.fixture
def replacing(execute, age, nsso):
    """Give the batch of a CANCEL, filed and accepted, and of the IN that waited for it."""

    def plan(run, committee):
        record = employment(start_date="2035-01-10", joint_committee=committee)
        execute(DimonaStageOperator(task_id="stage", pages=lambda: [[record]]))
        (batch,) = execute(DimonaPlanOperator(task_id="plan"), run_id=run)
        execute(DimonaSubmitOperator(task_id="submit", batch=batch))
        age(batch, 20.0)
        execute(DimonaResultSensor(task_id="wait", batch=batch, deferrable=False))
        return batch

    plan("first", "200")
    return plan("second", "140")


def test_settling_files_what_waited_and_may_go_now(replacing, execute, states, nsso, logged):
    assert states() == ["accepted", "accepted", "planned"]

    counts = execute(DimonaSettleOperator(task_id="settle", batch=replacing))

    assert states() == ["accepted", "accepted", "sent"]
    assert counts == {**NOTHING, "declarations": 2, "accepted": 1, "waiting": 1}
    assert f"batch {replacing}: 1 filed after what they waited for" in logged()
    execute(DimonaSettleOperator(task_id="settle", batch=replacing))
    assert len(nsso.posts) == 3


def test_what_can_not_be_sent_fails_no_settling_and_is_left_to_the_follow_up(
    replacing, execute, states, nsso, connect
):
    connection = nsso.connection()
    token_url = f"http://127.0.0.1:{closed_port()}/token"
    connect("dimona_default", {**connection, "extra": {**connection["extra"], "token_url": token_url}})

    execute(DimonaSettleOperator(task_id="settle", batch=replacing))

    assert states() == ["accepted", "accepted", "planned"]
    connect("dimona_default", connection)
    execute(DimonaFollowUpOperator(task_id="settle"))
    assert states() == ["accepted", "accepted", "sent"]
