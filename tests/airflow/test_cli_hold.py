"""The hold switch as commands, with no working connection to the NSSO."""

from __future__ import annotations

import getpass
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dimona_provider.cli.main import app
from dimona_provider.domain.outcome import State
from dimona_provider.ledger import claims, schema, switch
from support import people
from support.clocks import START
from support.ledgers import batch_of, row, rows, set_state, states

EMPLOYER = people.EMPLOYER
USER = f"command:{getpass.getuser()}"


@pytest.fixture(autouse=True)
def _unusable_connection(ledger, connect):
    connect("dimona_default", {"conn_type": "dimona", "login": "", "extra": {"private_key": "broken"}})


def run(*words):
    return CliRunner().invoke(app, list(words))


def on(ledger):
    return [(one.dimona_conn_id, one.employer) for one in switch.current(ledger)]


@pytest.mark.parametrize(
    ("options", "scope"),
    [
        pytest.param(["--employer", "BE 0477.472.701"], ("", EMPLOYER), id="employer with dots"),
        pytest.param(["--employer", "477472701"], ("", EMPLOYER), id="employer without its zero"),
        pytest.param(["--employer", "be0477472701"], ("", EMPLOYER), id="employer in small letters"),
        pytest.param(["--connection", "dimona_default"], ("dimona_default", ""), id="connection"),
        pytest.param(
            ["--connection", "dimona_default", "--employer", EMPLOYER],
            ("dimona_default", EMPLOYER),
            id="both",
        ),
        pytest.param(["--all"], ("", ""), id="all"),
    ],
)
def test_a_person_stops_sending(ledger, options, scope):
    batch_of(ledger, 2)

    ended = run("hold", *options, "--reason", "audit")

    assert ended.exit_code == 0, ended.output
    assert ended.stdout.startswith("held: ")
    assert "2 planned declarations wait" in ended.stdout
    (only,) = switch.current(ledger)
    assert (only.dimona_conn_id, only.employer, only.reason, only.placed_by) == (*scope, "audit", USER)


def test_stopping_everything_says_so(ledger):
    assert (
        "all sending, of every employer over every connection" in run("hold", "--all", "--reason", "x").stdout
    )


def test_stopping_again_is_no_error_and_says_so(ledger):
    run("hold", "--employer", EMPLOYER, "--reason", "first")

    again = run("hold", "--employer", EMPLOYER, "--reason", "second")

    assert again.exit_code == 0
    assert again.stdout.startswith("held already: ")
    assert [one.reason for one in switch.current(ledger)] == ["first"]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["hold", "--reason", "x"], id="no scope"),
        pytest.param(["hold", "--all", "--employer", EMPLOYER, "--reason", "x"], id="all and one"),
        pytest.param(["hold", "--all"], id="no reason"),
        pytest.param(["hold", "--all", "--reason", ""], id="an empty reason"),
        pytest.param(["hold", "--all", "--reason", f"because of {people.SSIN}"], id="a person"),
        pytest.param(["hold", "--employer", "0477472702", "--reason", "x"], id="wrong check digits"),
        pytest.param(["release", "--reason", "x"], id="nothing to release"),
        pytest.param(["release", "R", "--all", "--reason", "x"], id="two things to release"),
        pytest.param(["release", "--all"], id="released without reason"),
    ],
)
def test_what_is_misused_is_one_line_and_changes_nothing(ledger, words):
    ended = run(*words)

    assert ended.exit_code == 2
    assert ended.stderr.startswith("dimona: ")
    assert ended.stderr.count("\n") == 1
    assert people.SSIN not in ended.output
    assert on(ledger) == []


def test_sending_goes_on_once_it_is_released(ledger):
    batch = batch_of(ledger, 1)
    run("hold", "--employer", EMPLOYER, "--reason", "audit")
    assert claims.claim(ledger, batch, "sender", limit=9, now=START) == []

    ended = run("release", "--employer", EMPLOYER, "--reason", "done")

    assert ended.exit_code == 0
    assert ended.stdout.startswith("released: ")
    assert len(claims.claim(ledger, batch, "sender", limit=9, now=START)) == 1
    last = rows(ledger, schema.events)[-1]
    assert (last.what, last.actor) == ("hold removed", USER)


def test_an_employer_that_the_service_forbade_is_released_without_naming_the_connection(ledger):
    batch = batch_of(ledger, 2)
    claims.hold_employer(ledger, batch, EMPLOYER, "no mandate", now=START)

    ended = run("release", "--employer", EMPLOYER, "--reason", "mandate given")

    assert ended.stdout.startswith("released: ")
    assert "2 held declarations are planned again" in ended.stdout
    assert on(ledger) == []
    assert states(ledger) == ["planned", "planned"]


