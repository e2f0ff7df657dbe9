"""What the law demands of each worker type, and which joint committee Dimona wants for payroll's."""

from __future__ import annotations

import datetime as dt

import pytest

from dimona_provider.domain.rules import Dates, Need, check, dimona_joint_committee, quarter_of, worker_types

DAY = dt.date(2027, 1, 20)
NEXT_DAY = dt.date(2027, 1, 21)
LATER = dt.date(2027, 3, 31)
NEXT_QUARTER = dt.date(2027, 4, 1)
NEW_YEARS_EVE = dt.date(2027, 12, 31)


def defects(worker_type, end=None, hours=(None, None), planned=None, start=DAY) -> list[str]:
    dates = Dates(start, end, *hours, planned)
    return [defect.field for defect in check(worker_types()[worker_type], dates)]


@pytest.mark.parametrize(
    ("worker_type", "end", "hours", "planned", "expected"),
    [
        pytest.param("OTH", None, (None, None), None, [], id="OTH without end"),
        pytest.param("OTH", LATER, (None, None), None, [], id="OTH with end"),
        pytest.param("OTH", NEXT_QUARTER, (None, None), None, [], id="OTH over quarters"),
        pytest.param("OTH", DAY, (None, None), None, [], id="OTH for one day"),
        pytest.param("OTH", dt.date(2027, 1, 19), (None, None), None, ["end_date"], id="OTH ending before"),
        pytest.param("OTH", DAY, ("0900", "1700"), None, ["start_hour", "end_hour"], id="OTH with hours"),
        pytest.param("OTH", None, (None, None), 8, ["planned_hours"], id="OTH with planned hours"),
        pytest.param("STU", LATER, (None, None), 40, [], id="STU complete"),
        pytest.param("STU", DAY, (None, None), 1, [], id="STU for one day"),
        pytest.param("STU", None, (None, None), 40, ["end_date"], id="STU without end"),
        pytest.param("STU", NEXT_QUARTER, (None, None), 40, ["end_date"], id="STU over quarters"),
        pytest.param("STU", LATER, (None, None), None, ["planned_hours"], id="STU without planned hours"),
        pytest.param("STU", DAY, ("0900", "1700"), 8, ["start_hour", "end_hour"], id="STU with hours"),
        pytest.param("FLX", DAY, ("0900", "1700"), None, [], id="FLX day"),
        pytest.param("FLX", DAY, (None, None), None, ["start_hour", "end_hour"], id="FLX day without hours"),
        pytest.param("FLX", DAY, ("0900", None), None, ["end_hour"], id="FLX day with half the hours"),
        pytest.param("FLX", DAY, ("1700", "0900"), None, ["end_hour"], id="FLX day that ends before"),
        pytest.param("FLX", DAY, ("1700", "1700"), None, ["end_hour"], id="FLX day of no time"),
        pytest.param("FLX", NEXT_DAY, ("2200", "0300"), None, [], id="FLX night"),
        pytest.param("FLX", NEXT_DAY, ("2200", None), None, ["end_hour"], id="FLX night with half the hours"),
        pytest.param("FLX", NEXT_DAY, (None, None), None, [], id="FLX period of two days"),
        pytest.param("FLX", LATER, (None, None), None, [], id="FLX period"),
        pytest.param(
            "FLX", LATER, ("0900", "1700"), None, ["start_hour", "end_hour"], id="FLX period, hours"
        ),
        pytest.param("FLX", None, (None, None), None, [], id="FLX without end"),
        pytest.param("FLX", None, ("0900", "1700"), None, ["start_hour", "end_hour"], id="FLX no end, hours"),
        pytest.param("FLX", NEXT_QUARTER, (None, None), None, ["end_date"], id="FLX over quarters"),
        pytest.param("FLX", DAY, ("0900", "1700"), 8, ["planned_hours"], id="FLX with planned hours"),
        pytest.param("EXT", DAY, ("0900", "1700"), None, [], id="EXT complete"),
        pytest.param("EXT", None, (None, None), None, ["end_date", "start_hour", "end_hour"], id="EXT empty"),
        pytest.param("O17", LATER, (None, None), 8, [], id="O17 complete"),
        pytest.param("IVT", None, (None, None), None, ["end_date"], id="IVT without end"),
    ],
)
def test_a_type_gets_what_it_needs_and_nothing_else(worker_type, end, hours, planned, expected):
    assert defects(worker_type, end, hours, planned) == expected


def test_a_flexi_night_may_end_in_the_next_quarter():
    new_year = dt.date(2028, 1, 1)

    assert defects("FLX", new_year, ("2200", "0300"), start=NEW_YEARS_EVE) == []
    assert defects("FLX", new_year, start=NEW_YEARS_EVE) == ["end_date"]


def test_all_open_worker_types_of_the_glossary_are_known():
    codes = "OTH STU FLX EXT BCW DWD IVT TRI STG RTA ALT O17 S17 T17 PMP"

    assert set(worker_types()) == set(codes.split())
    assert all(rule.meaning and rule.code == code for code, rule in worker_types().items())


@pytest.mark.parametrize(
    ("codes", "attribute", "need"),
    [
        ("EXT STU IVT TRI STG O17 S17 T17", "end_date", Need.REQUIRED),
        ("OTH FLX BCW DWD RTA ALT PMP", "end_date", Need.OPTIONAL),
        ("STU O17 S17", "planned_hours", Need.REQUIRED),
        ("OTH FLX EXT BCW DWD IVT TRI STG RTA ALT T17 PMP", "planned_hours", Need.FORBIDDEN),
        ("EXT", "hours", Need.REQUIRED),
        ("FLX", "hours", Need.DAY),
        ("OTH STU BCW DWD IVT TRI STG RTA ALT O17 S17 T17 PMP", "hours", Need.FORBIDDEN),
    ],
)
def test_the_table_says_what_the_glossary_says(codes, attribute, need):
    assert {getattr(worker_types()[code], attribute) for code in codes.split()} == {need}


def test_three_types_are_planned_for_now():
    assert {code for code, rule in worker_types().items() if rule.planned} == {"OTH", "STU", "FLX"}


@pytest.mark.parametrize(
    ("payroll", "worker_type", "dimona"),
    [
        pytest.param("200", "OTH", "XXX", id="every other sector"),
        pytest.param("118", "STU", "XXX", id="food industry"),
        pytest.param("304", "OTH", "XXX", id="performing arts"),
        pytest.param("XXX", "OTH", "XXX", id="already translated"),
        *(
            pytest.param(jc, "OTH", jc, id=jc)
            for jc in ["124", "140", "144", "145", "149", "302", "320", "322"]
        ),
        pytest.param("302", "STU", "XXX", id="horeca student"),
        pytest.param("302", "FLX", "XXX", id="horeca flexi-job"),
        pytest.param("302", "EXT", "302", id="horeca occasional worker"),
        pytest.param("302.01", "OTH", "302", id="subcommittee with a dot"),
        pytest.param("3020100", "FLX", "XXX", id="subcommittee without a dot"),
        pytest.param("149.01", "OTH", "149", id="electricians"),
    ],
)
def test_a_joint_committee_becomes_one_that_dimona_knows(payroll, worker_type, dimona):
    assert dimona_joint_committee(payroll, worker_type) == dimona


@pytest.mark.parametrize(
    ("month", "quarter"), [(1, 1), (3, 1), (4, 2), (6, 2), (7, 3), (9, 3), (10, 4), (12, 4)]
)
def test_quarters_begin_in_january_april_july_and_october(month, quarter):
    assert quarter_of(dt.date(2027, month, 15)) == (2027, quarter)
