"""`dimona decide`: questions without their people, and answers with who and why."""

from __future__ import annotations

import getpass
import json
import time

import pytest
from typer.testing import CliRunner

from dimona_provider.cli.main import app
from dimona_provider.ledger import plan_schema, schema, staging
from dimona_provider.planning.intake import plan_exports
from support import people
from support.clocks import START
from support.ledgers import ROUTES, RUN, rows, set_state

LATE = START + 30 * 86_400


def run(*words):
    return CliRunner().invoke(app, ["decide", *words])


@pytest.fixture
def asked(ledger):
    """Payroll withdraws an employment whose start has passed."""
    staging.stage(ledger, staging.new_export(), 1, [people.employment()], now=START)
    plan_exports(ledger, RUN, ROUTES, now=START)
    set_state(ledger, 1, state="accepted", declaration_id=656310000103, period_id=656310000103)
    staging.stage(ledger, staging.new_export(), 1, [people.employment(status="withdrawn")], now=LATE)
    plan_exports(ledger, RUN, ROUTES, now=LATE)
    (one,) = rows(ledger, plan_schema.decisions)
    return one


def test_questions_are_listed_without_anybody_in_them(asked):
    table, array = run(), run("--format", "json")

    assert (table.exit_code, array.exit_code) == (0, 0)
    (one,) = json.loads(array.output)
    assert (one["question"], one["kind"], one["employments"]) == (asked.reference, "late_cancel", ["E-1"])
    assert (one["options"][0], one["answer"]) == ("keep", None)
    assert f"{asked.reference}  {people.EMPLOYER}  late_cancel: payroll withdraws" in table.output
    assert people.SSIN not in table.output + array.output


def test_an_answer_is_said_kept_and_an_event(ledger, asked):
    done = run(asked.reference, "--option", "file", "--reason", "never came")
    again = run(asked.reference, "--option", "file", "--reason", "never came")

    assert (done.exit_code, again.exit_code) == (0, 0)
    assert done.output == f"{asked.reference}: file; the next plan files it\n"
    assert "already" in again.output
    assert run().output == "nothing is to be decided\n"
    (listed,) = json.loads(run("--all", "--format", "json").output)
    assert (listed["answer"], listed["answered_by"]) == ("file", f"command:{getpass.getuser()}")
    assert [one.detail for one in rows(ledger, schema.events) if one.what == "decided"] == [
        f"{asked.reference} late_cancel: file; never came"
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nobody", "--option", "file", "--reason", "x"], 1, "no such question"),
        (["{}", "--option", "cancel", "--reason", "x"], 1, "may be answered with keep"),
        (["{}", "--option", "file"], 2, "--reason"),
        (["{}", "--option", "file", "--reason", people.SSIN], 2, "must not name a person"),
        (["--option", "file", "--reason", "x"], 2, "QUESTION"),
        (["--option", "file", "--reason", "x", "--kind", "late_cancel"], 2, "QUESTION"),
        (["{}", "--option", "file", "--reason", "x", "--kind", "late_cancel"], 2, "no --kind"),
        (["--kind", "late"], 2, "late_cancel"),
        (
            ["--employer", people.EMPLOYER, "--kind", "late_cancel", "--option", "no", "--reason", "x"],
            1,
            "1 of 1",
        ),
    ],
)
def test_what_is_no_answer_is_one_line_and_changes_nothing(ledger, asked, words, code, said):
    done = run(*(word.format(asked.reference) for word in words))

    assert done.exit_code == code
    assert said in done.output
    assert people.SSIN not in done.output
    assert rows(ledger, plan_schema.decisions)[0].answer is None


def test_one_cause_is_one_answer(ledger, asked):
    of = ("--employer", people.EMPLOYER)

    other = run(*of, "--kind", "refused", "--option", "correct", "--reason", "x")
    done = run(*of, "--kind", "late_cancel", "--option", "file", "--reason", "never came")

    assert (other.exit_code, other.output) == (0, "nothing is to be decided\n")
    assert (done.exit_code, done.output) == (0, f"{asked.reference}: file; the next plan files it\n")


def test_questions_of_two_environments_are_not_answered_together(ledger, asked):
    with ledger.write() as connection:
        other = asked._asdict() | {"id": 99, "reference": "other", "environment": "https://other.test/v2"}
        connection.execute(plan_schema.decisions.insert().values(other))

    done = run(*("--employer", people.EMPLOYER, "--kind", "late_cancel"), "--option", "keep", "--reason", "x")

    assert done.exit_code == 1
    assert "several environments" in done.output
    assert {one.answer for one in rows(ledger, plan_schema.decisions)} == {None}


def test_the_command_collects_a_refusal_and_names_its_codes(ledger):
    before = time.time() - 60
    staging.stage(ledger, staging.new_export(), 1, [people.employment()], now=before)
    plan_exports(ledger, RUN, ROUTES, now=before)
    set_state(ledger, 1, state="refused", declaration_id=1, anomalies="90256-155", answered_at=before)

    assert "90256-155; by" in run().output
    assert json.loads(run("--format", "json").output)[0]["codes"] == ["90256-155"]
