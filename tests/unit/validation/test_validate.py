"""``dimona validate`` and ``dimona explain``: one verdict for each line, and nobody's data in any of them."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from dimona_provider.cli.main import app
from dimona_provider.cli.verdict_text import as_json_lines, as_table
from dimona_provider.validation import LONGEST_LINE, validate
from support import bodies, people
from support.properties import anything, leaves
from support.shapes import rest_bodies

GOOD = json.dumps(bodies.body())
BAD = json.dumps(bodies.body("STU", endDate=None, plannedHoursNumber=None))
LATE = json.dumps(bodies.body(startDate="2027-01-04"))


def run(*arguments: str, given: str | bytes | None = None):
    return CliRunner().invoke(app, list(arguments), input=given)


def verdicts(*lines: str | bytes) -> list[dict]:
    raw = b"\n".join(line.encode() if isinstance(line, str) else line for line in lines)
    return [json.loads(line) for line in as_json_lines(validate(io.BytesIO(raw), people.TODAY), "en")]


def test_each_line_gets_a_verdict_of_the_promised_form(tmp_path):
    file = tmp_path / "declarations.jsonl"
    file.write_text(f"{GOOD}\n{BAD}\n{LATE}\n")

    done = run("validate", "--today", "2027-01-11", str(file))

    assert done.exit_code == 1
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"line": 1, "valid": True, "defects": []},
        {
            "line": 2,
            "valid": False,
            "defects": [
                {
                    "code": "00911-001",
                    "severity": "B",
                    "field": "dimonaIn.endDate",
                    "message": "The end date is missing.",
                },
                {
                    "code": "01135-001",
                    "severity": "B",
                    "field": "dimonaIn.plannedHoursNumber",
                    "message": "The number of planned hours is missing.",
                },
            ],
        },
        {
            "line": 3,
            "valid": True,
            "defects": [
                {
                    "code": "90373-460",
                    "severity": "NP",
                    "field": "dimonaIn.startDate",
                    "message": "The IN came too late: it was due before the work started.",
                }
            ],
        },
    ]


def test_warnings_alone_end_well():
    assert run("validate", "--today", "2027-01-11", "-", given=LATE).exit_code == 0
    assert run("validate", "-", given="").exit_code == 0


def test_the_language_of_the_messages_is_chosen():
    said = {
        lang: run("validate", "--today", "2027-01-11", "--lang", lang, "-", given=BAD).stdout
        for lang in ("en", "fr", "nl", "de")
    }

    assert len(set(said.values())) == 4
    assert "Il manque la date de fin." in said["fr"]


def test_a_table_has_a_row_for_each_defect_and_counts_the_rest():
    done = run("validate", "--today", "2027-01-11", "--format", "table", "-", given=f"{GOOD}\n{BAD}\n")

    rows = done.stdout.splitlines()
    assert [row.split()[:3] for row in rows[1:-1]] == [["2", "00911-001", "B"], ["2", "01135-001", "B"]]
    assert rows[-1] == "2 declarations, 1 of them invalid"
    assert done.exit_code == 1


def test_blank_lines_are_skipped_and_counted():
    assert [one["line"] for one in verdicts("", GOOD, "   ", "\t\r", GOOD, "")] == [2, 5]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('{"worker": {"ssin": "93051822361"', id="half an object"),
        pytest.param("93051822361 Zwartewei", id="a text"),
        pytest.param(b'{"a": "\xff\xfe"}', id="no UTF-8"),
        pytest.param('{"a": NaN}', id="NaN"),
        pytest.param(
            '{"dimonaCancel": {"periodId": 1}, "dimonaCancel": {"periodId": 2}}', id="a member twice"
        ),
        pytest.param("[" * 100_000, id="brackets without end"),
        pytest.param("1" * 5_000, id="a number without end"),
        pytest.param('{"a": "' + "x" * (2 * LONGEST_LINE) + '"}', id="a line without end"),
    ],
)
def test_what_is_no_json_is_one_defect_and_the_next_line_goes_on(line):
    first, second = verdicts(line, GOOD)

    assert [(one["code"], one["field"]) for one in first["defects"]] == [("90372-001", "declaration")]
    assert second == {"line": 2, "valid": True, "defects": []}


def test_a_byte_order_mark_and_windows_lines_are_no_defect():
    assert [one["valid"] for one in verdicts(b"\xef\xbb\xbf" + GOOD.encode() + b"\r", GOOD)] == [True, True]


def test_a_line_just_as_long_as_the_limit_is_read_whole():
    line = GOOD + " " * (LONGEST_LINE - len(GOOD))

    assert [one["valid"] for one in verdicts(line, GOOD)] == [True, True]
    assert [one["valid"] for one in verdicts(line)] == [True]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["validate"], id="no file"),
        pytest.param(["validate", "/does/not/exist"], id="no such file"),
        pytest.param(["validate", "/"], id="a folder"),
        pytest.param(["validate", "--today", "2027-02-30", "-"], id="no such day"),
        pytest.param(["validate", "--today", "tomorrow", "-"], id="no day"),
        pytest.param(["validate", "--lang", "es", "-"], id="no such language"),
        pytest.param(["validate", "--format", "xml", "-"], id="no such format"),
        pytest.param(["validate", "--frmat", "table", "-"], id="no such option"),
        pytest.param(["validate", "a", "b"], id="two files"),
        pytest.param(["validate", GOOD], id="a declaration as file"),
        pytest.param(["validate", "-", GOOD], id="a declaration besides"),
        pytest.param(["validate", people.SSIN], id="a person as file"),
        pytest.param(["explain", "90373"], id="no code"),
        pytest.param(["explain", people.SSIN], id="a person as code"),
    ],
)
def test_usage_errors_end_with_2_and_one_line_that_repeats_nobody(arguments):
    done = run(*arguments, given="")

    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("dimona: ")
    assert len(done.stderr.splitlines()) == 1
    assert people.SSIN not in done.stderr


@given(st.lists(anything | rest_bodies, max_size=4))
def test_no_verdict_repeats_a_value(values):
    lines = [json.dumps(value) for value in values]
    raw = "\n".join(lines).encode()

    said = "".join(as_json_lines(validate(io.BytesIO(raw), people.TODAY), "en"))
    said += "".join(as_table(validate(io.BytesIO(raw), people.TODAY), "en"))

    persons = {people.SSIN, people.EMPLOYER, people.OTHER_EMPLOYER, *leaves(bodies.IDENTITY)}
    strange = {leaf for value in values for leaf in leaves(value) if len(leaf) >= 9 and not leaf.isascii()}
    assert not [text for text in persons | strange if len(text) >= 5 and text in said]


def test_help_does_not_wait_for_airflow():
    code = (
        "import sys; from dimona_provider.cli.main import app\n"
        "try: app(['validate', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted(name for name in sys.modules if name in {'airflow', 'sqlalchemy', 'httpx'}))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_validate_itself_needs_no_airflow():
    code = (
        "import sys; from dimona_provider.cli.main import app\n"
        "try: app(['validate', '-'])\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name in {'airflow', 'sqlalchemy', 'httpx'}])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], input=GOOD, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_who_reads_only_the_beginning_gets_no_traceback():
    code = "from dimona_provider.cli.main import app; app(['validate', '-'])"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stderr
        process.stdout.close()
        try:
            process.stdin.write(f"{BAD}\n".encode() * 2_000)
            process.stdin.close()
        except BrokenPipeError:
            pass
        complaint = process.stderr.read()

    assert complaint == b""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("90373-460", ["too late", "severity: NP", "bucket: late", "next step: "]),
        ("00911-014", ["before the start", "severity: B", "bucket: bad_data", "next step: "]),
        ("90374-003", ["not a JSON object", "severity: B", "bucket: bad_data", "next step: "]),
        ("12345-678", ["12345-678", "severity: unknown", "bucket: unknown", "next step: "]),
    ],
)
def test_a_code_is_explained(code, words):
    done = run("explain", code)

    assert done.exit_code == 0
    assert not [word for word in words if word not in done.stdout]


def test_a_code_is_explained_with_its_deadline_and_its_consequences_in_every_language():
    dutch = run("explain", "90373-460", "--lang", "nl").stdout
    german = run("explain", "00911-014", "--lang", "de").stdout

    assert [line.partition(":")[0] for line in dutch.splitlines()[1:]] == [
        "ernst", "categorie", "volgende stap", "te doen voor", "gevolg", "gevolg (STU)", "gevolg (FLX)",
    ]  # fmt: skip
    assert "Folge" not in german
    assert "zu tun bis: deadline_of_the_declaration" in german


def test_a_table_speaks_the_chosen_language_and_counts_one_as_one():
    said = [
        run("validate", "--format", "table", "--lang", lang, "-", given=GOOD).stdout for lang in ("en", "nl")
    ]

    assert said[0].splitlines()[-1] == "1 declaration, 0 of them invalid"
    assert said[1].split()[:3] == ["regel", "code", "veld"]
    assert said[1].splitlines()[-1] == "1 aangifte, waarvan 0 ongeldig"


def item(reference: object, declaration: str = GOOD) -> str:
    return json.dumps({"reference": reference, "declaration": json.loads(declaration)})


def test_a_declaration_with_its_reference_is_checked_as_it_will_be_filed():
    good, bad = verdicts(item("contract-1"), item("contract-2", BAD))

    assert good["valid"]
    assert [one["field"] for one in bad["defects"]] == ["dimonaIn.endDate", "dimonaIn.plannedHoursNumber"]


@pytest.mark.parametrize("reference", [None, "", people.SSIN, "x" * 65, 1.5])
def test_a_reference_that_would_be_refused_is_a_defect(reference):
    (verdict,) = verdicts(item(reference))

    assert [(one["code"], one["severity"], one["field"]) for one in verdict["defects"]] == [
        ("90372-003", "B", "reference")
    ]


def test_a_declaration_beside_a_block_is_no_item():
    (verdict,) = verdicts(json.dumps(bodies.body() | {"reference": "a", "declaration": {}}))

    assert [one["code"] for one in verdict["defects"]] == ["90372-089"]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("plannedHours", "plannedHoursNumber"),
        ("planned_hours_number", "plannedHoursNumber"),
        ("enddate", "endDate"),
        ("Zwartewei", None),
        ("end4Date", None),
        ("endDaté", None),
        ("endDate" * 7, None),
    ],
)
def test_a_misspelt_member_is_guessed_and_never_repeated(wrong, meant):
    (verdict,) = verdicts(json.dumps(bodies.body(**{wrong: 5})))

    (defect,) = verdict["defects"]
    assert defect["field"] == "dimonaIn"
    assert f" {wrong}" not in defect["message"].replace(str(meant), "")
    assert defect["message"].partition(" Did you mean ")[2] == (f"{meant}?" if meant else "")


def test_period_ids_that_look_mistyped_are_counted_and_refuse_nothing():
    usual = json.dumps(bodies.follow_up("dimonaCancel"))
    odd = json.dumps(bodies.follow_up("dimonaCancel") | {"dimonaCancel": {"periodId": bodies.PERIOD + 1}})

    one = run("validate", "-", given=f"{usual}\n{odd}\n")
    two = run("validate", "-", given=f"{odd}\n{item('a', odd)}\n")
    none = run("validate", "-", given=usual)

    assert (one.exit_code, two.exit_code, none.exit_code) == (0, 0, 0)
    assert one.stderr == "dimona: 1 period id has unusual check digits, in line 2: a typing error?\n"
    assert two.stderr.startswith("dimona: 2 period ids have unusual check digits, the first in line 1:")
    assert none.stderr == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("validate - >&-", "the output can't be written (it is closed)", id="no output"),
        pytest.param("validate - <&-", "the standard input can't be read (it is closed)", id="no input"),
        pytest.param("validate - >/dev/full", "the output can't be written (No space left", id="a full disk"),
        pytest.param("explain 90373-460 >/dev/full", "the output can't be written (No space", id="explain"),
        pytest.param(
            "explain 90373-460 >&-", "the output can't be written (it is closed)", id="explain, closed"
        ),
        pytest.param("validate --help >/dev/full", "the output can't be written (No space", id="help"),
        pytest.param(
            "validate --lang es -", "Invalid value for '--lang': 'es' is not one of", id="a language"
        ),
    ],
)
def test_what_goes_wrong_around_it_is_one_line_that_blames_the_right_end(line, said):
    command = f'"{sys.executable}" -m dimona_provider.cli.main {line}'

    done = subprocess.run(["/bin/sh", "-c", command], input=BAD, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr.startswith(f"dimona: {said}")
    assert len(done.stderr.splitlines()) == 1


def test_a_code_is_explained_in_four_languages():
    said = {run("explain", "90017-510", "--lang", lang).stdout for lang in ("en", "fr", "nl", "de")}

    assert len(said) == 4
