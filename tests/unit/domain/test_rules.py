"""What the law demands of each worker type, seen on whole declarations; tables against the glossary."""

from __future__ import annotations

import datetime as dt

import pytest

from dimona_provider.api.verdict import check_body
from dimona_provider.domain.committees import dimona_joint_committee
from dimona_provider.domain.worker_types import Need, earliest_filing, quarter_of, worker_types
from support import bodies, people
from support.bodies import CARDS, PLACE, STATUTES, USER, body

OPEN = sorted(bodies.IN)


def codes(declaration: object, today: dt.date = people.TODAY) -> list[str]:
    return sorted(defect.code for defect in check_body(declaration, today))


def blocked(declaration: object, today: dt.date = people.TODAY) -> list[str]:
    return sorted(defect.code for defect in check_body(declaration, today) if defect.is_blocking)


def where(codes_of: str) -> list[str]:
    return [code for code in OPEN if code in codes_of.split()]


@pytest.mark.parametrize("worker_type", OPEN)
def test_a_good_in_of_every_type_has_no_defect(worker_type):
    assert codes(body(worker_type)) == []


# Reference: domain.md section 4, row by row and in both directions.

END_REQUIRED = "STU EXT IVT TRI STG O17 S17 T17"
HOURS_REQUIRED = "EXT FLX"
PLANNED_REQUIRED = "STU O17 S17"
STATUTES_REQUIRED = "IVT TRI STG"


@pytest.mark.parametrize("worker_type", OPEN)
def test_a_missing_end_date_is_a_defect_where_the_type_needs_one(worker_type):
    without = body(worker_type, endDate=None, startHour=None, endHour=None)
    hours = ["00777-001", "00778-001"] if worker_type == "EXT" else []

    assert codes(without) == hours + (["00911-001"] if worker_type in END_REQUIRED else [])


@pytest.mark.parametrize("worker_type", OPEN)
def test_hours_of_the_day_are_forbidden_but_for_days_of_flexi_jobs_and_occasional_work(worker_type):
    with_hours = body(worker_type, startHour="0900", endHour="1700")

    expected = [] if worker_type in HOURS_REQUIRED else ["00777-005", "00778-005"]
    assert codes(with_hours) == expected


@pytest.mark.parametrize("worker_type", where(HOURS_REQUIRED))
@pytest.mark.parametrize(("hour", "code"), [("startHour", "00777-001"), ("endHour", "00778-001")])
def test_a_day_of_such_work_needs_both_hours(worker_type, hour, code):
    assert codes(body(worker_type, **{hour: None})) == [code]


@pytest.mark.parametrize("worker_type", OPEN)
def test_planned_hours_are_required_or_forbidden(worker_type):
    if worker_type in PLANNED_REQUIRED:
        assert codes(body(worker_type, plannedHoursNumber=None)) == ["01135-001"]
    else:
        assert codes(body(worker_type, plannedHoursNumber=8)) == ["01135-005"]


@pytest.mark.parametrize("worker_type", OPEN)
def test_small_statutes_are_required_or_forbidden(worker_type):
    if worker_type in STATUTES_REQUIRED:
        without = body(worker_type, smallStatutesInformation=None)
        assert codes(without) == ["00053-001", "01231-001"]
    else:
        assert codes(body(worker_type, smallStatutesInformation=STATUTES)) == ["00053-005", "01231-005"]


@pytest.mark.parametrize("worker_type", OPEN)
def test_a_place_of_work_is_for_students_alone(worker_type):
    found = codes(body(worker_type, studentPlaceOfWork=PLACE))

    address = ["00517-005", "00518-005", "00520-005", "00522-005", "00523-005"]
    assert found == ([] if worker_type == "STU" else [*address, "00776-005"])


@pytest.mark.parametrize("worker_type", OPEN)
def test_only_occasional_work_needs_an_ssin(worker_type):
    found = codes(body(worker_type, worker=bodies.IDENTITY))

    assert found == (["00024-001"] if worker_type == "EXT" else [])


