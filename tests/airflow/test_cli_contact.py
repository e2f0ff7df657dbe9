"""First contact and gaps as commands."""

from __future__ import annotations

import getpass
import json
import shlex

import pytest
from typer.testing import CliRunner

from dimona_provider.api.client import open_client
from dimona_provider.api.operations import submit
from dimona_provider.api.settings import BASE_URLS
from dimona_provider.cli import contact
from dimona_provider.cli.main import app
from dimona_provider.domain.gaps import Gap, GapKind
from dimona_provider.hooks import DimonaHook
from dimona_provider.ledger import contact_schema, contacts, gaps, schema
from support.ledgers import rows
from support.markdown import DOCS, blocks
from support.people import EMPLOYER, OTHER_EMPLOYER, SSIN, in_body, ssin

USER = f"command:{getpass.getuser()}"
STUDENT = {
    "endDate": "2027-03-31",
    "plannedHoursNumber": 40,
    "features": {"jointCommissionNumber": "XXX", "workerType": "STU"},
}


def run(*words):
    return CliRunner().invoke(app, ["ledger", *words])


def import_(*words, employer=EMPLOYER):
    return run("import", "--employer", employer, *words)


@pytest.fixture
def by_hand(ledger):
    """Give what files declarations beside the ledger."""
    import asyncio

    async def file(bodies):
        async with open_client(DimonaHook().settings()) as client:
            return [await client.run(submit(body)) for body in bodies]

    return lambda *bodies: asyncio.run(file(bodies))


def is_met(ledger, environment, employer=EMPLOYER):
    with ledger.read() as connection:
        return contacts.is_met(connection, environment, employer)


def test_an_import_says_what_it_read(ledger, by_hand, nsso):
    by_hand(in_body(), in_body(ssin(2)))

    ended = import_()

    assert ended.exit_code == 0, ended.output
    assert ended.stdout == (
        f"employer {EMPLOYER} at {nsso.base_url} imported: 2 periods (2 new, 0 changed): "
        "0 matched to an employment, 0 fit several, 2 fit none, 0 cancelled\n"
    )
    assert is_met(ledger, nsso.base_url)
    (event,) = rows(ledger, schema.events)
    assert (event.what, event.actor) == ("imported", USER)
    assert SSIN not in ended.output + str(rows(ledger, contact_schema.periods))


def test_an_employer_may_be_written_as_people_do(ledger, nsso):
    assert import_(employer="BE 0477.472.701").exit_code == 0
    assert is_met(ledger, nsso.base_url)


def test_progress_goes_to_stderr(ledger, by_hand, monkeypatch):
    by_hand(*(in_body(ssin(number)) for number in range(1, 61)))
    monkeypatch.setattr(contact, "PROGRESS_EVERY", 1)

    ended = import_()

    assert ended.stderr == "dimona: 1 pages read\ndimona: 2 pages read\n"
    assert ended.stdout.count("\n") == 1


def test_what_fits_several_is_listed(ledger, by_hand, execute):
    from dimona_provider.operators import DimonaSubmitOperator

    first, second = by_hand(in_body(SSIN, **STUDENT), in_body(SSIN, **STUDENT))
    items = [{"reference": "E-1", "declaration": in_body(SSIN, **STUDENT)}]
    execute(DimonaSubmitOperator(task_id="submit", source=lambda: items))

    ended = import_()

    assert f"  period {first} fits E-1\n" in ended.stdout
    assert f"  period {second} fits E-1\n" in ended.stdout


def test_a_dry_run_keeps_nothing(ledger, by_hand, nsso):
    by_hand(in_body())

    ended = import_("--dry-run")

    assert f"at {nsso.base_url} would be imported: 1 periods (1 new" in ended.stdout
    assert rows(ledger, contact_schema.contacts) == rows(ledger, contact_schema.periods) == []


def test_an_employer_is_imported_over_its_own_connection(ledger, connect, nsso):
    connect("dimona_other", nsso.connection())
    elsewhere = nsso.connection(employers={EMPLOYER: "dimona_other"}) | {"host": "http://localhost:1/x"}
    connect("dimona_default", elsewhere)

    assert import_().exit_code == 0
    assert is_met(ledger, nsso.base_url)


def test_a_person_waives_an_import(ledger, nsso):
    before = len(nsso.simulator.journal)

    ended = import_("--waive", "--reason", "a  new firm")
    again = import_("--waive", "--reason", "another")

    assert ended.stdout == f"employer {EMPLOYER} at {nsso.base_url} needs no import: a new firm\n"
    assert again.exit_code == 0
    assert "was imported or waived already" in again.stdout
    assert len(nsso.simulator.journal) == before
    (event,) = rows(ledger, schema.events)
    assert (event.what, event.actor) == ("import waived", USER)


