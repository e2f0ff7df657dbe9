"""The tables in the documents are the tables in the code."""

from __future__ import annotations

import csv
from dataclasses import fields

import pytest

from dimona_provider.domain.employment import STATUSES, Employment
from dimona_provider.domain.outcome import OPEN, OUTCOMES, WAITING, State
from dimona_provider.domain.planning import _STATUS_NOT_HANDLED
from dimona_provider.domain.rules import worker_types
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
            yes(row.quarter),
            yes(row.planned),
        ]
        for row in worker_types().values()
    ]

    assert table(_PAYROLL, "code", "worker") == expected


def test_statuses() -> None:
    rows = table(_PAYROLL, "status", "payroll means")

    assert {row[0] for row in rows} == STATUSES
    assert {row[0] for row in rows if row[2].startswith("not handled")} == set(_STATUS_NOT_HANDLED)


def test_fields_of_an_employment() -> None:
    from datetime import date

    documented = {name for row in table(_PAYROLL, "field", "form", "needed") for name in row[0].split(", ")}

    assert documented == set(employment(1, date(2027, 1, 4)))
    assert {field.name for field in fields(Employment)} - {"reference", "dates"} <= documented


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

    # Of these, batches of pages and the keys' fingerprint belong to no environment.
    assert without - {"ledger_info", "staged_pages"} == {"attempts", "events"}


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