@pytest.mark.parametrize("worker_type", where("STU O17 S17"))
def test_start_and_end_lie_in_one_quarter(worker_type):
    assert codes(body(worker_type, endDate="2027-04-01")) == ["90373-421"]
    assert codes(body(worker_type, endDate="2027-03-31")) == []


@pytest.mark.parametrize("worker_type", [code for code in OPEN if code not in "STU O17 S17 FLX T17 EXT"])
def test_other_types_may_run_over_quarters(worker_type):
    assert codes(body(worker_type, endDate="2027-04-01")) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"endDate": "2027-01-21", "startHour": "2200", "endHour": "0300"}, [], id="a night"),
        pytest.param(
            {"endDate": "2027-01-21", "startHour": "2200", "endHour": None}, ["00778-001"], id="half a night"
        ),
        pytest.param({"endDate": "2027-03-31", "startHour": None, "endHour": None}, [], id="a period"),
        pytest.param({"endDate": "2027-01-21", "startHour": None, "endHour": None}, [], id="two days"),
        pytest.param({"endDate": None, "startHour": None, "endHour": None}, [], id="no end (ADR 0007)"),
        pytest.param({"endDate": "2027-03-31"}, ["00777-005", "00778-005"], id="a period with hours"),
        pytest.param({"endDate": None}, ["00777-005", "00778-005"], id="hours without an end"),
        pytest.param({"startHour": None, "endHour": None}, ["00777-001", "00778-001"], id="a day, no hours"),
        pytest.param({"startHour": "1700", "endHour": "0900"}, ["00778-345"], id="a day that ends before"),
        pytest.param({"startHour": "1700", "endHour": "1700"}, ["00778-345"], id="a day of no time"),
        pytest.param(
            {"endDate": "2027-04-01", "startHour": None, "endHour": None}, ["90373-421"], id="two quarters"
        ),
        pytest.param({"endDate": "2027-01-19"}, ["00911-014"], id="an end before the start"),
    ],
)
def test_a_flexi_job_is_a_day_with_hours_or_a_period_without(changes, expected):
    assert codes(body("FLX", **changes)) == expected


def test_a_flexi_night_may_end_in_the_next_quarter():
    night = body("FLX", startDate="2027-03-31", endDate="2027-04-01", startHour="2200", endHour="0300")

    assert codes(night, dt.date(2027, 3, 1)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"endDate": "2027-01-21", "startHour": "0900", "endHour": "0900"}, [], id="24 hours"),
        pytest.param(
            {"endDate": "2027-01-21", "startHour": "0900", "endHour": "0901"},
            ["90373-341"],
            id="a minute more",
        ),
        pytest.param({"endDate": "2027-01-22"}, ["00910-459", "90373-341"], id="three days"),
        pytest.param(
            {"endDate": "2027-01-22", "startHour": None, "endHour": None},
            ["00777-001", "00778-001", "00910-459"],
            id="three days, hours not known",
        ),
    ],
)
def test_occasional_work_lasts_at_most_24_hours(changes, expected):
    assert codes(body("EXT", **changes)) == expected


def test_a_day_lump_sum_of_horeca_needs_no_end_hour():
    assert codes(body("EXT", "302", endHour=None)) == []
    assert codes(body("EXT", "302", endHour=None, endDate="2027-01-21")) == ["00778-001"]
    assert codes(body("EXT", "302", startHour=None, endHour=None)) == ["00777-001"]
    assert codes(body("EXT", "144", endHour=None)) == ["00778-001"]


def test_public_television_ends_on_the_day_it_starts():
    assert codes(body("T17", endDate="2027-01-21")) == ["00911-003"]


