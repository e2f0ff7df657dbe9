"""What the service would answer with 400: the form of a body, and identifiers with their check digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.be import ssn, vat

from dimona_provider.api.codec import write_declaration
from dimona_provider.api.verdict import check_body
from dimona_provider.domain.anomalies import Severity, anomaly
from dimona_provider.domain.draft import breach, fields_of_declarations
from dimona_provider.domain.employment import read_employment
from dimona_provider.domain.record import Malformed
from dimona_provider.domain.sentences import sentence, severity_of
from support import bodies, people
from support.bodies import body, follow_up
from support.properties import changed


def found(declaration: object) -> list[tuple[str, str]]:
    return [(one.code, one.field) for one in check_body(declaration, people.TODAY)]


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        pytest.param(None, [("90372-001", "declaration")], id="null"),
        pytest.param([], [("90372-001", "declaration")], id="a list"),
        pytest.param("text", [("90372-001", "declaration")], id="a text"),
        pytest.param({}, [("90372-001", "declaration")], id="no block"),
        pytest.param(body() | follow_up("dimonaCancel"), [("90372-001", "declaration")], id="two blocks"),
        pytest.param({"dimonaIn": []}, [("90372-001", "declaration")], id="a block that is a list"),
        pytest.param(body() | {"other": 1}, [("90372-089", "declaration")], id="a stranger beside the block"),
        pytest.param(body(enddate="2027-02-01"), [("90372-089", "dimonaIn")], id="a stranger in the block"),
        pytest.param(
            body(features={"type": "OTH"}), [("90374-005", "dimonaIn.features")], id="a stranger in features"
        ),
        pytest.param(
            body(worker={"ssin": people.SSIN, "niss": "1"}), [("90017-005", "worker")], id="in the worker"
        ),
        pytest.param(
            body(employer={"enterpriseNumber": people.EMPLOYER, "x": 1}),
            [("90256-005", "employer")],
            id="in the employer",
        ),
        pytest.param(body() | {"employer": "x"}, [("90256-003", "employer")], id="an employer as text"),
        pytest.param(body() | {"worker": 7}, [("90017-003", "worker")], id="a worker as number"),
        pytest.param(body(employer=None), [("90256-364", "employer")], id="no employer"),
        pytest.param(body(employer={"x": None}), [("90256-364", "employer")], id="an empty employer"),
        pytest.param(body(worker=None), [("90017-363", "worker")], id="no worker"),
        pytest.param(
            body(worker={"familyName": "Zwartewei"}), [("90017-363", "worker")], id="a part of an identity"
        ),
        pytest.param(body(worker={"ssin": 93051822361}), [("00024-003", "worker.ssin")], id="SSIN as number"),
        pytest.param(
            {**body(), "dimonaIn": {**body()["dimonaIn"], "features": 1}},
            [("90374-003", "dimonaIn.features")],
            id="features as number",
        ),
        pytest.param(
            {**body(), "dimonaIn": {"startDate": "2027-01-20"}},
            [
                ("00046-001", "dimonaIn.features.jointCommissionNumber"),
                ("00655-001", "dimonaIn.features.workerType"),
            ],
            id="no features",
        ),
        pytest.param(body(startDate=20270120), [("00910-003", "dimonaIn.startDate")], id="a date as number"),
        pytest.param(body(startDate="2027-1-20"), [("00910-003", "dimonaIn.startDate")], id="a short date"),
        pytest.param(body(startDate="2027-02-30"), [("00910-003", "dimonaIn.startDate")], id="no such day"),
        pytest.param(
            body("FLX", startHour="24:00"), [("00777-003", "dimonaIn.startHour")], id="an hour with a colon"
        ),
        pytest.param(
            body("STU", plannedHoursNumber=0), [("01135-003", "dimonaIn.plannedHoursNumber")], id="no hours"
        ),
        pytest.param(
            body("STU", plannedHoursNumber=1000), [("01135-003", "dimonaIn.plannedHoursNumber")], id="1000"
        ),
        pytest.param(
            body("STU", plannedHoursNumber=True), [("01135-003", "dimonaIn.plannedHoursNumber")], id="true"
        ),
        pytest.param(
            body(features={"workerType": "ZZZ"}), [("00655-003", "dimonaIn.features.workerType")], id="ZZZ"
        ),
        pytest.param(
            {"dimonaCancel": {"periodId": "656309292174"}},
            [("00913-003", "dimonaCancel.periodId")],
            id="text",
        ),
        pytest.param(
            {"dimonaCancel": {"periodId": 1234567890123}}, [("00913-003", "dimonaCancel.periodId")], id="13"
        ),
        pytest.param(
            body(worker=bodies.IDENTITY | {"gender": 1}), [("00029-003", "worker.gender")], id="gender 1"
        ),
        pytest.param(
            body(worker=bodies.IDENTITY | {"familyName": " "}),
            [("00025-003", "worker.familyName")],
            id="blank",
        ),
        pytest.param(
            body(worker=bodies.IDENTITY | {"address": bodies.ADDRESS | {"municipality": {}}}),
            [("00034-003", "worker.address.municipality")],
            id="an empty municipality",
        ),
        pytest.param(
            body(worker=bodies.IDENTITY | {"address": bodies.ADDRESS | {"street": "x" * 36}}),
            [("00030-003", "worker.address.street")],
            id="a street of 36",
        ),
    ],
)
def test_the_form_of_a_body_is_named_by_zone_and_place(declaration, expected):
    assert sorted(found(declaration)) == sorted(expected)


def test_null_is_a_value_and_an_invalid_one():
    declaration = body()
    declaration["dimonaIn"]["endDate"] = None

    assert found(declaration) == [("00911-003", "dimonaIn.endDate")]


# Check digits: vectors of the facts, and python-stdnum as the second opinion.


@pytest.mark.parametrize("ssin", ["93051822361", "01410199955", "87062315653"])
def test_social_security_numbers_of_the_facts_are_right(ssin):
    assert found(body(worker={"ssin": ssin})) == []


@pytest.mark.parametrize("number", ["0477472701", "1028230781", "1009237290", "477472701"])
def test_enterprise_numbers_of_the_facts_are_right(number):
    assert found(body(employer={"enterpriseNumber": number})) == []


@pytest.mark.parametrize("number", ["0000000000", "2477472701", "0477472702", "BE0477472701", "0477.472.701"])
def test_other_enterprise_numbers_are_wrong(number):
    assert found(body(employer={"enterpriseNumber": number})) == [("00014-003", "employer.enterpriseNumber")]


@pytest.mark.parametrize(
    ("number", "right"),
    [
        (100006, True),
        (199999934, True),
        (175110801, True),
        (51357716, True),
        (125482497, True),
        (5000000120, True),
        (5999999989, True),
        (100007, False),
        (125482400, False),
        (5000000121, False),
        (0, False),
        ("175110801", False),
    ],
)
def test_nsso_numbers(number, right):
    zone = "00948" if number == 5000000121 else "00011"
    expected = [] if right else [(f"{zone}-003", "employer.employerId")]

    assert found(body(employer={"employerId": number})) == expected


@given(st.integers(0, 1_999_999_999), st.booleans())
def test_stdnum_agrees_on_enterprise_numbers(number, is_right):
    digits = f"{number:010d}" if not is_right else f"{number // 100:08d}{97 - number // 100 % 97:02d}"
    defects = found(body(employer={"enterpriseNumber": digits}))

    # stdnum only asks for a sum divisible by 97, and so takes 98 and 99 as check digits too.
    assert (defects == []) == (vat.is_valid(digits) and int(digits[8:]) <= 97)


@given(st.dates().filter(lambda day: 1900 < day.year < 2027), st.integers(1, 998), st.booleans())
def test_stdnum_agrees_on_social_security_numbers(born, serial, is_right):
    head = f"{born:%y%m%d}{serial:03d}"
    check = 97 - int(("2" if born.year >= 2000 else "") + head) % 97
    digits = head + f"{check if is_right else check % 97 + 1:02d}"

    assert (found(body(worker={"ssin": digits})) == []) == ssn.is_valid(digits)


def test_unusual_check_digits_of_a_period_are_no_defect():
    assert found({"dimonaCancel": {"periodId": 656309296531}}) == []


# Codes and sentences.


def test_every_code_has_a_sentence_in_every_language_and_the_catalogues_severity():
    kinds = ("absent", "invalid", "forbidden")
    codes = {breach(name, kind).code for name in fields_of_declarations() for kind in kinds}

    assert {severity_of(code) for code in codes} == {"B"}
    for code in codes:
        texts = {sentence(code, lang) for lang in ("en", "fr", "nl", "de")}
        assert len(texts) == 4
        assert not [text for text in texts if code in text]


def test_warnings_are_what_the_catalogue_calls_warnings():
    assert severity_of("90373-460") == "NP"
    assert anomaly("90373-460").severity is Severity.NOT_BLOCKING


# Payroll and validate say the same.


@given(st.sampled_from(list(people.GOOD)).flatmap(lambda code: changed(people.good(code))))
def test_nothing_is_planned_that_validate_refuses(record):
    try:
        employment = read_employment(record, people.TODAY)
    except Malformed:
        return

    if not employment.is_too_early:
        defects = check_body(write_declaration(employment.start), people.TODAY)
        assert not [one for one in defects if one.is_blocking]
