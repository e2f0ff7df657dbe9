"""The JSON Schema of payroll's export and the reader say the same about what a record looks like."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dimona_provider.domain.employment import read_employment
from dimona_provider.domain.record import Malformed
from dimona_provider.domain.worker_types import worker_types
from support import people
from support.properties import anything, changed, leaves

_SCHEMA = json.loads(
    (resources.files("dimona_provider.domain.tables") / "payroll_export.schema.json").read_text("utf-8")
)
_VALIDATOR = Draft202012Validator(_SCHEMA)
_FULL = people.employment(**people.BLOCKS)
_BEYOND_THE_FORM = re.compile(
    r"\([0-9]{5}-[0-9]{3}\)$|check digits|day of the calendar|before 1920|social security number|characters"
    r"|has a last day|not a date|agency itself|eleven digits|ten digits"
)
"""Reasons that no schema can give: rules, check digits, the calendar, counted blanks."""


def reads(record: object) -> list[str]:
    try:
        read_employment(record, people.TODAY)
    except Malformed as malformed:
        return [defect.reason for defect in malformed.defects]
    return []


def test_the_schema_is_one():
    Draft202012Validator.check_schema(_SCHEMA)


def test_the_schema_knows_the_worker_types_that_are_open():
    assert _SCHEMA["properties"]["worker_type"]["enum"] == [
        code for code, rule in worker_types().items() if rule.is_open
    ]


@pytest.mark.parametrize("worker_type", people.GOOD)
def test_a_good_record_of_every_type_passes_both(worker_type):
    record = people.good(worker_type)

    assert reads(record) == []
    assert _VALIDATOR.is_valid(record)


@settings(max_examples=150)
@given(changed(_FULL) | changed(people.employment(worker=people.identity())) | anything)
def test_whatever_the_reader_takes_the_schema_takes(record: Any):
    reasons = reads(record)

    event("read" if not reasons else "malformed")
    assert reasons or _VALIDATOR.is_valid(record)


@settings(max_examples=150)
@given(st.sampled_from(list(people.GOOD)).flatmap(lambda code: changed(people.good(code))))
def test_what_the_schema_takes_fails_for_rules_alone(record: Any):
    if any("\ud800" in leaf for leaf in leaves(record)):
        return  # half a character is no JSON, so no schema sees it
    if _VALIDATOR.is_valid(record):
        assert [reason for reason in reads(record) if not _BEYOND_THE_FORM.search(reason)] == []