def test_other_switches_stay_on_and_are_told(ledger):
    run("hold", "--employer", EMPLOYER, "--reason", "one")
    run("hold", "--all", "--reason", "everything")

    ended = run("release", "--employer", EMPLOYER, "--reason", "done")

    assert ended.exit_code == 0
    assert "still held: all sending" in ended.stderr
    assert on(ledger) == [("", "")]


def test_releasing_what_is_not_held_is_no_error_and_says_so(ledger):
    ended = run("release", "--connection", "dimona_default", "--reason", "x")

    assert ended.exit_code == 0
    assert ended.stdout.startswith("was not held: ")


def test_one_declaration_is_released(ledger):
    batch_of(ledger, 2)
    for intent in (1, 2):
        set_state(ledger, intent, state=State.HELD, reason="HTTP 400")

    ended = run("release", row(ledger, 2).reference, "--reason", "corrected")

    assert ended.exit_code == 0
    assert states(ledger) == ["held", "planned"]


def test_a_released_declaration_that_a_switch_still_stops_is_told(ledger):
    batch_of(ledger, 1)
    set_state(ledger, 1, state=State.HELD)
    run("hold", "--all", "--reason", "audit")

    assert "still held" in run("release", row(ledger, 1).reference, "--reason", "x").stderr


def test_releasing_a_declaration_that_is_not_held_is_no_error(ledger):
    batch_of(ledger, 1)

    ended = run("release", row(ledger, 1).reference, "--reason", "x")

    assert ended.exit_code == 0
    assert "is not held, it is planned" in ended.stdout


def test_releasing_what_does_not_exist_is_one_line(ledger):
    ended = run("release", "nobody", "--reason", "x")

    assert ended.exit_code == 1
    assert ended.stderr.count("\n") == 1


def test_what_is_held_is_listed(ledger):
    assert "nothing is held" in run("hold", "--list").stdout
    run("hold", "--employer", EMPLOYER, "--reason", "audit")

    people_read = run("hold", "--list").stdout
    programs_read = json.loads(run("hold", "--list", "--format", "json").stdout)

    assert f"employer {EMPLOYER} over every connection: audit ({USER}, " in people_read
    assert [(one["employer"], one["connection"], one["reason"]) for one in programs_read] == [
        (EMPLOYER, None, "audit")
    ]


def test_a_number_that_may_be_two_things_is_asked_for_again(ledger):
    from dimona_provider.domain.identifiers import EnterpriseNumber, parse_employer_id

    both = next(
        str(number)
        for number in range(197_000_000, 198_000_000)
        if _parses(EnterpriseNumber.parse, number) and _parses(parse_employer_id, number)
    )

    ended = run("hold", "--employer", both, "--reason", "x")

    assert ended.exit_code == 2
    assert "leading 0" in ended.stderr
    assert run("hold", "--employer", f"0{both}", "--reason", "x").exit_code == 0


def _parses(parse, number):
    try:
        parse(str(number))
    except ValueError:
        return False
    return True


def test_a_user_without_a_name_is_recorded_by_number(ledger, monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: {}["nobody"])

    run("hold", "--all", "--reason", "x")

    assert switch.current(ledger)[0].placed_by.startswith("command:uid ")


def test_what_was_done_is_said_on_stderr_when_the_output_is_full(ledger):
    words = [sys.executable, "-m", "dimona_provider.cli.main", "hold", "--all", "--reason", "audit"]

    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        ended = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)

    assert on(ledger) == [("", "")]
    assert ended.returncode == 0
    assert ended.stderr.startswith("dimona: held: all sending")
    assert "the output can't be written" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["hold", "--all", "--reason", "\udcff"], id="reason"),
        pytest.param(["hold", "--connection", "\udcff", "--reason", "x"], id="connection"),
        pytest.param(["release", "\udcff", "--reason", "x"], id="reference"),
        pytest.param(["ledger", "show", "\udcff\udcfe"], id="reference to show"),
        pytest.param(["ledger", "resolve", "\udcff", "--not-filed", "--reason", "x"], id="to resolve"),
        pytest.param(["ledger", "resolve", "R", "--not-filed", "--reason", "\udcff"], id="its reason"),
        pytest.param(["ledger", "list", "--batch", "\udcff"], id="batch"),
        pytest.param(["ledger", "list", "--run", "a/\udcff"], id="run"),
    ],
)
def test_an_argument_that_is_no_text_is_one_line(ledger, words):
    ended = run(*words)

    assert isinstance(ended.exception, SystemExit)
    assert (ended.exit_code, ended.stderr.count("\n")) == (2, 1)
    assert "not UTF-8" in ended.stderr
    assert on(ledger) == []
