"""
Any JSON at all, many times: verdicts and readers give defects or one named error, never a traceback.

``SLOW_SHARE`` (1 by default, 0.1 in CI) sizes the number of cases.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dimona_provider.api.codec import read_declaration, write_declaration
from dimona_provider.api.replies import read_answer
from dimona_provider.api.verdict import check_body
from dimona_provider.api.wire import InvalidBody, read_filing
from dimona_provider.cli.verdict_text import as_json_lines
from dimona_provider.domain.employment import read_employment
from dimona_provider.domain.record import Malformed
from dimona_provider.errors import UnexpectedResponse
from dimona_provider.validation import validate
from support import bodies, people
from support.properties import anything, changed
from support.shapes import rest_bodies

pytestmark = pytest.mark.slow

_SHARE = float(os.environ.get("SLOW_SHARE", "1"))
_FULL = bodies.body("STU", features={"subEntityNumber": 1, "userEnterprise": bodies.USER}, **bodies.ALL)
_cases: Counter[str] = Counter()


def _strictly(body: object) -> bool:
    """Tell whether JSON has a word for *body*: NaN and infinity are Python's own."""
    try:
        json.dumps(body, allow_nan=False)
    except ValueError:
        return False
    return True


def many(cases: int) -> settings:
    """Return the settings of one fuzz: *cases* in all, and nothing shrunk for hours on a busy machine."""
    return settings(max_examples=max(10, int(cases * _SHARE)))


@pytest.fixture(scope="module", autouse=True)
def report(pytestconfig):
    """Print how many cases were run, past pytest's capture."""
    yield
    counts = ", ".join(f"{name} {count}" for name, count in _cases.items())
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        sys.stdout.write(f"\nfuzz: {sum(_cases.values())} cases ({counts})\n")


@many(8_000)
@given(anything | rest_bodies | changed(_FULL))
def test_validate_has_a_verdict_on_everything(body):
    _cases["validate"] += 1

    line = json.dumps(body).encode()
    is_json = _strictly(body)
    (said,) = as_json_lines(validate(io.BytesIO(line), people.TODAY), "de")

    verdict = json.loads(said)
    assert verdict["valid"] is not any(one["severity"] == "B" for one in verdict["defects"])
    again = [(one.code, one.field) for one in check_body(body if is_json else None, people.TODAY)]
    assert [(one["code"], one["field"]) for one in verdict["defects"]] == again


@many(3_000)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_validate_has_a_verdict_on_every_line_of_bytes(raw):
    _cases["bytes"] += 1

    said = [json.loads(line) for line in as_json_lines(validate(io.BytesIO(raw), people.TODAY), "en")]

    content = raw.removeprefix(b"\xef\xbb\xbf")
    lines = [number for number, line in enumerate(content.split(b"\n"), start=1) if line.strip()]
    assert [one["line"] for one in said] == lines


@many(6_000)
@given(anything | rest_bodies | changed(_FULL))
def test_the_wire_readers_give_a_declaration_or_an_invalid_body(body):
    _cases["wire"] += 1

    try:
        declaration = read_declaration(body)
    except InvalidBody as invalid:
        assert invalid.defects  # noqa: PT017 - both ends are right
    else:
        assert read_declaration(write_declaration(declaration)) == declaration
    try:
        read_filing(body)
    except InvalidBody as invalid:
        assert invalid.defects  # noqa: PT017


@many(2_000)
@given(anything | changed({"declarationStatus": {"result": "W", "anomalies": [{"errorId": "90373-460"}]}}))
def test_answers_are_read_or_unexpected(body):
    _cases["answers"] += 1

    try:
        answer = read_answer(body, 656309292174)
    except UnexpectedResponse:
        return
    assert answer is None or answer.declaration_id == 656309292174


@many(3_000)
@given(st.sampled_from(list(people.GOOD)).flatmap(lambda code: changed(people.good(code, **people.BLOCKS))))
def test_payrolls_records_are_employments_or_malformed_and_agree_with_validate(record):
    _cases["payroll"] += 1

    try:
        employment = read_employment(record, people.TODAY)
    except Malformed as malformed:
        assert malformed.defects  # noqa: PT017
        return
    defects = check_body(write_declaration(employment.start), people.TODAY)
    assert employment.is_too_early or not [one for one in defects if one.is_blocking]
