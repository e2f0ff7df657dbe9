"""What an IN is answered, type by type."""

import pytest

from include.dimona_simulator.tables import INACTIVE_EMPLOYER, UNKNOWN_EMPLOYER

TYPES = (
    "OTH", "STU", "EXT", "FLX", "BCW", "DWD", "IVT", "TRI", "STG", "RTA", "ALT", "O17", "S17", "T17", "PMP",
)  # fmt: skip


@pytest.mark.parametrize("worker_type", TYPES)
def test_a_proper_in_of_every_type_is_accepted(nsso, worker_type):
    assert nsso.outcome(nsso.body(worker_type)) == ("A", [])


@pytest.mark.parametrize(
    ("worker_type", "changes", "codes"),
    [
        pytest.param("OTH", {"endDate": "2026-03-15"}, ["00911-014"], id="ends before it starts"),
        pytest.param("OTH", {"plannedHoursNumber": 8}, ["01135-005"], id="planned hours not for OTH"),
        pytest.param("OTH", {"startHour": "0900"}, ["00777-005"], id="start hour not for OTH"),
        pytest.param("OTH", {"endHour": "0900"}, ["00778-005"], id="end hour not for OTH"),
        pytest.param(
            "OTH", {"startDate": "1919-12-31"}, ["00910-008", "90373-460"], id="start out of domain"
        ),
        pytest.param("OTH", {"startDate": "2036-01-01"}, ["00910-008"], id="start ten years ahead"),
        pytest.param("OTH", {"endDate": "9999-12-31"}, ["00911-008"], id="the reopening date is for UPDATE"),
        pytest.param("OTH", {"committee": "200"}, ["00046-003"], id="joint committee not in the list"),
        pytest.param("OTH", {"committee": "322"}, ["90107-351", "00911-001"], id="temp work says for whom"),
        pytest.param("OTH", {"committee": "124"}, ["00663-001", "00664-001"], id="construction shows cards"),
        pytest.param("OTH", {"studentPlaceOfWork": {"name": "X"}}, ["00776-005"], id="student place for OTH"),
        pytest.param("STU", {"endDate": None}, ["00911-001"], id="a student's end is required"),
        pytest.param("STU", {"plannedHoursNumber": None}, ["01135-001"], id="a student's hours are required"),
        pytest.param("STU", {"endDate": "2026-04-01"}, ["90373-421"], id="a student stays in one quarter"),
        pytest.param(
            "STU",
            {"startHour": "0900", "endHour": "1700", "plannedHoursNumber": None},
            ["00777-005", "00778-005", "01135-001"],
            id="a student with hours of the day",
        ),
        pytest.param("STU", {"committee": "302"}, ["90374-349"], id="horeca students go under XXX"),
        pytest.param("FLX", {"committee": "302"}, ["90374-349"], id="horeca flexi goes under XXX"),
        pytest.param("FLX", {"startHour": None}, ["00777-001"], id="a flexi day has a start hour"),
        pytest.param("FLX", {"endHour": None}, ["00778-001"], id="a flexi day has an end hour"),
        pytest.param("FLX", {"endHour": "1700"}, ["00778-345"], id="no time between the hours"),
        pytest.param(
            "FLX", {"endDate": "2026-03-31"}, ["00777-005", "00778-005"], id="a flexi period has none"
        ),
        pytest.param(
            "FLX", {"startDate": "2026-07-16", "endDate": "2026-07-16"}, ["00910-008"], id="too early"
        ),
        pytest.param("EXT", {"endHour": None}, ["00778-001"], id="a spell has an end hour"),
        pytest.param(
            "EXT", {"endDate": "2026-03-17", "endHour": "1701"}, ["90373-341"], id="longer than 24 h"
        ),
        pytest.param("EXT", {"endDate": "2026-03-18"}, ["00910-459", "90373-341"], id="more than two days"),
        pytest.param("BCW", {"constructionControlCards": None}, ["00663-001", "00664-001"], id="no cards"),
        pytest.param(
            "BCW",
            {"constructionControlCards": {"firstMonthC32ANumber": 7, "nextMonthC32ANumber": 7}},
            ["00664-353"],
            id="twice the same card",
        ),
        pytest.param("IVT", {"smallStatutesInformation": None}, ["00053-001", "01231-001"], id="no statute"),
        pytest.param(
            "O17", {"startDate": "2026-03-26", "endDate": "2026-03-27"}, ["00910-008"], id="15 days"
        ),
        pytest.param("T17", {"endDate": "2026-03-17"}, ["00911-003"], id="public TV works one day"),
        pytest.param("A17", {}, ["00910-008"], id="closed type"),
        pytest.param("ZZZ", {}, ["00655-003"], id="unknown type"),
        pytest.param("OTH", {"ssin": "93051822362"}, ["00024-003"], id="wrong check digits of a person"),
        pytest.param(
            "OTH", {"employer": "0477472702"}, ["00014-003"], id="wrong check digits of an employer"
        ),
        pytest.param("OTH", {"employer": UNKNOWN_EMPLOYER}, ["00014-235"], id="unknown employer"),
        pytest.param("OTH", {"employer": INACTIVE_EMPLOYER}, ["90373-343"], id="inactive employer"),
        pytest.param("EXT", {"ssin": None}, ["00024-001"], id="occasional work needs a number"),
    ],
)
def test_a_wrong_in_is_refused_with_the_code(nsso, worker_type, changes, codes):
    assert nsso.outcome(nsso.body(worker_type, **changes)) == ("B", codes)


