"""Reading payroll's records: every defect at once, no value in any of them, never a traceback."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dimona_provider.domain import employment as module
from dimona_provider.domain.declaration import Identity
from dimona_provider.domain.employment import Employment, read_reference
from dimona_provider.domain.identifiers import Ssin
from dimona_provider.domain.record import Malformed
from support import people
from support.properties import anything, changed, leaves

FULL = people.employment(
    worker=people.identity(), end_date="2027-02-20", start_hour="1015", end_hour="1730", planned_hours=12
)


def read_employment(record: object) -> Employment:
    return module.read_employment(record, people.TODAY)


telltale = (
    st.text("QZJ#0123456789", min_size=4, max_size=12)
    | st.integers(100_000, 10**12)
    | st.lists(st.text("QZJ", min_size=4), min_size=1, max_size=2)
)


def malformed(record: object) -> Malformed:
    with pytest.raises(Malformed) as caught:
        read_employment(record)
    return caught.value


def fields_of(error: Malformed) -> list[str]:
    return [defect.field for defect in error.defects]


def test_a_complete_record_is_read():
    employment = read_employment(people.employment(end_date="2027-03-01"))

    assert employment.reference == "E-1"
    assert employment.start.worker == Ssin(people.SSIN)
    assert employment.start.start_date == dt.date(2027, 1, 20)
    assert employment.start.end_date == dt.date(2027, 3, 1)


def test_a_worker_without_number_is_read_with_its_whole_identity():
    employment = read_employment(people.employment(worker=people.identity(birth_date="1990-00-00")))

    assert isinstance(employment.start.worker, Identity)
    assert employment.start.worker.birth_date == "1990-00-00"
    assert employment.start.worker.address.municipality_code == 99999


def test_neither_worker_nor_address_show_themselves():
    employment = read_employment(people.employment(worker=people.identity()))

    shown = repr(employment) + str(employment)

    assert not [leaf for leaf in leaves(people.identity()) if len(leaf) >= 4 and leaf in shown]


def test_every_defect_is_named_at_once():
    record = {
        "employment_id": "",
        "status": "sleeping",
        "employer": "0477472702",
        "worker": {"ssin": "93051822362"},
        "worker_type": "ZZZ",
        "joint_committee": 200,
        "start_date": "2027-02-30",
        "end_date": "soon",
        "start_hour": "2460",
        "end_hour": 930,
        "planned_hours": 0,
    }

    error = malformed(record)

    assert fields_of(error) == [
        "employment_id",
        "status",
        "employer",
        "worker.ssin",
        "worker_type",
        "joint_committee",
        "start_date",
        "end_date",
        "start_hour",
        "end_hour",
        "planned_hours",
    ]
    assert error.reference is None


def test_an_empty_record_names_every_required_field():
    assert fields_of(malformed({})) == [
        "employment_id",
        "status",
        "employer",
        "worker",
        "worker_type",
        "joint_committee",
        "start_date",
    ]


def test_an_identity_names_every_missing_part():
    assert fields_of(malformed(people.employment(worker={"address": {}}))) == [
        "worker.address.street",
        "worker.address.house_number",
        "worker.address.post_code",
        "worker.address.municipality_code",
        "worker.address.municipality_name",
        "worker.address.country",
        "worker.family_name",
        "worker.given_name",
        "worker.birth_date",
        "worker.place_of_birth",
        "worker.country_of_birth",
        "worker.nationality",
        "worker.gender",
    ]


def test_rules_of_the_type_are_checked_beside_other_defects():
    error = malformed(people.employment(employer="x", worker_type="STU"))

    assert fields_of(error) == ["employer", "end_date", "planned_hours"]


def test_the_reference_is_kept_when_it_is_safe_to_show():
    assert malformed(people.employment(status="x")).reference == "E-1"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * 65, id="too long"),
        pytest.param("a\nb", id="two lines"),
        pytest.param("a\x00b", id="a zero"),
        pytest.param("a\ud800b", id="half a character"),
        pytest.param(True, id="a boolean"),
        pytest.param(1.5, id="a float"),
        pytest.param(None, id="nothing"),
        pytest.param(["E-1"], id="a list"),
        pytest.param("E-93.05.18-223.61", id="a person"),
        pytest.param(93051822361, id="a person as a number"),
    ],
)
def test_an_unusable_reference_is_refused_without_repeating_it(raw):
    with pytest.raises(ValueError, match=r"reference|social security") as caught:
        read_reference(raw)

    assert "93" not in str(caught.value)


@pytest.mark.parametrize(("raw", "read"), [("E-1", "E-1"), (17, "17"), ("é" * 64, "é" * 64)])
def test_texts_and_numbers_are_references(raw, read):
    assert read_reference(raw) == read


@pytest.mark.parametrize(
    ("committee", "good"),
    [
        ("200", True),
        ("302.01", True),
        ("3020100", True),
        ("XXX", True),
        ("20", False),
        ("abc", False),
        ("", False),
        ("200 ", False),
    ],
)
def test_a_joint_committee_is_a_number_or_xxx(committee, good):
    record = people.employment(joint_committee=committee)

    assert isinstance(read_employment(record), Employment) if good else malformed(record)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("status", [], id="a list as status"),
        pytest.param("status", {"active": 1}, id="an object as status"),
        pytest.param("start_date", 20270120, id="a number as date"),
        pytest.param("start_date", "1919-12-31", id="before 1920"),
        pytest.param("start_date", "2027-W03-3", id="a week date"),
        pytest.param("planned_hours", True, id="a boolean as number"),
        pytest.param("planned_hours", 1000, id="too many hours"),
        pytest.param("start_hour", "9:30", id="an hour with a colon"),
        pytest.param("start_hour", "٠٩٣٠", id="an hour in other digits"),
        pytest.param("worker", people.SSIN, id="a worker that is no object"),
    ],
)
def test_a_wrong_form_is_one_defect_of_its_field(field, value):
    assert fields_of(malformed(people.employment(**{field: value}))) == [field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("gender", [], id="a list as gender"),
        pytest.param("gender", 1, id="a number as gender"),
        pytest.param("family_name", "a\ud800", id="half a character"),
        pytest.param("family_name", "a\nb", id="two lines"),
        pytest.param("family_name", " ", id="blank"),
        pytest.param("family_name", "x" * 49, id="too long"),
        pytest.param("nationality", True, id="a boolean as code"),
        pytest.param("country_of_birth", 0, id="no such code"),
        pytest.param("birth_date", "1990-13-01", id="no such month"),
        pytest.param("address", "Rue du Test 1", id="a text as address"),
    ],
)
def test_a_wrong_part_of_an_identity_is_one_defect(field, value):
    error = malformed(people.employment(worker=people.identity(**{field: value})))

    assert fields_of(error) == [f"worker.{field}"]


def test_a_wrong_part_of_an_address_is_one_defect():
    address = people.identity()["address"] | {"box_number": "12345"}

    error = malformed(people.employment(worker=people.identity(address=address)))

    assert fields_of(error) == ["worker.address.box_number"]


@given(anything | changed(FULL) | changed(people.employment()))
def test_whatever_payroll_gives_is_an_employment_or_malformed(record):
    try:
        assert isinstance(read_employment(record), Employment)
    except Malformed as error:
        assert error.defects  # noqa: PT017 - both ends are right


@given(changed(FULL, telltale))
def test_no_defect_repeats_a_value(record):
    try:
        read_employment(record)
    except Malformed as error:
        said = str(error) + " ".join(f"{defect.field} {defect.reason}" for defect in error.defects)
        said = re.sub(r"\([0-9]{5}-[0-9]{3}\)", "", said)  # a code may hold the digits of a value by chance
        values = [value for value in leaves(record) if len(value) >= 4]
        assert not [value for value in values if value in said]


def test_an_address_hides_itself():
    employment = read_employment(people.employment(worker=people.identity()))

    assert isinstance(employment.start.worker, Identity)
    assert repr(employment.start.worker.address) == "Address(***)"


@pytest.mark.parametrize("worker_type", people.GOOD)
def test_every_open_worker_type_can_be_planned(worker_type):
    employment = read_employment(people.good(worker_type))

    assert employment.start.worker_type == worker_type
    assert not employment.is_too_early


@pytest.mark.parametrize("worker_type", ["A17", "TEA", "QUA", "STX"])
def test_closed_worker_types_are_not_known_to_payroll(worker_type):
    assert fields_of(malformed(people.employment(worker_type=worker_type))) == ["worker_type"]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param(
            people.good("BCW", construction_cards=None), ["first_month", "next_month"], id="no cards"
        ),
        pytest.param(people.good("BCW", construction_cards=7), [""], id="cards that are no object"),
        pytest.param(
            people.good("BCW", construction_cards={"first_month": 1, "next_month": 1}),
            ["next_month"],
            id="twice",
        ),
        pytest.param(
            people.good("BCW", construction_cards={"first_month": "1", "next_month": 2}),
            ["first_month"],
            id="text",
        ),
    ],
)
def test_a_wrong_block_is_named_with_payrolls_own_words(record, expected):
    names = [f"construction_cards.{name}".rstrip(".") for name in expected]

    assert fields_of(malformed(record)) == names


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        pytest.param(None, ["user_enterprise"], id="none"),
        pytest.param(
            {"name": "Bakkerij"},
            ["street", "house_number", "post_code", "municipality_name", "country"],
            id="no address",
        ),
        pytest.param({"enterprise_number": "1"}, ["user_enterprise.enterprise_number"], id="a wrong number"),
        pytest.param(
            {"name": "B", "address": 7}, ["user_enterprise.address"], id="an address that is no object"
        ),
        pytest.param(
            {"enterprise_number": people.OTHER_EMPLOYER, "joint_committee": "322"},
            ["user_enterprise.joint_committee"],
            id="a user that lends out",
        ),
        pytest.param(
            {"enterprise_number": people.OTHER_EMPLOYER, "joint_committee": None},
            ["user_enterprise.joint_committee"],
            id="no committee of the user",
        ),
    ],
)
def test_a_wrong_user_enterprise_is_named_with_payrolls_own_words(user, expected):
    user = {"joint_committee": "200", **user} if user else user
    record = people.employment(joint_committee="322", end_date="2027-03-01", user_enterprise=user)

    found = {name.removeprefix("user_enterprise.address.") for name in fields_of(malformed(record))}

    assert found == set(expected)


def test_the_translations_are_those_of_the_employers_connection():
    translations = {people.EMPLOYER: {"200": "140"}, people.OTHER_EMPLOYER: {"200": "149"}}

    read = [
        module.read_employment(people.employment(employer=one), people.TODAY, translations.__getitem__)
        for one in translations
    ]

    assert [one.start.joint_committee for one in read] == ["140", "149"]


def test_a_reason_ends_with_the_code_that_the_nsso_would_give():
    error = malformed(people.employment(worker_type="IVT"))

    codes = [defect.reason[-11:] for defect in error.defects]
    assert codes == ["(00911-001)", "(01231-001)", "(00053-001)"]
