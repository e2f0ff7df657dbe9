"""A misspelt key or word in a table is one error that names file, place and words."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dimona_provider.domain import tables
from support import bodies
from support.markdown import ROOT

TABLES = "dimona_provider/domain/tables"


@pytest.fixture
def package(tmp_path):
    """Give a copy of the package whose tables may be spoilt."""
    shutil.copytree(
        ROOT / "plugins" / "dimona_provider",
        tmp_path / "dimona_provider",
        ignore=shutil.ignore_patterns("__pycache__", "migrations"),
    )
    return tmp_path


def run(package: Path, *arguments: str, given: bytes = b""):
    code = "import sys; from dimona_provider.cli.main import app; app(sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        input=given,
        capture_output=True,
        env={"PYTHONPATH": str(package)},
        check=False,
    )


def spoil(package: Path, name: str, old: str, new: str) -> None:
    path = package / TABLES / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        pytest.param(
            "worker_types.toml", "planned_hours = ", "planned_hour = ",
            ["worker_types.toml, [STU]: unknown key planned_hour; allowed: ", "planned_hours"], id="a key",
        ),
        pytest.param(
            "worker_types.toml", 'end_date = "required"', 'end_date = "require"',
            ["worker_types.toml, [STU] end_date: 'require' is none of required, optional, forbidden"],
            id="a word",
        ),
        pytest.param(
            "worker_types.toml", "quarter = true", "quarter = 1", ["[STU] quarter: 1 is not of type bool"],
            id="a type",
        ),
        pytest.param(
            "worker_types.toml", 'meaning = "student"', "", ["[STU]: the key meaning is missing"],
            id="a key that is missing",
        ),
        pytest.param("worker_types.toml", "[STU]", "[STU", ["worker_types.toml is no TOML"], id="no TOML"),
        pytest.param(
            "limits.toml", "years_ahead", "year_ahead", ["[dates]: unknown key year_ahead"], id="limits",
        ),
        pytest.param(
            "limits.toml", '"planned_hours"', '"planned_hour"',
            ["[kinds.UPDATE]: 'planned_hour' is no field of fields.csv"], id="a field",
        ),
        pytest.param(
            "control_cards.csv", "124,*,*,required", "124,*,*,require",
            ["control_cards.csv, line 2 need: 'require' is none of "], id="a cell",
        ),
        pytest.param(
            "committee_clashes.csv", "302,STU", "302,STV", ["line 3 worker_type: 'STV' is none of "],
            id="a type of worker",
        ),
        pytest.param(
            "fields.csv", "field,absent", "fields,absent", ["fields.csv, line 1: the columns are "],
            id="a column",
        ),
        pytest.param(
            "structure_sentences.toml", "fr = ", "fx = ", ['["90372-001"]: unknown key fx'], id="a language",
        ),
    ],
)  # fmt: skip
def test_validate_names_what_is_wrong_in_a_table_in_one_line(package, name, old, new, words):
    spoil(package, name, old, new)

    done = run(
        package, "validate", "-", given=b"{}\n" + str(bodies.body("STU", "302")).replace("'", '"').encode()
    )

    said = done.stderr.decode()
    assert done.returncode == 2
    assert said.startswith("dimona: domain/tables/")
    assert len(said.splitlines()) == 1
    assert not [word for word in words if word not in said]


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("anomaly_codes.csv", "00011-003,B,,bad_data", "00011-003,B,,bad", "00011-003 bucket: 'bad' is none"),
        ("anomaly_codes.csv", "00011-003,B", "00011-003", "line 2: 6 cells instead of 7"),
        ("anomaly_codes.csv", "00011-005,", "00011-003,", "line 3: 00011-003 stands in two rows"),
        ("anomaly_codes.csv", "00011-003", "00012-003", "00012-003: its zone is not in anomaly_zones.csv"),
        ("anomaly_next_steps.toml", "[duplicate]\nen", "[duplicate]\neng", '["duplicate"]: unknown key eng'),
        ("anomaly_descriptions.toml", "nl = ", "", "anomaly_descriptions.toml is no TOML"),
    ],
)  # fmt: skip
def test_explain_names_what_is_wrong_in_a_table_in_one_line(package, name, old, new, words):
    spoil(package, name, old, new)

    done = run(package, "explain", "00011-003")

    said = done.stderr.decode()
    assert done.returncode == 2
    assert len(said.splitlines()) == 1
    assert words in said


def test_a_wrong_row_of_committees_is_the_tables_defect_and_no_records(package):
    spoil(package, "joint_committees.csv", "320,*,320", "320,*,32O")
    code = (
        "import datetime as dt\n"
        "from dimona_provider.domain.committees import dimona_joint_committee\n"
        "dimona_joint_committee('302', 'OTH')"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(package)},
        check=False,
    )

    assert "ConfigurationError: domain/tables/joint_committees.csv, line 10 dimona: '32O'" in done.stderr


def test_a_byte_order_mark_of_a_spreadsheet_is_no_part_of_a_table(package):
    path = package / TABLES / "fields.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert run(package, "validate", "-").returncode == 0


def test_an_error_of_a_table_is_no_error_of_a_record():
    assert not isinstance(tables.wrong("a.csv", "line 1", "odd"), ValueError)