@pytest.mark.parametrize(
    ("worker_type", "start", "first_day"),
    [
        pytest.param("FLX", "2027-05-20", dt.date(2027, 3, 1), id="FLX 31 days before its quarter"),
        pytest.param("O17", "2027-05-20", dt.date(2027, 5, 5), id="O17 15 days"),
        pytest.param("S17", "2027-05-20", dt.date(2027, 5, 5), id="S17 15 days"),
        pytest.param("T17", "2027-05-20", dt.date(2027, 5, 5), id="T17 15 days"),
    ],
)
def test_some_types_are_not_taken_too_early(worker_type, start, first_day):
    declaration = body(worker_type, startDate=start, endDate=start)

    assert codes(declaration, first_day) == []
    assert codes(declaration, first_day - dt.timedelta(days=1)) == ["00910-008"]


def test_other_types_may_be_declared_years_ahead():
    assert codes(body("OTH", startDate="2036-12-31")) == []
    assert earliest_filing(worker_types()["OTH"], dt.date(2036, 12, 31)) == dt.date.min


@pytest.mark.parametrize(
    ("worker_type", "last"),
    [("A17", "2021-12-31"), ("TEA", "2021-12-31"), ("QUA", "2022-12-31"), ("STX", "2013-12-31")],
)
def test_closed_types_start_no_later_than_their_last_day(worker_type, last):
    day_after = (dt.date.fromisoformat(last) + dt.timedelta(days=1)).isoformat()

    end = {"endDate": last} if worker_type == "A17" else {}

    assert codes(body(worker_type, startDate=last, **end)) == ["90373-460"]
    assert codes(body(worker_type, startDate=day_after)) == ["00910-008", "90373-460"]


@pytest.mark.parametrize(
    ("worker_type", "first"),
    [("ALT", "2023-09-01"), ("O17", "2022-01-01"), ("S17", "2022-01-01"), ("T17", "2022-01-01")],
)
def test_new_types_start_no_earlier_than_their_first_day(worker_type, first):
    day_before = (dt.date.fromisoformat(first) - dt.timedelta(days=1)).isoformat()

    assert codes(body(worker_type, startDate=first, endDate=first)) == ["90373-460"]
    assert codes(body(worker_type, startDate=day_before, plannedHoursNumber=None)) == [
        "00910-008",
        "90373-460",
    ]


@pytest.mark.parametrize("worker_type", ["TEA", "ART"])
def test_nothing_is_asked_of_a_type_that_can_not_be_declared(worker_type):
    declaration = body(worker_type, **(bodies.ALL | {"constructionControlCards": None}))

    assert codes(declaration) == [{"TEA": "00910-008", "ART": "00655-003"}[worker_type]]


# Reference: domain.md sections 2 and 3, zones 00910 and 00911.


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        pytest.param("1919-12-31", ["00910-008"], id="before 1920"),
        pytest.param("1920-01-01", [], id="the first day"),
        pytest.param("2036-12-31", [], id="the last day"),
        pytest.param("2037-01-01", ["00910-008"], id="ten years on"),
        pytest.param("9999-12-31", ["00910-008"], id="the open end"),
    ],
)
def test_a_start_lies_in_its_range(start, expected):
    assert blocked(body(startDate=start)) == expected


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        pytest.param("1998-12-31", ["00911-008"], id="before 1999"),
        pytest.param("1999-01-01", [], id="the first day"),
        pytest.param("2036-12-31", [], id="the last day"),
        pytest.param("2037-01-01", ["00911-008"], id="ten years on"),
        pytest.param("9999-12-31", ["00911-008"], id="reopening is for UPDATE"),
    ],
)
@pytest.mark.parametrize("kind", ["dimonaIn", "dimonaOut"])
def test_an_end_lies_in_its_range(kind, end, expected):
    declaration = (
        body(startDate="1950-01-01", endDate=end)
        if kind == "dimonaIn"
        else bodies.follow_up(kind, endDate=end)
    )

    assert blocked(declaration) == expected