def test_production_is_waived_for_production_alone(ledger, connect, nsso):
    extra = {"private_key": nsso.connection()["extra"]["private_key"], "environment": "production"}
    connect("dimona_real", {"conn_type": "dimona", "login": "me", "extra": extra})

    import_("--conn-id", "dimona_real", "--waive", "--reason", "new")

    assert is_met(ledger, BASE_URLS["production"])
    assert not is_met(ledger, nsso.base_url)


@pytest.mark.parametrize(
    "words",
    [
        ["--waive"],
        ["--reason", "x"],
        ["--waive", "--reason", "x", "--dry-run"],
        ["--waive", "--reason", " "],
        ["--waive", "--reason", f"for {SSIN}"],
    ],
    ids=["no reason", "reason alone", "dry", "empty", "a person"],
)
def test_what_makes_no_sense_is_refused(ledger, words):
    ended = import_(*words)

    assert ended.exit_code == 2
    assert SSIN not in ended.output
    assert rows(ledger, contact_schema.contacts) == []


@pytest.mark.parametrize("number", ["", "12", SSIN, "0477472702"])
def test_what_is_no_employer_is_refused(ledger, number):
    ended = import_(employer=number)

    assert ended.exit_code == 2
    assert number == "" or number not in ended.stderr


def test_a_search_that_fails_is_one_line_and_no_import(ledger, nsso):
    nsso.answer_with("POST", "/periods/search", *[503] * 3)

    ended = import_()

    assert ended.exit_code == 1
    assert ended.stderr.startswith("dimona: ")
    assert ended.stderr.count("\n") == 1
    assert not is_met(ledger, nsso.base_url)


def test_a_connection_that_is_missing_is_one_line(ledger):
    ended = import_("--conn-id", "nowhere")

    assert ended.exit_code == 1
    assert "no readable connection 'nowhere'" in ended.stderr


# --- gaps ---


def register(ledger, *found, employer=EMPLOYER):
    gaps.register(ledger, "https://nsso.example/v2", employer, found, (), now=1_800_000_000.0)


@pytest.fixture
def found(ledger):
    """Register two gaps, and a third that is solved."""
    register(ledger, Gap(GapKind.DATE, "7", "E-1", 7, "end date"))
    register(ledger, Gap(GapKind.UNKNOWN, "8", None, 8, "no employment is known for it"))
    register(ledger, Gap(GapKind.HOURS, "9", "E-9", 9, "end hour"), employer=OTHER_EMPLOYER)


def test_gaps_are_a_table(found):
    ended = run("gaps")

    assert ended.exit_code == 0, ended.output
    heading, first, *others = ended.stdout.splitlines()
    assert heading.split() == ["employer", "kind", "reference", "employment", "first", "seen", "detail"]
    assert first.split() == [EMPLOYER, "date", "7", "E-1", "2027-01-15", "end", "date"]
    assert len(others) == 2


@pytest.mark.parametrize(("options", "references"), [([], ["7", "8", "9"]), (["--open"], ["8", "9"])])
def test_gaps_are_json_lines(found, options, references):
    ended = run("gaps", "--format", "jsonl", *options)

    said = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [one["reference"] for one in said] == references
    assert {one["solved"] is None for one in said if one["reference"] != "7"} == {True}


def test_no_gaps_are_an_empty_table(ledger):
    assert run("gaps", "--open").stdout.count("\n") == 1
    assert run("gaps", "--format", "jsonl").stdout == ""


def test_the_export_for_an_auditor_has_contacts_periods_and_gaps(ledger, by_hand, found):
    by_hand(in_body())
    import_()

    ended = run("export", "-")

    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    by_record = {one["record"]: one for one in lines}
    assert {"contact", "period", "gap"} <= set(by_record)
    assert "worker_hash" not in by_record["period"]
    assert by_record["contact"]["imported_at"].endswith("Z")


def test_the_commands_of_the_document_work(ledger, nsso):
    lines = [
        line
        for block in blocks(DOCS / "reconciliation.md", "bash")
        for line in block.text.splitlines()
        if line.startswith("dimona ")
    ]
    assert len(lines) >= 5

    for line in lines:
        ended = CliRunner().invoke(app, shlex.split(line)[1:])

        assert ended.exit_code == 0, (line, ended.output)
    assert is_met(ledger, nsso.base_url)
    assert is_met(ledger, nsso.base_url, OTHER_EMPLOYER)
