"""The shipped DAGs, run from end to end by Airflow's own ``dag.test``, against the simulator over HTTP."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from airflow.models.xcom import XComModel
from airflow.sdk import DagRunState, TaskInstanceState
from airflow.utils.session import create_session
from cryptography.hazmat.primitives.asymmetric import rsa

from dimona_provider import triggers
from dimona_provider.cockpit.addresses import declarations_of_batch
from dimona_provider.ledger.schema import answers, batches, intents, staged_pages
from include.payroll.sample import Case, case_of, employments
from support.dags import returned, shipped
from support.nsso import pem

COUNT = 40
TODAY = dt.datetime.now(ZoneInfo("Europe/Brussels")).date()
PEOPLE = list(employments(COUNT, TODAY))
SECRETS = {
    str(value)
    for record in PEOPLE
    if isinstance(record["worker"], dict)
    for name, value in record["worker"].items()
    if name in {"ssin", "birth_date"}
}


@pytest.fixture(autouse=True)
def _installed(metadata_database, ledger, payroll, monkeypatch):
    # How long a trigger holds its event back is tested in test_triggers.
    monkeypatch.setattr(triggers, "SHORTEST_RUN", 0.0)


def run(dag_id):
    """Run a DAG once; give its run and the states of its tasks."""
    done = shipped().dags[dag_id].test()
    return done, {(one.task_id, one.map_index): one.state for one in done.get_task_instances()}


def stored(done):
    """Give everything that Airflow's database holds of what the tasks of a run returned and waited with."""
    with create_session() as session:
        of_run = XComModel.dag_id == done.dag_id, XComModel.run_id == done.run_id
        return {
            (one.task_id, one.map_index): XComModel.deserialize_value(one)
            for one in session.scalars(sa.select(XComModel).where(*of_run, XComModel.key == "return_value"))
        }


def test_payroll_is_declared_and_gets_its_outcomes_back(payroll, nsso, ledger, logged):
    payroll.fill(PEOPLE)

    staged, _ = run("payroll_employments")
    declared, states = run("dimona_declare")
    applied, _ = run("payroll_apply_outcomes")

    assert {staged.state, declared.state, applied.state} == {DagRunState.SUCCESS}
    assert states.pop(("fail_if_a_task_failed", -1)) == TaskInstanceState.SKIPPED
    assert set(states.values()) == {TaskInstanceState.SUCCESS}
    saved = {one.employment_id: one for one in payroll.outcomes()}
    wrong = [number for number in range(1, COUNT + 1) if case_of(number) is Case.MALFORMED]
    assert len(saved) == COUNT - len(wrong) == len(nsso.posts)
    # Of a duplicate and its original, the one that is filed later is refused.
    assert {saved["E-000010"].outcome, saved["E-000019"].outcome} == {"accepted", "refused"}
    for number in sorted(set(range(1, COUNT + 1)) - {10, 19}):
        match case_of(number):
            case Case.ACCEPTED | Case.WARNED | Case.REFUSED:
                assert saved[f"E-{number:06d}"].outcome == case_of(number).value, number
            case Case.IDENTIFIED_LATER:
                assert saved[f"E-{number:06d}"].outcome == "identifying"
    assert all(one.period_id for one in saved.values() if one.outcome in {"accepted", "warned"})
    with ledger.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(staged_pages)) == 0
    handed_on = stored(declared)
    (batch,) = handed_on["plan", -1]
    shown = {
        one.task_id: one.rendered_map_index for one in declared.get_task_instances() if one.map_index == 0
    }
    assert shown == dict.fromkeys(("declare.submit", "declare.wait", "declare.settle"), batch)
    for task_id in shown:
        assert returned(declared, task_id, 0, "_link_DimonaBatchLink") == declarations_of_batch(batch)
    assert handed_on["report", -1] == handed_on["declare.wait", 0]
    assert handed_on["report", -1]["declarations"] == len(nsso.posts)
    text = logged() + str(stored(staged)) + str(handed_on) + str(stored(applied))
    assert [secret for secret in SECRETS if secret in text] == []
    assert "PRIVATE" not in text
    assert "eyJ" not in text


def test_an_empty_export_is_a_successful_run_that_says_so(nsso, payroll, logged):
    staged, _ = run("payroll_employments")
    declared, states = run("dimona_declare")

    assert staged.state == declared.state == DagRunState.SUCCESS
    assert states["report", -1] == TaskInstanceState.SUCCESS
    assert states["declare.submit", -1] == TaskInstanceState.SKIPPED
    assert not nsso.posts
    text = logged()
    assert "payroll's export is empty" in text
    assert "nothing to declare" in text


def test_a_failed_task_fails_the_run_and_the_next_run_declares_everything(nsso, payroll, connect, logged):
    payroll.fill(PEOPLE[:5])
    other = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    connect("dimona_default", nsso.connection(private_key=other))
    run("payroll_employments")

    failed, states = run("dimona_declare")

    assert states["declare.submit", 0] == TaskInstanceState.FAILED
    assert states["report", -1] == TaskInstanceState.SUCCESS
    assert failed.state == DagRunState.FAILED
    assert not nsso.posts
    connect("dimona_default", nsso.connection())
    again, _ = run("dimona_declare")
    assert again.state == DagRunState.SUCCESS
    assert len(nsso.posts) == 5


def test_a_payroll_that_can_not_be_read_stages_nothing(nsso, payroll, ledger):
    payroll.fill(PEOPLE[:5])
    nsso.answer_with("GET", "/payroll/employments", 403)

    failed, _ = run("payroll_employments")

    assert failed.state == DagRunState.FAILED
    with ledger.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(staged_pages)) == 0


