"""The DAG that reconciles, task by task: who is compared, what is registered, and what the report says."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from dimona_provider.contact import drift
from dimona_provider.domain.gaps import Gap, GapKind
from dimona_provider.ledger import gaps
from dimona_provider.ledger.schema import intents
from dimona_provider.operators import (
    DimonaDriftReportOperator,
    DimonaEmployersOperator,
    DimonaReconcileOperator,
    DimonaSubmitOperator,
    reconcile,
)
from dimona_provider.sensors import DimonaResultSensor
from support.people import EMPLOYER, OTHER_EMPLOYER, SSIN, in_body, item, ssin
from support.served import closed_port

GAP = Gap(GapKind.DATE, "287654321012", "E-1", 287654321012, "end date")


@pytest.fixture
def declare(execute, age, ledger):
    """Give what files declarations, and hears that they were accepted, an hour ago."""

    def run(*items, **where):
        batch = execute(DimonaSubmitOperator(task_id=f"submit-{len(items)}", source=lambda: items, **where))
        age(batch, 10)
        execute(DimonaResultSensor(task_id="wait", batch=batch, deferrable=False))
        with ledger.write() as connection:
            connection.execute(intents.update().values(changed_at=intents.c.changed_at - 3600))

    return run


def of(employer, number=1):
    return {"reference": f"{employer}-{number}", "declaration": in_body(ssin(number), employer=employer)}


def employers(**arguments):
    return DimonaEmployersOperator(task_id="employers", **arguments)


def compare(*numbers, **arguments):
    return DimonaReconcileOperator(task_id="reconcile", employers=list(numbers), **arguments)


def report(**arguments):
    return DimonaDriftReportOperator(task_id="report", **arguments)


def kinds(ledger):
    return [one.kind for one in gaps.entries(ledger)]


def register(ledger, *found, employer=EMPLOYER):
    gaps.register(ledger, "https://nsso.example/v2", employer, found, (), now=1_800_000_000.0)


# --- employers ---


def test_every_employer_of_the_ledger_is_listed_once(declare, execute):
    declare(of(EMPLOYER), of(EMPLOYER, 2), of(OTHER_EMPLOYER, 3))

    assert execute(employers()) == [[EMPLOYER], [OTHER_EMPLOYER]]


def test_with_an_empty_ledger_there_is_nobody_to_compare(execute, ledger):
    assert execute(employers()) == []


def test_what_was_filed_elsewhere_is_left_out(declare, execute, connect, nsso):
    declare(of(EMPLOYER))
    elsewhere = nsso.connection() | {"host": "http://localhost:1/x"}
    connect("dimona_default", elsewhere)

    assert execute(employers()) == []


def test_an_employer_with_a_connection_of_its_own_is_compared_over_that(declare, execute, connect, nsso):
    connect("dimona_other", nsso.connection())
    declare(of(EMPLOYER))
    elsewhere = {"host": f"http://127.0.0.1:{closed_port()}/x"}
    connect("dimona_default", nsso.connection(employers={EMPLOYER: "dimona_other"}) | elsewhere)

    assert execute(employers()) == [[EMPLOYER]]
    assert execute(compare(EMPLOYER))["compared"] == 1


def test_more_employers_than_airflow_maps_over_share_tasks(declare, execute, monkeypatch):
    monkeypatch.setattr(reconcile, "MOST_TASKS", 1)
    declare(of(EMPLOYER), of(OTHER_EMPLOYER, 3))

    assert execute(employers()) == [[EMPLOYER, OTHER_EMPLOYER]]


# --- comparing ---


def test_what_stands_as_declared_has_no_gap(declare, execute, ledger):
    declare(item(1), item(2))

    counts = execute(compare(EMPLOYER))

    assert counts == {"compared": 2, "gaps": 0, "new": 0, "solved": 0, "pending": 0}
    assert kinds(ledger) == []


def test_what_the_nsso_does_not_have_is_a_gap_once(declare, execute, ledger, nsso):
    declare(item(1))
    nsso.start_anew()  # it knows of nothing any more

    first, second = execute(compare(EMPLOYER)), execute(compare(EMPLOYER))

    assert (first["gaps"], first["new"]) == (1, 1)
    assert (second["gaps"], second["new"]) == (1, 0)
    assert kinds(ledger) == ["missing_in"]
    assert nsso.posts == []


def test_an_employer_that_can_not_be_read_stops_no_other_and_fails_the_task(
    declare, execute, ledger, nsso, logged
):
    declare(of(EMPLOYER), of(OTHER_EMPLOYER, 3))
    nsso.start_anew()
    nsso.answer_with("POST", "/periods/search", 403)

    with pytest.raises(AirflowFailException, match="403"):
        execute(compare(EMPLOYER, OTHER_EMPLOYER))

    assert [one.employer for one in gaps.entries(ledger)] == [OTHER_EMPLOYER]
    assert f"employer {EMPLOYER}: nothing decided" in logged()


def test_a_service_that_is_away_is_asked_again_later(declare, execute, nsso, ledger):
    declare(item(1))
    nsso.answer_with("POST", "/periods/search", *[503] * 3)

    with pytest.raises(AirflowException) as failed:
        execute(compare(EMPLOYER))

    assert not isinstance(failed.value, AirflowFailException)
    assert kinds(ledger) == []


def test_pages_are_limited(declare, execute):
    declare(*(item(number) for number in range(1, 60)))

    with pytest.raises(AirflowFailException, match="more than 1 pages"):
        execute(compare(EMPLOYER, most_pages=1))


def test_the_logs_name_no_person(declare, execute, logged, nsso):
    declare({"reference": "E-1", "declaration": in_body()})
    nsso.start_anew()

    execute(compare(EMPLOYER))
    execute(report())

    text = logged()
    assert "1 gaps, 1 new" in text
    for secret in (SSIN, "eyJ", "2027-01-20"):
        assert secret not in text


def test_it_has_nothing_to_cancel_with():
    assert DimonaReconcileOperator.on_kill is BaseOperator.on_kill


# --- the report ---


def test_the_report_is_two_files_and_a_table(execute, ledger, tmp_path, logged):
    register(ledger, GAP)

    files = execute(report(location=str(tmp_path)), run_id="scheduled__2027-01-15T01:23:00+00:00")

    name = "drift-scheduled__2027-01-15T01-23-00-00-00"
    assert [Path(file).name for file in files] == [f"{name}.csv", f"{name}.jsonl"]
    (row,) = csv.DictReader((tmp_path / f"{name}.csv").read_text().splitlines())
    (line,) = (tmp_path / f"{name}.jsonl").read_text().splitlines()
    said = json.loads(line)
    assert tuple(row) == tuple(said) == drift.COLUMNS
    assert (said["kind"], said["period_id"], said["employment"]) == ("date", 287654321012, "E-1")
    assert (row["period_id"], row["solved"]) == ("287654321012", "")
    assert said["first_seen"] == row["first_seen"] == "2027-01-15T08:00:00.000Z"
    text = logged()
    assert "0477472701  date             287654321012    E-1             2027-01-15  end date" in text
    assert "open gaps: 1" in text


def test_the_report_of_no_gaps_is_empty_and_made_all_the_same(execute, ledger, tmp_path):
    register(ledger, GAP)
    register(ledger)

    csv_file, json_file = execute(report(location=f"file://{tmp_path / 'new' / 'folder'}"))

    folder = tmp_path / "new" / "folder"
    assert (folder / Path(csv_file).name).read_text() == ",".join(drift.COLUMNS) + "\n"
    assert (folder / Path(json_file).name).read_text() == ""


def test_a_retry_writes_the_same_files(execute, ledger, tmp_path):
    register(ledger, GAP)

    assert execute(report(location=str(tmp_path))) == execute(report(location=str(tmp_path)))
    assert len(list(tmp_path.glob("drift-*"))) == 2


def test_without_a_location_the_report_stands_beside_the_ledger(execute, ledger, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home"))

    execute(report())

    assert len(list((tmp_path / "home" / "dimona" / "reports").iterdir())) == 2


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_spreadsheet_takes_no_reference_for_a_formula(execute, ledger, tmp_path, name):
    register(ledger, Gap(GapKind.MISSING_IN, name, name, None, "no such period"))

    file, lines = execute(report(location=str(tmp_path)))

    (row,) = csv.DictReader((tmp_path / Path(file).name).read_text().splitlines())
    assert row["employment"] == f"'{name}"
    assert json.loads((tmp_path / Path(lines).name).read_text())["employment"] == name


def test_a_long_table_is_cut_in_the_log_and_whole_in_the_file(execute, ledger, tmp_path, logged):
    many = [Gap(GapKind.DATE, str(one), f"E-{one}", one, "end date") for one in range(drift.MOST_LINES + 7)]
    register(ledger, *many)

    _, lines = execute(report(location=str(tmp_path)))

    assert "… and 7 more" in logged()
    assert len((tmp_path / Path(lines).name).read_text().splitlines()) == len(many)