@pytest.mark.parametrize(
    ("day", "late"), [("2027-01-10", True), ("2027-01-11", False), ("2027-01-12", False)]
)
def test_a_start_before_today_is_late_and_not_refused(day, late):
    found = check_body(body(startDate=day), dt.date(2027, 1, 11))

    assert [(one.code, one.severity, one.field) for one in found] == (
        [("90373-460", "NP", "dimonaIn.startDate")] if late else []
    )


@pytest.mark.parametrize("worker_type", OPEN)
def test_an_end_before_the_start_is_a_defect_of_every_type(worker_type):
    assert "00911-014" in codes(body(worker_type, endDate="2027-01-19"))


# Follow-ups.


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        pytest.param(bodies.follow_up("dimonaOut", endDate="2027-02-01"), [], id="OUT"),
        pytest.param(bodies.follow_up("dimonaOut"), ["00911-001"], id="OUT without end"),
        pytest.param({"dimonaOut": {}}, ["00911-001", "00913-001"], id="an empty OUT"),
        pytest.param(
            bodies.follow_up("dimonaOut", endDate="2027-02-01", startDate="2027-01-01"),
            ["00910-005"],
            id="OUT with a start",
        ),
        pytest.param(bodies.follow_up("dimonaUpdate", startDate="2027-01-11"), [], id="UPDATE of the start"),
        pytest.param(
            bodies.follow_up("dimonaUpdate", startDate="2027-01-10"),
            ["90378-460"],
            id="UPDATE after the start",
        ),
        pytest.param(
            bodies.follow_up(
                "dimonaUpdate", startDate="2027-03-31", endDate="2027-04-01", plannedHoursNumber=7
            ),
            ["90378-421"],
            id="UPDATE of the hours over two quarters",
        ),
        pytest.param(
            bodies.follow_up("dimonaUpdate", endDate="9999-12-31", plannedHoursNumber=7),
            ["90378-368"],
            id="UPDATE of the hours that reopens",
        ),
        pytest.param(bodies.follow_up("dimonaUpdate", endDate="9999-12-31"), [], id="UPDATE that reopens"),
        pytest.param(bodies.follow_up("dimonaUpdate", plannedHoursNumber=7), [], id="UPDATE of the hours"),
        pytest.param(bodies.follow_up("dimonaUpdate"), ["90378-360"], id="UPDATE of nothing"),
        pytest.param({"dimonaUpdate": {"endHour": "1200"}}, ["00913-001"], id="UPDATE of no period"),
        pytest.param(
            bodies.follow_up("dimonaUpdate", startDate="2027-02-01", endDate="2027-01-01"),
            ["00911-014"],
            id="UPDATE that ends before",
        ),
        pytest.param(
            bodies.follow_up("dimonaUpdate", endDate="2027-02-01", features={"workerType": "STU"}),
            ["00655-005"],
            id="UPDATE of the worker type",
        ),
        pytest.param(bodies.follow_up("dimonaCancel"), [], id="CANCEL"),
        pytest.param({"dimonaCancel": {}}, ["00913-001"], id="an empty CANCEL"),
        pytest.param(
            bodies.follow_up("dimonaCancel", endDate="2027-02-01"), ["00911-005"], id="CANCEL with an end"
        ),
        pytest.param(body(periodId=bodies.PERIOD), ["00913-005"], id="IN with a period"),
        pytest.param(
            bodies.follow_up("dimonaCancel") | {"employer": {}},
            ["90256-364"],
            id="an employer without number",
        ),
        pytest.param(
            bodies.follow_up("dimonaCancel") | {"worker": {"ssin": people.SSIN}}, [], id="a worker besides"
        ),
    ],
)
def test_a_follow_up_has_its_period_and_what_it_changes(declaration, expected):
    assert codes(declaration) == expected


# Joint committees, user enterprises, cards, sub-entities.


@pytest.mark.parametrize("committee", ["124", "140", "144", "145", "149", "302", "320", "322", "XXX"])
def test_nine_committees_are_known(committee):
    assert "00046-003" not in codes(body(committee=committee))