def make_older(ledger, seconds):
    """Let everything have been filed, answered S and left by its run earlier."""
    with ledger.write() as connection:
        connection.execute(intents.update().values(filed_at=intents.c.filed_at - seconds))
        connection.execute(batches.update().values(polled_until=batches.c.polled_until - seconds))


def test_what_a_run_left_open_is_followed_up_and_payroll_gets_it(payroll, nsso, ledger, logged):
    payroll.fill(PEOPLE[:20])
    run("payroll_employments")
    run("dimona_declare")
    with ledger.write() as connection:  # the service said S, and has found the person since
        known = sa.select(intents).where(intents.c.state == "accepted").limit(2)
        found = {one.id: one.employment for one in connection.execute(known)}
        mine = intents.c.id.in_(found)
        connection.execute(intents.update().where(mine).values(state="identifying", period_id=None))
        connection.execute(answers.update().where(answers.c.intent.in_(found)).values(result="S"))
    make_older(ledger, 4790.0)
    before = len(nsso.looks)

    followed, states = run("dimona_follow_up")
    applied, _ = run("payroll_apply_outcomes")

    assert {followed.state, applied.state} == {DagRunState.SUCCESS}
    assert states.pop(("fail_if_a_task_failed", -1)) == TaskInstanceState.SKIPPED
    assert set(states.values()) == {TaskInstanceState.SUCCESS}
    still = len([number for number in range(1, 21) if case_of(number) is Case.IDENTIFIED_LATER])
    assert len(nsso.looks) - before == len(found) + still
    assert len(nsso.posts) == len(set(range(1, 21))) - len(
        [number for number in range(1, 21) if case_of(number) is Case.MALFORMED]
    )
    saved = {one.employment_id: one for one in payroll.outcomes()}
    assert {saved[employment].outcome for employment in found.values()} == {"accepted"}
    handed_on = stored(followed)
    assert handed_on["ask", -1] == {"looks": len(found) + still, "answered": len(found), "skipped": 0}
    assert handed_on["report", -1].get("identifying", 0) == still
    text = logged() + str(handed_on)
    assert [secret for secret in SECRETS if secret in text] == []


def test_a_deadline_that_nears_fails_the_run_and_stops_nothing_else(payroll, nsso, ledger, logged):
    payroll.fill(PEOPLE[:3])
    run("payroll_employments")
    run("dimona_declare")
    with ledger.write() as connection:
        soon = dt.datetime.now(dt.UTC).timestamp() + 3600
        stuck = {"state": "held", "declaration_id": None, "file_by": soon}
        connection.execute(intents.update().values(**stuck))

    followed, states = run("dimona_follow_up")

    assert followed.state == DagRunState.FAILED
    assert states["alert", -1] == TaskInstanceState.FAILED
    assert {states[name, -1] for name in ("settle", "ask", "report")} == {TaskInstanceState.SUCCESS}
    assert "need a person" in logged()


def test_with_nothing_open_a_follow_up_asks_nothing_and_succeeds(nsso, ledger, logged):
    followed, states = run("dimona_follow_up")

    assert followed.state == DagRunState.SUCCESS
    assert states["ask", -1] == TaskInstanceState.SUCCESS
    assert not nsso.looks
    assert "nothing is open" in logged()


def test_what_the_nsso_lost_is_reported_and_nothing_is_filed(payroll, nsso, ledger, logged):
    payroll.fill(PEOPLE[:20])
    run("payroll_employments")
    run("dimona_declare")
    with ledger.write() as connection:  # long enough ago for a search to show everything
        connection.execute(intents.update().values(changed_at=intents.c.changed_at - 3600))
    agreed, states = run("dimona_reconcile")
    nsso.start_anew()

    lost, _ = run("dimona_reconcile")

    assert agreed.state == lost.state == DagRunState.SUCCESS
    assert states.pop(("fail_if_a_task_failed", -1)) == TaskInstanceState.SKIPPED
    assert set(states.values()) == {TaskInstanceState.SUCCESS}
    before, after = stored(agreed), stored(lost)
    compared = [value for (task, _), value in before.items() if task == "reconcile"]
    assert [one["gaps"] for one in compared] == [0] * len(before["employers", -1])
    shown = {one.rendered_map_index for one in agreed.get_task_instances() if one.task_id == "reconcile"}
    assert shown == {employer for some in before["employers", -1] for employer in some}
    assert sum(one["compared"] for one in compared) > 5
    missing = sum(value["gaps"] for (task, _), value in after.items() if task == "reconcile")
    assert missing == sum(one["compared"] for one in compared)
    csv_text, lines = (Path(path.removeprefix("file://")).read_text() for path in after["report", -1])
    assert len(lines.splitlines()) == len(csv_text.splitlines()) - 1 == missing
    assert not nsso.posts
    text = logged() + str(before) + str(after) + csv_text + lines
    assert [secret for secret in SECRETS if secret in text] == []


def test_an_employer_that_can_not_be_read_fails_the_run_after_its_report(payroll, nsso, ledger, logged):
    payroll.fill(PEOPLE[:3])
    run("payroll_employments")
    run("dimona_declare")
    nsso.answer_with("POST", "/periods/search", *[403] * 10)

    failed, states = run("dimona_reconcile")

    assert failed.state == DagRunState.FAILED
    assert states["report", -1] == TaskInstanceState.SUCCESS
    assert states["reconcile", 0] == TaskInstanceState.FAILED
    assert "nothing decided" in logged()


def test_with_an_empty_ledger_there_is_nothing_to_reconcile(payroll, ledger):
    done, states = run("dimona_reconcile")

    assert done.state == DagRunState.SUCCESS
    assert states["reconcile", -1] == TaskInstanceState.SKIPPED
    assert states["report", -1] == TaskInstanceState.SUCCESS
