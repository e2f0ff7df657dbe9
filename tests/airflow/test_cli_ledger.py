"""The commands that show the ledger and decide what it does not know."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dimona_provider.cli.main import app
from dimona_provider.domain.outcome import State
from dimona_provider.ledger import schema
from support import people
from support.clocks import START
from support.ledgers import batch_of, file_all, row, rows, set_state

FILED = "287654321012"


def run(*words, text=None):
    return CliRunner().invoke(app, [str(word) for word in words], input=text)


def one_line(ended, exit_code):
    """Tell whether a command ended with this code, and said why on one line without a traceback."""
    return (
        ended.exit_code == exit_code
        and ended.stderr.startswith("dimona: ")
        and ended.stderr.count("\n") == 1
        and isinstance(ended.exception, SystemExit)
    )


def listed(*options):
    ended = run("ledger", "list", *options)
    assert ended.exit_code == 0, ended.output
    return json.loads(ended.stdout)


@pytest.fixture
def filed(ledger):
    """Give the batch of two filed declarations and one that is unclear since long ago."""
    batch = batch_of(ledger, 3)
    file_all(ledger, batch, now=START)
    set_state(ledger, 3, state=State.UNCLEAR, declaration_id=None, reason="time-out")
    with ledger.write() as connection:
        connection.execute(
            schema.attempts.update()
            .where(schema.attempts.c.intent == 3)
            .values(sent_at=1.0, declaration_id=None)
        )
    return batch


def test_the_list_is_one_json_array(filed):
    first, second, third = listed()

    assert (first["kind"], first["state"], first["declaration_id"]) == ("IN", "sent", 1_000_000_000)
    assert (second["attempt"], third["state"], third["anomalies"]) == (1, "unclear", [])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["claimed_at"])


def test_an_empty_list_is_an_empty_array(ledger):
    assert listed() == []


@pytest.mark.parametrize(
    ("options", "count"),
    [
        pytest.param(["--state", "unclear"], 1, id="state"),
        pytest.param(["--state", "unclear", "--state", "sent"], 3, id="states"),
        pytest.param(["--employer", "BE 0477.472.701"], 3, id="employer with dots"),
        pytest.param(["--employer", people.OTHER_EMPLOYER], 0, id="another employer"),
        pytest.param(["--employment", "E-1"], 1, id="employment"),
        pytest.param(["--employment", "nobody"], 0, id="another employment"),
        pytest.param(["--run", "dimona_declare/manual__1"], 3, id="run"),
        pytest.param(["--run", "dimona_declare/other/with/slashes"], 0, id="another run"),
        pytest.param(["--since", "2027-01-15"], 3, id="since the day of the change"),
        pytest.param(["--since", "2027-01-16"], 0, id="since the day after"),
    ],
)
def test_the_list_is_narrowed(filed, options, count):
    assert len(listed(*options)) == count


def test_the_list_is_that_of_a_batch(filed):
    assert len(listed("--batch", filed)) == 3
    assert listed("--batch", "x") == []


def test_the_list_is_a_table_for_people(filed):
    ended = run("ledger", "list", "--format", "table")

    head, *lines = ended.stdout.splitlines()
    assert head.split()[:4] == ["reference", "attempt", "kind", "state"]
    assert [line.split()[3] for line in lines] == ["sent", "sent", "unclear"]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["list", "--state", "done"], id="no state"),
        pytest.param(["list", "--employer", "123"], id="no employer"),
        pytest.param(["list", "--run", "dimona_declare"], id="no run"),
        pytest.param(["list", "--since", "yesterday"], id="no day"),
        pytest.param(["list", "--format", "xml"], id="no format"),
        pytest.param(["show"], id="no reference"),
        pytest.param(["resolve", "R", "--reason", "x"], id="no decision"),
        pytest.param(["resolve", "R", "--not-filed"], id="no reason"),
        pytest.param(["resolve", "R", "--not-filed", "--reason", " "], id="an empty reason"),
        pytest.param(
            ["resolve", "R", "--not-filed", "--declaration-id", "1", "--reason", "x"], id="two decisions"
        ),
        pytest.param(
            ["resolve", "R", "--not-filed", "--outcome", "accepted", "--reason", "x"], id="two decisions more"
        ),
        pytest.param(["resolve", "R", "--outcome", "planned", "--reason", "x"], id="no outcome"),
        pytest.param(
            ["resolve", "R", "--not-filed", "--although-it-differs", "--reason", "x"], id="differs from what"
        ),
        pytest.param(["resolve", "R", "--declaration-id", "12a", "--reason", "x"], id="no declaration"),
        pytest.param(["export", "-", "--with-persons", "--yes"], id="persons to stdout"),
        pytest.param(["export", "file", "--with-persons"], id="persons without yes"),
    ],
)
def test_what_is_misused_is_one_line(ledger, words):
    assert one_line(run("ledger", *words), 2)


def test_a_reason_that_names_a_person_is_refused_and_not_repeated(filed, ledger):
    ended = run(
        "ledger", "resolve", row(ledger, 3).reference, "--not-filed", "--reason", f"seen {people.SSIN}"
    )

    assert one_line(ended, 2)
    assert people.SSIN not in ended.output
    assert row(ledger, 3).state == "unclear"


def test_one_declaration_is_shown_with_all_that_hangs_on_it(filed, ledger):
    ended = run("ledger", "show", row(ledger, 1).reference)

    assert ended.exit_code == 0
    assert "state: sent" in ended.stdout
    assert ended.stdout.index("\nattempts:\n  1. ") < ended.stdout.index("\nevents:\n  1. ")
    assert "verdict filed" in ended.stdout


def test_one_declaration_is_shown_to_programs(filed, ledger):
    ended = run("ledger", "show", row(ledger, 1).reference, "--format", "json")

    shown = json.loads(ended.stdout)
    assert (shown["employment"], len(shown["attempts"]), shown["answers"]) == ("E-1", 1, [])


@pytest.mark.parametrize("reference", ["-begins-with-a-dash", "--begins-with-two", "in-the-middle"])
def test_a_reference_may_begin_with_a_dash(ledger, reference):
    batch_of(ledger, 1)
    set_state(ledger, 1, reference=reference, state=State.HELD)

    assert run("ledger", "show", reference).exit_code == 0
    assert run("release", reference, "--reason", "x").exit_code == 0
    set_state(ledger, 1, state=State.UNCLEAR)
    assert run("ledger", "resolve", reference, "--not-filed", "--reason", "x").exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["show", "nobody"], id="show"),
        pytest.param(["resolve", "nobody", "--not-filed", "--reason", "x"], id="resolve"),
    ],
)
def test_an_unknown_reference_is_one_line(ledger, words):
    assert one_line(run("ledger", *words), 1)


def test_a_person_says_that_it_was_filed(filed, ledger):
    reference = row(ledger, 3).reference

    ended = run("ledger", "resolve", reference, "--declaration-id", FILED, "--reason", "seen")

    assert (ended.exit_code, row(ledger, 3).state, row(ledger, 3).declaration_id) == (0, "sent", int(FILED))
    assert f"{reference} is sent" in ended.stdout
    last = rows(ledger, schema.events)[-1]
    assert (last.what, last.detail) == ("resolved", f"filed as {FILED}: seen")
    assert last.actor.startswith("command:")


def test_unusual_check_digits_are_only_a_warning(filed, ledger):
    ended = run("ledger", "resolve", row(ledger, 3).reference, "--declaration-id", "111", "--reason", "seen")

    assert ended.exit_code == 0
    assert "unusual check digits" in ended.stderr
    assert row(ledger, 3).state == "sent"


_SSIN = people.SSIN
_DOTTED = f"{_SSIN[:2]}.{_SSIN[2:4]}.{_SSIN[4:6]}-{_SSIN[6:9]}.{_SSIN[9:]}"


@pytest.mark.parametrize("typed", [_SSIN, _DOTTED, f" {_SSIN[:6]} {_SSIN[6:]}", _SSIN.replace("", "-")])
def test_a_persons_number_is_no_declarations_and_is_not_repeated(filed, ledger, typed):
    before = rows(ledger), rows(ledger, schema.events)

    ended = run("ledger", "resolve", row(ledger, 3).reference, f"--declaration-id={typed}", "--reason", "x")

    assert one_line(ended, 2)
    assert "looks like a social security number" in ended.stderr
    assert typed.strip() not in ended.output
    assert _SSIN not in ended.output
    assert (rows(ledger), rows(ledger, schema.events)) == before


def test_a_person_says_that_it_was_not_filed(filed, ledger):
    ended = run("ledger", "resolve", row(ledger, 3).reference, "--not-filed", "--reason", "not there")

    assert ended.exit_code == 0
    assert row(ledger, 3).state == "planned"
    assert row(ledger, 3).claim is not None  # by it a run knows that it has to look once more


def resolve(ledger, intent, *words):
    return run("ledger", "resolve", row(ledger, intent).reference, *words, "--reason", "x")


def test_a_decision_that_does_not_fit_is_one_line(filed, ledger):
    assert one_line(resolve(ledger, 1, "--declaration-id", "1000000001"), 1)
    assert one_line(resolve(ledger, 3, "--declaration-id", "1000000001"), 1)
    assert one_line(resolve(ledger, 1, "--not-filed"), 1)
    assert one_line(resolve(ledger, 3, "--outcome", "accepted"), 1)
    assert row(ledger, 3).state == "unclear"


@pytest.mark.parametrize("words", [["--not-filed"], ["--declaration-id", FILED]])
def test_what_is_so_already_ends_well(filed, ledger, words):
    assert resolve(ledger, 3, *words).exit_code == 0

    again = resolve(ledger, 3, *words)

    assert again.exit_code == 0
    assert again.stdout.endswith(f"{row(ledger, 3).state} already\n")


def test_a_person_says_that_he_filed_what_is_held(filed, ledger):
    set_state(ledger, 3, state=State.HELD)

    ended = resolve(ledger, 3, "--declaration-id", FILED)

    assert ended.exit_code == 0
    assert (row(ledger, 3).state, row(ledger, 3).declaration_id) == ("sent", int(FILED))


def test_a_person_says_that_what_he_filed_counts_although_it_differs(filed, ledger):
    ended = resolve(ledger, 3, "--declaration-id", FILED, "--although-it-differs")

    assert ended.exit_code == 0
    assert rows(ledger, schema.events)[-1].detail == f"filed as {FILED}, whatever it says: x"


def test_a_person_says_what_an_unknown_letter_came_to(filed, ledger):
    set_state(ledger, 3, declaration_id=int(FILED), result="R")

    ended = resolve(ledger, 3, "--outcome", "warned")

    assert (ended.exit_code, row(ledger, 3).state) == (0, "warned")


@pytest.mark.parametrize("words", ["list", "export -", "list --format table"])
def test_a_closed_output_is_one_line(filed, words):
    ended = subprocess.run(  # noqa: S602 - a redirection as people write it
        f"{sys.executable} -m dimona_provider.cli.main ledger {words} >&-",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (ended.returncode, ended.stderr) == (1, "dimona: the output can't be written (it is closed)\n")


def test_an_export_is_json_lines_without_persons(filed, ledger):
    ended = run("ledger", "export", "-")

    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [one["record"] for one in lines] == ["intent"] * 3 + ["batch"]
    assert people.ssin(2) not in ended.stdout
    assert "body" not in lines[0]


def test_an_export_goes_to_a_new_file_of_its_owner(filed, ledger, tmp_path):
    path = tmp_path / "export.jsonl"

    assert run("ledger", "export", path).exit_code == 0

    assert len(path.read_text().splitlines()) == 4
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert one_line(run("ledger", "export", path), 1)  # never over another file


def test_an_export_with_persons_is_written_down(filed, ledger, tmp_path):
    path = tmp_path / "persons.jsonl"

    assert run("ledger", "export", path, "--with-persons", "--yes").exit_code == 0

    first = json.loads(path.read_text().splitlines()[0])
    assert first["body"]["worker"]["ssin"] == people.ssin(2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.what for one in rows(ledger, schema.events)][-1] == "exported with persons"


def test_who_stops_reading_ends_the_list_without_a_word(filed):
    ended = subprocess.run(  # noqa: S602 - a pipe as people write it
        f"{sys.executable} -m dimona_provider.cli.main ledger list | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (ended.stdout, ended.stderr) == ("[", "")


@pytest.mark.parametrize("words", [["list"], ["show", "R"], ["export", "-"], ["gaps"]], ids=" ".join)
def test_who_only_reads_makes_no_ledger(ledger, connect, tmp_path, words):
    path = tmp_path / "elsewhere" / "ledger.db"
    keys = ledger.keys.to_json()
    connect("dimona_ledger", {"conn_type": "sqlite", "host": str(path), "extra": {"keys": keys}})

    ended = run("ledger", *words)

    assert one_line(ended, 1)
    assert f"there is no ledger at {path}" in ended.stderr
    assert not path.parent.exists()


def test_the_version_is_said():
    ended = run("--version")

    assert ended.exit_code == 0
    assert re.fullmatch(r"dimona \d+\.\d+\.\d+\n", ended.stdout)
