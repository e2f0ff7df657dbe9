"""Declarations of every kind to the service's JSON and back: nothing is lost, nothing is a traceback."""

from __future__ import annotations

import copy
import datetime as dt
import json

import pytest
from hypothesis import given

from dimona_provider.api.codec import read_declaration, write_declaration
from dimona_provider.api.names import INFERRED, SEEN, member_of
from dimona_provider.api.wire import InvalidBody, read_filing
from dimona_provider.domain.declaration import DimonaCancel, DimonaIn, DimonaOut, DimonaUpdate
from dimona_provider.domain.draft import fields_of_declarations
from dimona_provider.domain.identifiers import DimonaNumber, Ssin
from support import bodies, people
from support.properties import anything, leaves
from support.shapes import declarations, rest_bodies


def defects(body: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidBody) as caught:
        read_declaration(body)
    return [(one.field, one.reason[-10:-1]) for one in caught.value.defects]


@given(declarations)
def test_to_json_and_back_is_equal(declaration):
    through_json = json.loads(json.dumps(write_declaration(declaration)))

    assert read_declaration(through_json) == declaration


@given(declarations)
def test_what_we_write_can_be_filed(declaration):
    written = write_declaration(declaration)

    assert read_filing(written).body == written


@given(rest_bodies)
def test_what_can_be_read_is_written_as_it_was(body):
    before = copy.deepcopy(body)
    try:
        declaration = read_declaration(body)
    except InvalidBody:
        return

    written = write_declaration(declaration)
    short = (body.get("employer") or {}).get("enterpriseNumber")  # nine digits become ten
    if short is not None:
        written["employer"]["enterpriseNumber"] = short
    user = (body.get("dimonaIn") or {}).get("features", {}).get("userEnterprise")
    if user and "enterpriseNumber" in user:
        assert written["dimonaIn"]["features"]["userEnterprise"]["enterpriseNumber"].endswith("01")
    assert written == before == body


def test_every_block_stands_where_the_service_expects_it():
    body = bodies.body("STU", features={"subEntityNumber": 12, "userEnterprise": bodies.USER}, **bodies.ALL)

    assert write_declaration(read_declaration(body)) == body


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (bodies.body(), DimonaIn),
        (bodies.follow_up("dimonaOut", endDate="2027-02-01"), DimonaOut),
        (bodies.follow_up("dimonaUpdate", endDate="9999-12-31"), DimonaUpdate),
        (bodies.follow_up("dimonaCancel"), DimonaCancel),
    ],
)
def test_the_block_says_the_kind(body, kind):
    assert type(read_declaration(body)) is kind


def test_an_update_may_reopen():
    update = DimonaUpdate(DimonaNumber(bodies.PERIOD), end_date=dt.date(9999, 12, 31))

    assert update.is_reopening
    assert write_declaration(update) == bodies.follow_up("dimonaUpdate", endDate="9999-12-31")


def test_identity_beside_an_ssin_is_kept_and_not_judged():
    worker = {"ssin": people.SSIN, "familyName": "Zwartewei", "givenNames": "P W"}
    read = read_declaration(bodies.body(worker=worker))

    assert isinstance(read, DimonaIn)
    assert read.worker == Ssin(people.SSIN)
    assert write_declaration(read)["worker"] == worker


def test_an_answer_of_the_service_is_read_with_all_it_says():
    answer = {
        **bodies.body(),
        "href": "https://services-sim.socialsecurity.be/REST/dimona/v2/declarations/656309292174",
        "declarationStatus": {"declarationId": 656309292174, "result": "A"},
    }

    assert write_declaration(read_declaration(answer)) == answer


@pytest.mark.parametrize("code", ["ZZZ", "NEW", "oth"])
def test_worker_types_that_are_newer_than_our_table_are_read(code):
    read = read_declaration(bodies.body(features={"workerType": code, "jointCommissionNumber": "200"}))

    assert isinstance(read, DimonaIn)
    assert (read.worker_type, read.joint_committee) == (code, "200")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(None, [("declaration", "90372-001")], id="nothing"),
        pytest.param({}, [("declaration", "90372-001")], id="no block"),
        pytest.param(
            {"dimonaIn": {}},
            [
                ("dimonaIn.startDate", "00910-001"),
                ("dimonaIn.features.jointCommissionNumber", "00046-001"),
                ("dimonaIn.features.workerType", "00655-001"),
                ("employer", "90256-364"),
                ("worker", "90017-363"),
            ],
            id="an empty IN",
        ),
        pytest.param(
            bodies.body(worker={"ssin": "93051822362"}),
            [("worker.ssin", "00024-003"), ("worker", "90017-363")],
            id="a wrong SSIN",
        ),
        pytest.param(
            bodies.body(features={"workerType": bodies.ADDRESS}),
            [("dimonaIn.features.workerType", "00655-003")],
            id="an object as worker type",
        ),
        pytest.param(
            bodies.body(constructionControlCards={"firstMonthC32ANumber": 1}),
            [("dimonaIn.constructionControlCards.nextMonthC32ANumber", "00664-001")],
            id="half a block",
        ),
    ],
)
def test_a_body_that_is_no_declaration_names_its_defects(body, expected):
    assert defects(body) == expected


@given(anything | rest_bodies)
def test_whatever_is_given_is_a_declaration_or_an_invalid_body(body):
    try:
        read_declaration(body)
    except InvalidBody as invalid:
        assert invalid.defects  # noqa: PT017 - both ends are right


@pytest.mark.parametrize(
    "worker", [bodies.IDENTITY, {"ssin": people.SSIN}, {"ssin": people.SSIN, "x": "Zwart"}]
)
@pytest.mark.parametrize("block", [bodies.body()["dimonaIn"], bodies.ALL])
def test_a_declaration_shows_no_person(worker, block):
    body = bodies.body("STU", features={"userEnterprise": {"name": "Bakkerij"} | {"address": bodies.ADDRESS}})
    declaration = read_declaration(body | {"worker": worker, "dimonaIn": body["dimonaIn"] | block})

    shown = repr(declaration)

    secret = [*leaves(worker), *leaves(bodies.ADDRESS), "Bakkerij", people.EMPLOYER, str(123456789012)]
    assert not [leaf for leaf in secret if len(leaf) >= 4 and leaf in shown]


def test_each_name_stands_in_one_table():
    assert not set(INFERRED) & set(SEEN)
    assert all(member_of(name) for name in fields_of_declarations() if name not in {"declaration", "block"})
