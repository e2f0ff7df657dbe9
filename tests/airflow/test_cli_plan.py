"""``dimona plan --dry-run``: what the next plan would file, as a table and as JSON."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from dimona_provider.cli.main import app
from dimona_provider.ledger import staging
from support import people
from support.clocks import START
from support.ledgers import new_intent, record, rows


def run(*words):
    return CliRunner().invoke(app, ["plan", *words])


def stage(ledger):
    staging.stage(ledger, "x1", 1, [people.employment(start_date="2032-01-20")], now=START)


def test_the_table_has_reference_kind_deadline_and_reason(ledger):
    stage(ledger)

    ended = run("--dry-run")

    assert ended.exit_code == 0, ended.output
    assert ended.stdout.split(maxsplit=4) == [
        "E-1",
        "IN",
        "2032-01-20",
        "00:00",
        "the employment has no period yet\n",
    ]
    assert not rows(ledger)


def test_json_is_one_object_a_line(ledger):
    stage(ledger)

    (line,) = run("--dry-run", "--format", "json", "--employment", "E-1").stdout.splitlines()

    assert json.loads(line)["file_by"] == "2032-01-20T00:00+01:00"
    assert people.SSIN not in line


def test_nothing_to_file_is_said(ledger):
    assert run("--dry-run").stdout == "nothing would be filed\n"


def test_what_an_earlier_plan_left_to_be_filed_is_said_too(ledger):
    record(ledger, new_intent(1))
    record(ledger, new_intent(2))

    ended = run("--dry-run")

    assert ended.stdout == "nothing would be filed\n"
    assert "already planned and not filed yet: 2 (" in ended.stderr
    assert "not filed yet: 1 (" in run("--dry-run", "--employment", "E-2").stderr


def test_without_dry_run_it_refuses(ledger):
    assert run().exit_code == 2
