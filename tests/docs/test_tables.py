"""The tables in the documents are the tables in the code."""

from __future__ import annotations

import csv
import json
import tomllib

import pytest

from dimona_provider.domain.draft import fields_of_declarations, inner_fields
from dimona_provider.domain.employment import STATUSES
from dimona_provider.domain.outcome import OPEN, OUTCOMES, WAITING, State
from dimona_provider.domain.payroll import payroll_name
from dimona_provider.domain.planning.words import DecisionKind, Problem
from dimona_provider.domain.worker_types import worker_types
from dimona_provider.ledger import claims
from dimona_provider.ledger.keys import Keyring
from dimona_provider.ledger.schema import metadata
from include.payroll.sample import employment
from support.markdown import DOCS, ROOT, section, table

_PAYROLL = (DOCS / "payroll.md").read_text(encoding="utf-8")
_LEDGER = (DOCS / "ledger.md").read_text(encoding="utf-8")


def test_joint_committees() -> None:
    path = ROOT / "plugins/dimona_provider/domain/tables/joint_committees.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))[1:]

    assert table(_PAYROLL, "payroll", "worker type", "Dimona") == rows


def test_worker_types() -> None:
    def yes(value: bool) -> str:  # noqa: FBT001
        return "yes" if value else "no"

    expected = [
        [
            row.code,
            row.meaning,
            row.end_date,
            row.hours,
            row.planned_hours,
            row.small_statutes,
            row.place_of_work,
            row.ssin,
            yes(row.quarter),
            f"{row.earliest_days} days before its {row.earliest_before}"
            if row.earliest_days
            else "any time before",
        ]
        for row in worker_types().values()
        if row.is_open
    ]

    assert table(_PAYROLL, "code", "worker") == expected


def test_statuses() -> None:
    rows = table(_PAYROLL, "status", "payroll means")

    assert {row[0] for row in rows} == STATUSES


def test_questions_of_the_planner() -> None:
    rows = table(_PAYROLL, "question", "when")

    assert {row[0] for row in rows} == set(DecisionKind)


def test_problems_of_the_planner() -> None:
    rows = table(_PAYROLL, "finding", "because")

    assert {row[0] for row in rows} == set(Problem)


def test_fields_of_an_employment() -> None:
    from datetime import date

    documented = {name for row in table(_PAYROLL, "field", "form", "needed") for name in row[0].split(", ")}

    assert documented == set(employment(1, date(2027, 1, 4)))


def test_fields_of_the_blocks_of_an_employment() -> None:
    blocks = ("user_enterprise", "construction_cards", "small_statutes", "place_of_work")
    known = {name for block in blocks for name in inner_fields(block) if ".address." not in name}

    documented = {row[0] for row in table(_PAYROLL, "block field", "form", "needed")}

    assert documented == known | {"sub_entity"}


def test_payrolls_schema_names_every_field() -> None:
    schema = json.loads(
        (ROOT / "plugins/dimona_provider/domain/tables/payroll_export.schema.json").read_text("utf-8")
    )
    top = {name.partition(".")[0] for name in map(payroll_name, fields_of_declarations())}

    expected = top - {"declaration", "block", "features", "period_id"} | {"employment_id", "status"}
    assert set(schema["properties"]) == expected
    for block in ("user_enterprise", "construction_cards", "small_statutes", "place_of_work"):
        inner = {name.removeprefix(block + ".") for name in inner_fields(block) if ".address." not in name}
        assert set(schema["$defs"][block]["properties"]) == inner


def test_codes_of_structure_are_documented() -> None:
    text = (DOCS / "validate.md").read_text(encoding="utf-8")
    path = ROOT / "plugins/dimona_provider/domain/tables/structure_sentences.toml"

    assert {row[0] for row in table(text, "code", "means")} == set(tomllib.loads(path.read_text("utf-8")))


def test_states() -> None:
    assert [row[0] for row in table(_LEDGER, "state", "meaning")] == [str(state) for state in State]


@pytest.mark.parametrize("states", [WAITING, OPEN], ids=["waiting", "open"])
def test_groups_of_states(states: frozenset[State]) -> None:
    in_order = [f"`{state}`" for state in State if state in states]
    sentence = ", ".join(in_order[:-1]) + " and " + in_order[-1]

    assert sentence in section(DOCS / "ledger.md", "States")


def test_tables_of_the_ledger() -> None:
    rows = table(_LEDGER, "table", "one row is")
    with_body = {name for name, found in metadata.tables.items() if "body" in found.columns}

    assert {row[0] for row in rows} == set(metadata.tables)
    assert {row[0] for row in rows if "encrypted" in row[2]} == with_body


def test_environment_stands_in_the_tables_that_are_said_to_have_it() -> None:
    without = {name for name, found in metadata.tables.items() if "environment" not in found.columns}

    # Of these, batches of pages, switches, searches and the keys' fingerprint belong to no environment.
    of_intents = {"attempts", "events", "looks", "served", "acknowledgements"}
    assert without - {"ledger_info", "staged_pages", "holds", "searches"} == of_intents


def test_the_time_after_which_a_vanished_sender_is_unclear() -> None:
    from dimona_provider.api.client import REQUEST_TIMEOUT

    seconds = claims.LEASE + REQUEST_TIMEOUT + claims.GRACE

    assert f"{seconds:g} s after" in (DOCS / "dags.md").read_text(encoding="utf-8")
    assert f"{seconds:g} s after" in (DOCS / "operations.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", ["dags.md", "how-to-submit-your-own.md"])
def test_fail_on_knows_what_the_documents_name(document: str) -> None:
    text = (DOCS / document).read_text(encoding="utf-8")
    named = ("refused", "warned", "identifying", "unclear", "waiting")

    assert ", ".join(f"`{word}`" for word in named) in text
    assert set(named) == set(OUTCOMES) - {"accepted"}


def test_a_new_encryption_key_in_front_keeps_a_ledger_readable() -> None:
    old = Keyring.generate()
    new = Keyring((*Keyring.generate().encryption, *old.encryption), old.search)

    assert new.decrypt(old.encrypt(b"a person")) == b"a person"
    assert new.fingerprint == old.fingerprint