@pytest.mark.parametrize("committee", ["200", "118", "100", "xxx", "", " 302", "302.01"])
def test_any_other_committee_is_refused(committee):
    assert codes(body(committee="XXX", features={"jointCommissionNumber": committee})) == ["00046-003"]


@pytest.mark.parametrize("worker_type", OPEN)
def test_horeca_declares_flexi_jobs_and_students_under_xxx(worker_type):
    cards = {"constructionControlCards": None}
    found = codes(body(worker_type, "302", **cards))

    assert found == (["90374-349"] if worker_type in {"FLX", "STU"} else [])


def temporary(worker_type: str = "OTH", user: object = USER, **changes: object) -> dict:
    changes = {"endDate": "2027-03-31", **bodies.IN[worker_type], **changes}
    return body(worker_type, "322", features={"userEnterprise": user}, **changes)


NAMED = {"name": "Bakkerij", "address": bodies.ADDRESS}


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        pytest.param(temporary(), [], id="a number"),
        pytest.param(temporary(user=NAMED), ["00046-001"], id="name, no committee"),
        pytest.param(temporary(user=NAMED | {"jointCommissionNumber": "302"}), [], id="name and committee"),
        pytest.param(temporary(user=None), ["90107-351"], id="no user"),
        pytest.param(temporary(user={}), ["00046-001", "90107-351"], id="an empty user"),
        pytest.param(temporary(user={"jointCommissionNumber": "XXX"}), ["90107-351"], id="a committee alone"),
        pytest.param(temporary(user=USER | NAMED), ["90107-352"], id="number and name"),
        pytest.param(temporary(user=USER | {"name": "Bakkerij"}), ["90107-352"], id="number and half a name"),
        pytest.param(
            temporary(user={"name": "Bakkerij", "jointCommissionNumber": "XXX"}),
            ["00517-001", "00518-001", "00520-001", "00522-001", "00523-001"],
            id="a name without address",
        ),
        pytest.param(
            temporary(user=USER | {"jointCommissionNumber": "322"}), ["00046-003"], id="a user that lends out"
        ),
        pytest.param(temporary(user=USER | {"enterpriseNumber": "1"}), ["00131-003"], id="a wrong number"),
        pytest.param(temporary(endDate=None), ["00911-001"], id="no end date"),
        pytest.param(
            body(features={"userEnterprise": USER}), ["00046-005", "00131-005"], id="no temporary work"
        ),
    ],
)
def test_temporary_work_names_its_user_and_its_end(declaration, expected):
    assert codes(declaration) == expected


_BUILDING = USER | {"jointCommissionNumber": "124"}
_NUMBER_ALONE = {"enterpriseNumber": people.OTHER_EMPLOYER}


@pytest.mark.parametrize(
    ("declaration", "need"),
    [
        pytest.param(body("BCW", "124"), "required", id="construction"),
        pytest.param(
            body("OTH", "124", constructionControlCards=CARDS), "required", id="other, construction"
        ),
        pytest.param(
            temporary(user=_BUILDING, constructionControlCards=CARDS), "required", id="lent to construction"
        ),
        pytest.param(temporary("BCW", _NUMBER_ALONE), "required", id="lent, BCW, committee not known"),
        pytest.param(temporary("DWD", _NUMBER_ALONE), "optional", id="lent DWD"),
        pytest.param(temporary("IVT", _NUMBER_ALONE), "optional", id="lent IVT"),
        pytest.param(temporary("TRI", _NUMBER_ALONE), "optional", id="lent TRI"),
        pytest.param(temporary("STU", _NUMBER_ALONE), "optional", id="lent STU"),
        pytest.param(temporary("STU", USER), "forbidden", id="lent to another sector"),
        pytest.param(temporary("OTH", _NUMBER_ALONE), "forbidden", id="lent OTH"),
        pytest.param(body("OTH"), "forbidden", id="another sector"),
        pytest.param(body("BCW", "XXX", constructionControlCards=None), "forbidden", id="BCW elsewhere"),
    ],
)
def test_control_cards_are_required_in_construction_and_nowhere_else(declaration, need):
    block = declaration["dimonaIn"]
    without = {name: value for name, value in block.items() if name != "constructionControlCards"}
    with_cards = codes(declaration | {"dimonaIn": without | {"constructionControlCards": CARDS}})
    no_cards = codes(declaration | {"dimonaIn": without})

    user = block["features"].get("userEnterprise", USER)
    missing = [] if "jointCommissionNumber" in user else ["00046-001"]
    assert no_cards == missing + (["00663-001", "00664-001"] if need == "required" else [])
    assert with_cards == missing + (["00663-005", "00664-005"] if need == "forbidden" else [])


