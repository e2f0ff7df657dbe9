"""
Two readings of the law, the client's and the simulator's, say the same of every generated declaration.

``SLOW_SHARE`` (1 by default, 0.1 in CI) sizes the number of declarations of the slow test.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from dimona_provider.api.verdict import BodyDefect, check_body
from include.dimona_simulator import Malformed, judge
from include.dimona_simulator.tables import is_blocking
from support import bodies
from support.generated import declarations
from support.parts import Json

_DAY = dt.date(2026, 11, 24)
_DAYS = {
    "in a quarter": _DAY,
    "last day of a year": dt.date(2026, 12, 31),
    "first day of a year": dt.date(2027, 1, 1),
    "32 days before a quarter": dt.date(2027, 2, 28),
    "31 days before a quarter": dt.date(2027, 3, 1),
    "last day of a quarter": dt.date(2027, 3, 31),
    "last day of the second quarter": dt.date(2027, 6, 30),
    "leap day": dt.date(2028, 2, 29),
}
_EVERY_DAY = 6000
_SHARE = float(os.environ.get("SLOW_SHARE", "1"))
_WITHOUT_CODE = "400"
_EXPECTED = """
    00011-003 00014-003 00024-001 00024-003 00028-003 00028-348 00029-348 00046-001 00046-003 00046-005
    00053-001 00053-005 00131-003 00131-005 00153-005 00517-001 00517-005 00518-001 00518-005 00519-005
    00520-001 00520-005 00522-001 00522-005 00523-001 00523-005 00652-001 00655-003 00663-001 00663-005
    00664-001 00664-005 00664-353 00776-003 00776-005 00777-001 00777-005 00778-001 00778-005 00778-345
    00910-008 00910-459 00911-001 00911-003 00911-008 00911-014 00948-003 01135-001 01135-005 01231-001
    01231-005 90017-363 90107-351 90107-352 90256-364 90373-341 90373-421 90373-460 90374-349 90378-360
    90378-368 90378-421 90378-460
"""
"""Every code that one declaration can get by itself, without registers."""
_compared: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def report(pytestconfig: pytest.Config) -> Iterator[None]:
    """Print how many declarations were compared, past pytest's capture."""
    yield
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        counts = f"{_compared['clean']} without a code, {_compared[_WITHOUT_CODE]} answered with 400"
        sys.stdout.write(f"\nagreement: {_compared['all']} declarations compared ({counts})\n")


def compare(declaration: Json, today: dt.date) -> set[str]:
    """Return the codes that both readings give; fail where they differ."""
    defects = check_body(declaration, today)
    said = f"{today}: {json.dumps(declaration)}"
    _compared["all"] += 1
    theirs = _judged(declaration, today)
    if theirs is None:
        _compared[_WITHOUT_CODE] += 1
        assert _blocking(defects), f"answered with 400, and the client is content: {said}"
        return {_WITHOUT_CODE}
    ours = {defect.code for defect in defects}
    assert ours == set(theirs), f"the readings differ by {sorted(ours ^ set(theirs))}: {said}"
    assert _blocking(defects) == {code for code in theirs if is_blocking(code, "")}, said
    _compared["clean"] += not ours
    return ours


def _judged(declaration: Json, today: dt.date) -> list[str] | None:
    try:
        return judge(declaration, today)
    except Malformed:
        return None


def _blocking(defects: list[BodyDefect]) -> set[str]:
    return {defect.code for defect in defects if defect.is_blocking}


def test_both_readings_give_the_same_codes():
    for today in _DAYS.values():
        for declaration in declarations(1000 // len(_DAYS), today):
            compare(declaration, today)


@pytest.mark.parametrize("start", ["9999-12-31", "9999-12-30", "2040-01-01"])
@pytest.mark.parametrize("worker_type", ["OTH", "STU", "FLX", "EXT", "T17", "STX"])
def test_both_readings_know_types_that_never_close_at_the_end_of_time(worker_type, start):
    body = bodies.body(worker_type, startDate=start, endDate=start)

    assert {"00910-008", "00911-008"} <= compare(body, _DAY)


@pytest.mark.parametrize("text", ["a\tb", "a\x00", "\x7fa", "a\ud800", "a\nb"])
def test_both_readings_refuse_texts_that_hold_no_text(text):
    identity = {**bodies.IDENTITY, "familyName": text}

    assert compare(bodies.body(worker=identity), _DAY) == {_WITHOUT_CODE}


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"startDate": "2027-03-01", "endDate": "2027-04-01", "plannedHoursNumber": 9}, "90378-421"),
        ({"endDate": "9999-12-31", "plannedHoursNumber": 9}, "90378-368"),
        ({"startDate": "2026-11-23"}, "90378-460"),
    ],
)
def test_both_readings_see_an_update_that_contradicts_itself(members, code):
    assert compare(bodies.follow_up("dimonaUpdate", **members), _DAY) == {code}


@pytest.mark.parametrize(
    "members",
    [
        {"startDate": "2027-03-01", "endDate": "2027-04-01"},
        {"startDate": "2027-01-01", "endDate": "2027-03-31", "plannedHoursNumber": 9},
        {"endDate": "9999-12-31"},
        {"startDate": "2026-11-24"},
    ],
)
def test_both_readings_leave_other_updates_to_the_nsso(members):
    assert compare(bodies.follow_up("dimonaUpdate", **members), _DAY) == set()


def test_the_generator_depends_on_its_seed_alone():
    first, again, other = (list(declarations(50, _DAY, seed)) for seed in (1, 1, 2))

    assert first == again != other


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("today", _DAYS.values(), ids=list(_DAYS))
def test_both_readings_give_the_same_codes_at_length(seed, today):
    for declaration in declarations(int(_EVERY_DAY * _SHARE), today, seed):
        compare(declaration, today)


@pytest.mark.slow
def test_every_code_is_reached():
    reached = set()
    for declaration in declarations(_EVERY_DAY, _DAY, seed=4):
        reached |= compare(declaration, _DAY)

    assert reached - {_WITHOUT_CODE} == set(_EXPECTED.split())
