"""Staging and planning: from payroll's pages to batches, with everything that became none listed."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from dimona_provider.errors import InvalidSource, ServiceUnavailable
from dimona_provider.ledger import batches
from dimona_provider.ledger.schema import intents, staged_pages
from dimona_provider.operators import (
    DimonaPlanOperator,
    DimonaReportOperator,
    DimonaStageOperator,
    DimonaSubmitOperator,
)
from support.people import EMPLOYER, OTHER_EMPLOYER, SSIN, employment, identity, ssin


def stage(pages):
    return DimonaStageOperator(task_id="stage", pages=pages)


def plan(**arguments):
    return DimonaPlanOperator(task_id="plan", **arguments)


def wishes(*numbers):
    return [employment(employment_id=f"E-{n}", worker={"ssin": ssin(n)}) for n in numbers]


@pytest.fixture
def staged(ledger):
    """Give what counts the staged pages."""

    def count():
        with ledger.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(staged_pages))

    return count


# --- stage ---


def test_pages_are_staged_and_counted(execute, staged):
    assert execute(stage(lambda: [wishes(1, 2), wishes(3)])) == 3
    assert staged() == 2


def test_pages_are_taken_one_by_one(execute, staged):
    seen = []

    def pages():
        for number in (1, 2, 3):
            seen.append(staged())
            yield wishes(number)

    execute(stage(pages))

    assert seen == [0, 1, 2]


def test_an_empty_export_is_a_success_that_says_so(execute, logged):
    assert execute(stage(list)) == 0
    assert "payroll's export is empty" in logged()


def test_staged_pages_show_nobody(execute, ledger):
    execute(stage(lambda: [[employment(worker={"ssin": SSIN, **identity()})]]))

    with ledger.read() as connection:
        (page,) = connection.execute(sa.select(staged_pages)).all()
    assert b"Zwartewei" not in page.body
    assert SSIN.encode() not in page.body


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        pytest.param(InvalidSource("payroll answered HTTP 403"), AirflowFailException, id="payroll refuses"),
        pytest.param(ServiceUnavailable("payroll is away"), AirflowException, id="payroll is away"),
        pytest.param(RuntimeError("a bug of the team"), AirflowException, id="defect in the callable"),
        pytest.param(KeyboardInterrupt(), KeyboardInterrupt, id="killed"),
    ],
)
def test_an_export_that_breaks_off_leaves_nothing_staged(error, raised, execute, staged):
    def pages():
        yield wishes(1)
        raise error

    with pytest.raises(raised):
        execute(stage(pages))

    assert staged() == 0


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param(lambda: wishes(1), id="employments instead of pages"),
        pytest.param(lambda: wishes(1)[0], id="one employment"),
        pytest.param(lambda: None, id="nothing"),
        pytest.param(lambda: ["text"], id="texts"),
        pytest.param(
            lambda: [[employment(start_date=dt.date(2035, 1, 1))]], id="a date that JSON has no form for"
        ),
    ],
)
def test_what_is_no_page_fails_at_once_and_leaves_nothing_staged(pages, execute, staged):
    with pytest.raises(AirflowFailException, match="pages") as failed:
        execute(stage(pages))

    assert "\n" not in str(failed.value)
    assert staged() == 0


def test_a_page_may_be_a_generator(execute):
    assert execute(stage(lambda: [(one for one in wishes(1, 2))])) == 2


# --- plan ---


def test_nothing_staged_is_a_success_without_batches(ledger, execute, logged):
    assert execute(plan()) == []
    assert "0 records read" in logged()


def test_staged_wishes_become_one_batch_and_their_pages_are_deleted(execute, staged, states):
    execute(stage(lambda: [wishes(1, 2), wishes(3)]))

    (reference,) = execute(plan())

    assert reference
    assert states() == ["planned"] * 3
    assert staged() == 0


def test_pages_are_planned_one_at_a_time(execute, ledger, monkeypatch):
    from dimona_provider.ledger import staging

    execute(stage(lambda: [wishes(1), wishes(2)]))
    held = []
    real = staging.pages

    def watched(opened):
        for page in real(opened):
            with opened.read() as connection:
                held.append(connection.scalar(sa.select(sa.func.count()).select_from(staged_pages)))
            yield page

    monkeypatch.setattr(staging, "pages", watched)

    execute(plan())

    assert held == [2, 1]


def test_a_retry_returns_the_same_batches(execute):
    execute(stage(lambda: [wishes(1, 2)]))
    first = execute(plan())

    assert execute(plan()) == first


def test_many_wishes_become_several_batches(execute, ledger):
    execute(stage(lambda: [wishes(*range(1, 513))]))

    references = execute(plan())

    with ledger.read() as connection:
        sizes = connection.execute(
            sa.select(intents.c.batch, sa.func.count()).group_by(intents.c.batch)
        ).all()
    assert sorted(size for _, size in sizes) == [12, 500]
    assert {batch for batch, _ in sizes} == set(references)


def test_a_later_run_takes_over_what_was_not_sent(execute, states):
    execute(stage(lambda: [wishes(1)]))
    (first,) = execute(plan())

    (second,) = execute(plan(), run_id="run-2")

    assert second != first
    assert states() == ["planned"]


def test_the_same_export_again_plans_nothing_new(execute, states):
    execute(stage(lambda: [wishes(1)]))
    execute(plan())
    execute(stage(lambda: [wishes(1)]))

    execute(plan())

    assert states() == ["planned"]


BAD = [
    employment(employment_id="E-1", start_date="2035-13-01"),
    employment(employment_id="E-2", worker_type="ZZZ", employer="0000000000"),
    employment(employment_id="E-3", worker_type="FLX", start_date="2031-01-04", end_date="2031-01-31"),
    employment(employment_id="E-4", worker={"ssin": SSIN[:-1] + "2"}),
    employment(employment_id=SSIN),
    "no object",
]


def test_what_becomes_no_declaration_is_listed_with_id_field_and_reason(execute, logged, states):
    execute(stage(lambda: [[*BAD, *wishes(9)]]))

    execute(plan())

    text = logged()
    for line in (
        "E-1: start_date: ",
        "E-2: worker_type: ",
        "E-2: employer: ",
        "E-3: start_date: too early",
        "E-4: worker.ssin: ",
        "record 5: employment_id: contains a social security number",
        "record 6: record: not a JSON object",
        "5 records malformed",
        "1 records not handled yet",
    ):
        assert line in text
    assert states() == ["planned"]
    for value in (SSIN, SSIN[:-1] + "2", "2035-13-01", "ZZZ", ssin(9)):
        assert value not in text


def test_findings_stay_with_the_run_and_are_not_doubled_by_a_retry(execute, logged):
    execute(stage(lambda: [BAD[:1]]))
    execute(plan())
    execute(plan())
    logged()

    execute(DimonaReportOperator(task_id="report"))

    assert logged().count("E-1: start_date: ") == 1


def test_planning_needs_a_readable_connection(execute, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_DIMONA_DEFAULT")

    with pytest.raises(AirflowFailException, match="dimona_default"):
        execute(plan())


def test_a_failed_plan_keeps_the_pages_for_the_next(execute, staged, ledger, states):
    execute(stage(lambda: [wishes(1)]))
    with ledger.write() as connection:
        connection.execute(sa.text("ALTER TABLE intents RENAME TO hidden"))
    with pytest.raises(AirflowException, match="the ledger's database failed"):
        execute(plan())
    with ledger.write() as connection:
        connection.execute(sa.text("ALTER TABLE hidden RENAME TO intents"))

    assert staged() == 1
    assert len(execute(plan())) == 1


def test_employers_with_a_client_of_their_own_are_planned_over_their_connection(
    ledger, execute, connect, nsso
):
    mapped = nsso.connection()
    mapped["extra"] = {**mapped["extra"], "employers": {OTHER_EMPLOYER: "dimona_other"}}
    connect("dimona_default", mapped)
    connect("dimona_other", nsso.connection())
    records = [employment(), employment(employment_id="E-2", employer=OTHER_EMPLOYER)]
    execute(DimonaStageOperator(task_id="stage", pages=lambda: [records]))

    references = execute(DimonaPlanOperator(task_id="plan"))
    for reference in references:
        execute(DimonaSubmitOperator(task_id="submit", batch=reference))

    assert {batches.find(ledger, one).route.dimona_conn_id for one in references} == {
        "dimona_default",
        "dimona_other",
    }
    assert len(nsso.posts) == 2


def test_joint_committees_are_translated_by_the_connection_of_the_employer(ledger, execute, connect, nsso):
    mapped, other = nsso.connection(), nsso.connection()
    mapped["extra"] = {
        **mapped["extra"],
        "employers": {OTHER_EMPLOYER: "dimona_other"},
        "joint_committees": {"200": "140"},
    }
    other["extra"] = {**other["extra"], "joint_committees": '{"200/OTH": "149"}'}
    connect("dimona_default", mapped)
    connect("dimona_other", other)
    records = [employment(), employment(employment_id="E-2", employer=OTHER_EMPLOYER)]
    execute(DimonaStageOperator(task_id="stage", pages=lambda: [records]))

    execute(DimonaPlanOperator(task_id="plan"))

    with ledger.read() as connection:
        bodies = [
            json.loads(ledger.keys.decrypt(one)) for one in connection.scalars(sa.select(intents.c.body))
        ]
    planned = {
        body["employer"]["enterpriseNumber"]: body["dimonaIn"]["features"]["jointCommissionNumber"]
        for body in bodies
    }
    assert planned == {EMPLOYER: "140", OTHER_EMPLOYER: "149"}


def test_a_connection_that_employers_names_must_exist(ledger, execute, connect, nsso):
    mapped = nsso.connection()
    mapped["extra"] = {**mapped["extra"], "employers": {OTHER_EMPLOYER: "dimona_missing"}}
    connect("dimona_default", mapped)

    with pytest.raises(AirflowFailException, match="dimona_missing"):
        execute(DimonaPlanOperator(task_id="plan"))


# --- params of a run ---


def test_a_run_by_hand_plans_whom_it_names_alone(execute, ledger):
    execute(stage(lambda: [wishes(1, 2, 3)]))

    (batch,) = execute(plan(), params={"employer": EMPLOYER, "employments": ["E-2"], "dry_run": False})

    with ledger.read() as connection:
        rows = connection.execute(sa.select(intents)).all()
    assert [(one.employment, one.batch) for one in rows] == [("E-2", batch)]


def test_a_dry_run_keeps_the_plan_in_a_file_and_files_nothing(  # noqa: PLR0917 - fixtures
    execute, ledger, staged, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr("dimona_provider.operators.planning.reports_folder", lambda: tmp_path / "reports")
    execute(stage(lambda: [wishes(1, 2)]))

    assert execute(plan(), params={"dry_run": True}) == []

    (file,) = (tmp_path / "reports").iterdir()
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [(one["employment"], one["kind"]) for one in lines] == [("E-1", "IN"), ("E-2", "IN")]
    assert all(one["reason"] and one["file_by"] for one in lines)
    assert staged() == 1
    with ledger.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(intents)) == 0
    assert not any(ssin(number) in caplog.text + file.read_text() for number in (1, 2))
    assert len(execute(plan())) == 1


@pytest.mark.parametrize(
    "params", [{"employer": "0477472702"}, {"employments": [SSIN]}], ids=["employer", "ssin"]
)
def test_params_that_can_not_be_used_fail_the_run_and_are_not_repeated(execute, ledger, params):
    with pytest.raises(AirflowFailException) as failed:
        execute(plan(), params=params)

    assert "params" in str(failed.value)
    assert SSIN not in str(failed.value)