@pytest.mark.parametrize(
    ("worker_type", "changes"),
    [
        pytest.param("FLX", {"endDate": "2026-03-17", "endHour": "0130"}, id="flexi past midnight"),
        pytest.param("FLX", {"endDate": "2026-03-31", "startHour": None, "endHour": None}, id="flexi period"),
        pytest.param("EXT", {"committee": "302", "endHour": None}, id="horeca day lump sum"),
        pytest.param("OTH", {"committee": "302"}, id="ordinary horeca worker"),
        pytest.param("OTH", {"startDate": "2026-03-10"}, id="starts on the day of filing"),
    ],
)
def test_allowed_forms_are_accepted(nsso, worker_type, changes):
    assert nsso.outcome(nsso.body(worker_type, **changes)) == ("A", [])


@pytest.mark.parametrize(
    ("worker_type", "serial", "result", "codes"),
    [
        pytest.param("FLX", 990, "W", ["90017-510"], id="flexi conditions not met"),
        pytest.param("STU", 997, "W", ["90017-369"], id="student quota used up"),
        pytest.param("O17", 990, "B", ["90017-369"], id="the quota of article 17 blocks"),
        pytest.param("OTH", 990, "A", [], id="ordinary workers have no scenario"),
        pytest.param("FLX", 989, "A", [], id="one below"),
    ],
)
def test_the_serial_number_chooses_a_scenario(nsso, worker_type, serial, result, codes):
    body = nsso.body(worker_type, ssin=nsso.ssin(serial))

    assert nsso.outcome(body) == (result, codes)


def test_late_is_a_warning(nsso):
    assert nsso.outcome(nsso.body(startDate="2026-03-09")) == ("W", ["90373-460"])


def test_the_day_of_filing_is_brussels_time(nsso, clock):
    clock.advance(14.5 * 3600)  # 22:30 UTC is half past eleven in the evening
    nsso.authorise()
    assert nsso.outcome(nsso.body(startDate="2026-03-10"))[0] == "A"

    clock.advance(3600)
    nsso.authorise()

    assert nsso.outcome(nsso.body(startDate="2026-03-10", ssin=nsso.ssin(5)))[0] == "W"


def test_a_worker_with_neither_number_nor_identity_is_refused(nsso):
    body = nsso.body(ssin=None)
    del body["worker"]["address"]["postCode"]

    assert nsso.outcome(body) == ("B", ["90017-363"])


def test_temporary_work_with_a_user_enterprise_is_accepted(nsso):
    body = nsso.body(committee="322", endDate="2026-03-20")
    body["dimonaIn"]["features"]["userEnterprise"] = {
        "enterpriseNumber": "0477472701",
        "jointCommissionNumber": "XXX",
    }

    assert nsso.outcome(body) == ("A", [])


def test_every_code_has_labels_in_both_languages(nsso, clock):
    number = nsso.file(nsso.body(startDate="2026-03-09", endDate="2026-03-08"))
    clock.advance(46)

    for anomaly in nsso.get(number).json()["declarationStatus"]["anomalies"]:
        assert set(anomaly["label"]) == {"fr", "nl"}