def test_optional_cards_are_both_there_or_none():
    one = {"firstMonthC32ANumber": 1}

    assert codes(temporary("DWD", _NUMBER_ALONE, constructionControlCards=one)) == ["00046-001", "00664-001"]


def test_whether_cards_are_needed_is_not_said_when_committee_or_type_is_refused():
    assert codes(body("OTH", "200", constructionControlCards=CARDS)) == ["00046-003"]

    unknown = temporary("OTH", _NUMBER_ALONE, constructionControlCards=CARDS)
    unknown["dimonaIn"]["features"]["workerType"] = "ART"
    assert codes(unknown) == ["00046-001", "00655-003"]


def test_what_is_in_a_forbidden_block_does_not_matter():
    user = {"enterpriseNumber": "1", "jointCommissionNumber": "322"}
    cards = {"firstMonthC32ANumber": 1, "nextMonthC32ANumber": 1}

    assert codes(body(features={"userEnterprise": user})) == ["00046-005", "00131-005"]
    assert codes(body(constructionControlCards=cards)) == ["00663-005", "00664-005"]
    assert codes(body(studentPlaceOfWork={"name": "Bakkerij"})) == ["00776-005"]
    assert codes(body(smallStatutesInformation={"employmentNature": "WORKER"})) == ["01231-005"]


def test_a_student_works_at_a_place_with_name_and_address():
    address = ["00517-001", "00518-001", "00520-001", "00522-001", "00523-001"]

    assert codes(body("STU", studentPlaceOfWork={"name": "Bakkerij"})) == address
    assert codes(body("STU", studentPlaceOfWork={"address": bodies.ADDRESS})) == ["00776-003"]
    assert codes(body("STU", studentPlaceOfWork={})) == ["00776-003"]


@pytest.mark.parametrize(
    ("worker", "expected"),
    [
        pytest.param({"birthDate": "1993-05-18", "gender": "1"}, [], id="the same person"),
        pytest.param({"birthDate": "1993-00-00"}, [], id="the year alone"),
        pytest.param({"birthDate": "1993-05-19"}, ["00028-348"], id="born on another day"),
        pytest.param({"gender": "2"}, ["00029-348"], id="of the other gender"),
        pytest.param({"birthDate": "1906-05-18"}, ["00028-003", "00028-348"], id="121 years old"),
        pytest.param({"ssin": "00200000142", "birthDate": "1950-01-01"}, ["00028-348"], id="another year"),
        pytest.param({"ssin": "00200000142", "birthDate": "1900-07-08"}, ["00028-003"], id="an open date"),
        pytest.param({"ssin": "00200000171", "gender": "2"}, [], id="a BIS number without gender"),
        pytest.param({"ssin": "85074500195", "birthDate": "1985-07-08"}, [], id="a day that ran out"),
    ],
)
def test_an_identity_agrees_with_its_ssin(worker, expected):
    assert codes(body(worker={"ssin": people.SSIN} | worker)) == expected


def test_a_temporary_worker_in_horeca_may_have_a_day_lump_sum():
    horeca = USER | {"jointCommissionNumber": "302"}

    assert codes(temporary("EXT", horeca, endDate="2027-01-20", endHour=None)) == []
    assert codes(temporary("EXT", USER, endDate="2027-01-20", endHour=None)) == ["00778-001"]


