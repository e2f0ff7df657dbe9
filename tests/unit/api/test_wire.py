"""Declarations as the service's JSON, and reading what others wrote."""

from __future__ import annotations

import datetime as dt
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dimona_provider.api.codec import write_declaration
from dimona_provider.api.names import BLOCKS
from dimona_provider.api.wire import Filing, InvalidBody, read_filing, read_number
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.employment import read_employment
from dimona_provider.domain.identifiers import Ssin
from support import people
from support.properties import anything, changed, leaves

FOLLOW_UP = {
    "employer": {"employerId": 175110801},
    "worker": {"ssin": people.SSIN},
    "dimonaOut": {"periodId": 656309292174, "endDate": "2027-02-01"},
}


def written(**changes) -> dict:
    return write_declaration(read_employment(people.employment(**changes), people.TODAY).start)


def defects(body: object) -> list[str]:
    with pytest.raises(InvalidBody) as caught:
        read_filing(body)
    return [defect.field for defect in caught.value.defects]


def test_a_worker_with_number_is_written_as_the_number_alone():
    assert written() == {
        "employer": {"enterpriseNumber": people.EMPLOYER},
        "worker": {"ssin": people.SSIN},
        "dimonaIn": {
            "startDate": "2027-01-20",
            "features": {"jointCommissionNumber": "XXX", "workerType": "OTH"},
        },
    }


def test_a_worker_without_number_is_written_with_the_whole_identity():
    assert written(worker=people.identity())["worker"] == {
        "familyName": "Zwartewei",
        "givenName": "Pieternel",
        "birthDate": "1990-02-03",
        "placeOfBirth": "Lille",
        "countryOfBirth": 111,
        "nationality": 111,
        "gender": "2",
        "address": {
            "street": "Rue du Test",
            "houseNumber": "1",
            "postCode": "59000",
            "municipality": {"code": 99999, "name": "Lille"},
            "country": 111,
        },
    }


def test_a_box_number_is_written_when_there_is_one():
    address = people.identity()["address"] | {"box_number": "12"}

    assert written(worker=people.identity(address=address))["worker"]["address"]["boxNumber"] == "12"


def test_hours_and_planned_hours_are_written_in_their_own_form():
    day = written(worker_type="FLX", end_date="2027-01-20", start_hour="0900", end_hour="1700")["dimonaIn"]
    student = written(worker_type="STU", end_date="2027-03-01", planned_hours=40)["dimonaIn"]

    assert (day["startHour"], day["endHour"], day["endDate"]) == ("0900", "1700", "2027-01-20")
    assert student["plannedHoursNumber"] == 40
    assert "startHour" not in student


def test_what_we_write_we_read_back():
    filing = read_filing(
        written(worker_type="FLX", end_date="2027-01-20", start_hour="0900", end_hour="1700")
    )

    assert filing.kind is Kind.IN
    assert (filing.employer, filing.ssin) == (people.EMPLOYER, Ssin(people.SSIN))
    assert (filing.worker_type, filing.start_date, filing.start_hour) == ("FLX", dt.date(2027, 1, 20), "0900")


def test_a_filing_shows_no_person():
    assert people.SSIN not in repr(read_filing(people.in_body()))


@pytest.mark.parametrize(
    ("block", "kind"), [(block, kind) for block, kind in BLOCKS.items() if kind is not Kind.IN]
)
def test_a_follow_up_needs_its_period_alone(block, kind):
    filing = read_filing({block: {"periodId": 656309292174}})

    assert (filing.kind, filing.period_id, filing.employer, filing.ssin) == (kind, 656309292174, "", None)


def test_the_nsso_number_outranks_the_enterprise_number():
    employer = {"employerId": 175110801, "enterpriseNumber": people.EMPLOYER}

    assert read_filing(people.in_body() | {"employer": employer}).employer == "175110801"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(None, ["declaration"], id="nothing"),
        pytest.param([], ["declaration"], id="a list"),
        pytest.param({}, ["declaration"], id="no block"),
        pytest.param({"dimonaIn": {}, "dimonaOut": {}}, ["declaration"], id="two blocks"),
        pytest.param({"dimonaIn": []}, ["declaration"], id="a block that is no object"),
        pytest.param(
            {"dimonaIn": {}},
            ["employer", "worker", "dimonaIn.startDate", "dimonaIn.features.workerType"],
            id="an empty IN",
        ),
        pytest.param(
            people.in_body() | {"worker": {"ssin": "93051822362"}}, ["worker.ssin"], id="wrong number"
        ),
        pytest.param(people.in_body() | {"employer": {}}, ["employer"], id="no employer number"),
        pytest.param(people.in_body(startDate="2027-W03-3"), ["dimonaIn.startDate"], id="a week date"),
        pytest.param(
            people.in_body(startDate="20270120"), ["dimonaIn.startDate"], id="a date without dashes"
        ),
        pytest.param(
            people.in_body(features={"workerType": people.SSIN}),
            ["dimonaIn.features.workerType"],
            id="a person as worker type",
        ),
        pytest.param({"dimonaOut": {}}, ["dimonaOut.periodId"], id="no period"),
        pytest.param(
            {"dimonaCancel": {"periodId": "x"}}, ["dimonaCancel.periodId"], id="no number as period"
        ),
        pytest.param(
            {"dimonaCancel": {"periodId": 1}, "employer": 1, "worker": 1},
            ["employer", "worker"],
            id="an employer and a worker that are no objects",
        ),
    ],
)
def test_a_body_that_cant_be_filed_names_its_defects(body, expected):
    assert defects(body) == expected


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(math.nan, id="not a number"),
        pytest.param(math.inf, id="infinity"),
        pytest.param("a\ud800", id="half a character"),
        pytest.param(dt.date(2027, 1, 20), id="a date object"),
        pytest.param({1: 2, "a": 3}, id="mixed keys"),
        pytest.param({"a"}, id="a set"),
    ],
)
def test_what_json_cant_say_is_refused_before_it_stops_a_batch(value):
    assert defects(people.in_body(extra=value)) == ["declaration"]


@given(anything | changed(people.in_body()) | changed(FOLLOW_UP))
def test_whatever_is_given_is_a_filing_or_an_invalid_body(body):
    try:
        filing = read_filing(body)
    except InvalidBody:
        return

    assert isinstance(filing, Filing)
    json.dumps(filing.body, allow_nan=False, ensure_ascii=False).encode()


@given(changed(people.in_body(), st.text("QZJ#0123456789", min_size=4)) | changed(FOLLOW_UP, st.text("QZ09")))
def test_no_defect_repeats_a_value(body):
    try:
        read_filing(body)
    except InvalidBody as invalid:
        said = str(invalid) + " ".join(f"{defect.field} {defect.reason}" for defect in invalid.defects)
        assert not [leaf for leaf in leaves(body) if len(leaf) >= 4 and leaf in said]


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (656309292174, 656309292174),
        ("656309292174", 656309292174),
        (0, None),
        ("0", None),
        (-1, None),
        (1234567890123, None),
        ("١٢٣", None),
        (True, None),
        (1.0, None),
        ("12 ", None),
        (None, None),
    ],
)
def test_an_id_is_a_number_of_at_most_twelve_digits(raw, number):
    assert read_number(raw) == number