def test_the_cards_of_two_months_differ():
    same = {"firstMonthC32ANumber": 7, "nextMonthC32ANumber": 7}

    assert codes(body("BCW", constructionControlCards=same)) == ["00664-353"]
    assert codes(body("BCW", constructionControlCards={"firstMonthC32ANumber": 7})) == ["00664-001"]


def test_the_belgian_state_names_its_sub_entity():
    state = {"employerId": 935467}

    assert codes(body(employer=state)) == ["00652-001"]
    assert codes(body(employer=state, features={"subEntityNumber": 12})) == []
    assert codes(body(employer={"employerId": 175110801})) == []


def test_small_statutes_were_optional_before_december_2019():
    assert blocked(body("IVT", startDate="2019-11-30", smallStatutesInformation=None)) == []
    assert blocked(body("IVT", startDate="2019-12-01", smallStatutesInformation=None)) != []


def test_a_place_of_work_has_a_name_and_an_address():
    assert codes(body("STU", studentPlaceOfWork={"address": bodies.ADDRESS})) == ["00776-003"]
    assert codes(body("STU", studentPlaceOfWork={"name": "Bakkerij"})) == [
        "00517-001",
        "00518-001",
        "00520-001",
        "00522-001",
        "00523-001",
    ]


# The tables themselves.


def test_all_worker_types_of_the_glossary_are_known():
    known = "OTH STU FLX EXT BCW DWD IVT TRI STG RTA ALT O17 S17 T17 PMP"

    assert {code for code, rule in worker_types().items() if rule.is_open} == set(known.split())
    assert set(worker_types()) == {*known.split(), "A17", "TEA", "QUA", "STX"}
    assert all(rule.meaning and rule.code == code for code, rule in worker_types().items())


@pytest.mark.parametrize(
    ("codes_of", "attribute", "need"),
    [
        (END_REQUIRED, "end_date", Need.REQUIRED),
        ("OTH FLX BCW DWD RTA ALT PMP", "end_date", Need.OPTIONAL),
        (PLANNED_REQUIRED, "planned_hours", Need.REQUIRED),
        ("OTH FLX EXT BCW DWD IVT TRI STG RTA ALT T17 PMP", "planned_hours", Need.FORBIDDEN),
        ("EXT", "hours", Need.SPELL),
        ("FLX", "hours", Need.DAY),
        ("OTH STU BCW DWD IVT TRI STG RTA ALT O17 S17 T17 PMP", "hours", Need.FORBIDDEN),
        (STATUTES_REQUIRED, "small_statutes", Need.REQUIRED),
        ("OTH STU FLX EXT BCW DWD RTA ALT O17 S17 T17 PMP", "small_statutes", Need.FORBIDDEN),
    ],
)
def test_the_table_says_what_the_glossary_says(codes_of, attribute, need):
    assert {getattr(worker_types()[code], attribute) for code in codes_of.split()} == {need}


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
    ("overrides", "worker_type", "dimona"),
    [
        pytest.param({"302/EXT": "XXX"}, "EXT", "XXX", id="of a type"),
        pytest.param({"302/EXT": "XXX"}, "OTH", "302", id="of another type"),
        pytest.param({"302": "XXX"}, "EXT", "XXX", id="of all types"),
        pytest.param({"302": "140", "302/EXT": "XXX"}, "EXT", "XXX", id="the type goes first"),
        pytest.param({}, "EXT", "302", id="none"),
    ],
)
def test_a_connections_own_translation_goes_before_the_table(overrides, worker_type, dimona):
    assert dimona_joint_committee("302.01", worker_type, overrides) == dimona


@pytest.mark.parametrize(
    ("month", "quarter"), [(1, 1), (3, 1), (4, 2), (6, 2), (7, 3), (9, 3), (10, 4), (12, 4)]
)
def test_quarters_begin_in_january_april_july_and_october(month, quarter):
    assert quarter_of(dt.date(2027, month, 15)) == (2027, quarter)
