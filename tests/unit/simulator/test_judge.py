"""One body judged without a service, and what the registers hold."""

import json
from datetime import date, datetime

import pytest

from include.dimona_simulator import Malformed, Registers, Settings, judge
from include.dimona_simulator.moments import first_working_day_after

TODAY = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("worker_type", "changes"),
    [
        pytest.param("OTH", {}, id="accepted"),
        pytest.param("OTH", {"startDate": "2026-03-09"}, id="late"),
        pytest.param("STU", {"endDate": None, "plannedHoursNumber": None}, id="refused twice"),
        pytest.param("EXT", {"ssin": None}, id="unknown worker"),
        pytest.param("O17", {"ssin": "85021499034"}, id="scenario"),
    ],
)
def test_it_says_what_the_service_says(nsso, worker_type, changes):
    body = nsso.body(worker_type, **changes)

    assert judge(body, TODAY) == nsso.outcome(body)[1]


def test_a_moment_tells_more_than_a_day(nsso):
    body = nsso.body("EXT")

    assert judge(body, date(2026, 3, 16)) == []
    assert judge(body, datetime(2026, 3, 16, 17, 1)) == ["90373-460"]  # noqa: DTZ001 - Brussels


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        pytest.param({"dimonaCancel": {"periodId": 7}}, [], id="cancel"),
        pytest.param({"dimonaOut": {"periodId": 7, "endDate": "1998-12-31"}}, ["00911-008"], id="out"),
        pytest.param({"dimonaUpdate": {"periodId": 7}}, ["90378-360"], id="nothing to update"),
        pytest.param({"dimonaUpdate": {"periodId": 7, "endDate": "9999-12-31"}}, [], id="opened again"),
        pytest.param(
            {
                "worker": {"ssin": "93051822362"},
                "dimonaUpdate": {
                    "periodId": 7,
                    "startDate": "2026-03-16",
                    "startHour": "1200",
                    "endDate": "2026-03-16",
                    "endHour": "1100",
                },
            },
            ["00024-003", "00778-345"],
            id="numbers and hours",
        ),
    ],
)
def test_of_a_follow_up_it_says_what_needs_no_period(body, codes):
    assert judge(body, TODAY) == codes


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        pytest.param("employer", "90256-364", id="employer"),
        pytest.param("worker", "90017-363", id="worker"),
    ],
)
def test_an_absent_party_is_judged(nsso, missing, code):
    body = nsso.body()
    del body[missing]

    assert judge(body, TODAY) == [code]


def test_an_absent_committee_is_judged_and_local_administrations_have_none(nsso):
    body = nsso.body()
    del body["dimonaIn"]["features"]["jointCommissionNumber"]

    assert judge(body, TODAY) == ["00046-001"]
    assert judge(body, TODAY, Registers(local_employers=frozenset({"0477472701"}))) == []


def test_a_local_administration_files_without_committee(make_nsso):
    nsso = make_nsso(registers=Registers(local_employers=frozenset({"0477472701"})))
    body = nsso.body()
    del body["dimonaIn"]["features"]["jointCommissionNumber"]

    assert nsso.outcome(body) == ("A", [])


@pytest.mark.parametrize(
    ("worker_type", "start", "code"),
    [
        pytest.param("TEA", "2021-12-31", None, id="teachers until 2021"),
        pytest.param("TEA", "2022-01-01", "00910-008", id="and no longer"),
        pytest.param("FLX", "2021-12-31", "00655-350", id="no flexi-jobs until 2021"),
        pytest.param("FLX", "2022-01-01", None, id="but after"),
    ],
)
def test_local_administrations_have_types_of_their_own(nsso, worker_type, start, code):
    body = nsso.body(worker_type, startDate=start, endDate=start)
    del body["dimonaIn"]["features"]["jointCommissionNumber"]

    codes = judge(body, TODAY, Registers(local_employers=frozenset({"0477472701"})))

    assert (code in codes) if code else not {"00655-350", "00910-008"} & set(codes)


def test_a_wrong_structure_is_not_judged(nsso):
    body = nsso.body(startDate="16/03/2026")
    body["worker"]["ssin"] = "secret"

    with pytest.raises(Malformed, match=r"dimonaIn.startDate, worker.ssin") as caught:
        judge(body, TODAY)

    assert caught.value.names == ["dimonaIn.startDate", "worker.ssin"]
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("worker_type", "changes"),
    [
        pytest.param("STU", {"studentPlaceOfWork": {"name": "X"}}, id="a place has an address"),
        pytest.param("FLX", {"endDate": "2026-04-15", "startHour": None, "endHour": None}, id="one quarter"),
        pytest.param(
            "O17", {"startDate": "2021-12-31", "endDate": "2021-12-31"}, id="article 17 before 2022"
        ),
        pytest.param("QUA", {}, id="quarantine is over"),
    ],
)
def test_more_that_is_refused(nsso, worker_type, changes):
    assert [code for code in judge(nsso.body(worker_type, **changes), TODAY) if code != "90373-460"]


@pytest.mark.parametrize(
    ("worker_type", "changes"),
    [
        pytest.param(
            "FLX",
            {"startDate": "2026-03-31", "endDate": "2026-04-01", "startHour": "2000", "endHour": "0300"},
            id="a night may end in the next quarter",
        ),
        pytest.param("FLX", {"startDate": "2026-04-01", "endDate": "2026-04-01"}, id="22 days before"),
        pytest.param("O17", {"startDate": "2026-03-25", "endDate": "2026-03-25"}, id="15 days ahead"),
        pytest.param("EXT", {"endDate": "2026-03-17", "endHour": "1700"}, id="24 hours"),
        pytest.param("ALT", {"startDate": "2026-09-01"}, id="alternating training"),
        pytest.param(
            "BCW", {"committee": "140", "constructionControlCards": None}, id="construction work elsewhere"
        ),
        pytest.param("EXT", {"committee": "149"}, id="occasional work of electricians"),
        pytest.param(
            "FLX", {"endDate": "2026-03-17", "endHour": "1730"}, id="a flexi night of 24 and a half hours"
        ),
        pytest.param("FLX", {"endDate": None, "startHour": None, "endHour": None}, id="a flexi-job on end"),
    ],
)
def test_what_is_just_allowed(nsso, worker_type, changes):
    assert judge(nsso.body(worker_type, **changes), TODAY) == []


@pytest.mark.parametrize(
    ("worker_type", "users", "cards", "codes"),
    [
        pytest.param("OTH", "124", True, [], id="a user in construction"),
        pytest.param("OTH", "124", False, ["00663-001", "00664-001"], id="without cards"),
        pytest.param("OTH", "XXX", True, ["00663-005", "00664-005"], id="cards elsewhere"),
        pytest.param("BCW", "XXX", False, [], id="a construction worker elsewhere"),
        pytest.param("EXT", "302", False, [], id="a day lump sum in horeca"),
        pytest.param("OTH", "322", False, ["00046-003"], id="a user that is an agency"),
    ],
)
def test_temporary_work_follows_the_committee_of_its_user(nsso, worker_type, users, cards, codes):
    body = nsso.body(worker_type, committee="322", endDate="2026-03-16", constructionControlCards=None)
    if worker_type == "EXT":
        del body["dimonaIn"]["endHour"]
    if cards:
        body["dimonaIn"]["constructionControlCards"] = {"firstMonthC32ANumber": 1, "nextMonthC32ANumber": 2}
    user = {"enterpriseNumber": "0999991113", "jointCommissionNumber": users}
    body["dimonaIn"]["features"]["userEnterprise"] = user

    assert judge(body, TODAY) == codes


def test_statutes_are_needed_since_december_2019(nsso):
    body = nsso.body("IVT", startDate="2019-11-30", endDate="2019-11-30", smallStatutesInformation=None)

    assert judge(body, TODAY) == ["90373-460"]


@pytest.mark.parametrize(
    ("day", "following"),
    [
        pytest.param("2026-03-20", "2026-03-23", id="over a weekend"),
        pytest.param("2026-04-03", "2026-04-07", id="over Easter"),
        pytest.param("2026-05-13", "2026-05-15", id="over Ascension Day"),
        pytest.param("2026-12-24", "2026-12-28", id="over Christmas and a weekend"),
        pytest.param("2025-12-31", "2026-01-02", id="over New Year"),
    ],
)
def test_working_days_leave_out_weekends_and_holidays(day, following):
    assert first_working_day_after(date.fromisoformat(day)) == date.fromisoformat(following)


def test_the_end_of_time_has_a_day_after(nsso):
    assert first_working_day_after(date.max) <= date.max


def test_registers_are_read_from_a_file(tmp_path):
    file = tmp_path / "registers.json"
    file.write_text(
        json.dumps(
            {
                "unknown_employers": ["0999991113"],
                "locked_periods": [656310000267],
                "sub_entities": {"0477472701": [5]},
                "worker_anomalies": {"93051822361": ["90017-510"]},
                "quotas": {"STU": 600},
                "blocked_spans": {"STU": ["2026-01-01", "2026-01-31"]},
                "student_duplicates": "refused",
            }
        )
    )

    registers = Registers.read(file)

    assert registers.unknown_employers == {"0999991113"}
    assert registers.locked_periods == {656310000267}
    assert registers.sub_entities == {"0477472701": (5,)}
    assert registers.worker_anomalies == {"93051822361": ("90017-510",)}
    assert registers.quotas == {"STU": 600}
    assert registers.blocked_spans == {"STU": (date(2026, 1, 1), date(2026, 1, 31))}
    assert registers.student_duplicates == "refused"
    assert registers.inactive_employers == Settings().registers.inactive_employers


@pytest.mark.parametrize(
    "content",
    [
        '{"unknown_employer": []}',
        "[]",
        "{",
        '{"locked_periods": 7}',
        '{"quotas": 650}',
        '{"blocked_spans": {"STU": "January"}}',
        '{"student_duplicates": "perhaps"}',
    ],
)
def test_a_file_that_is_no_registers_is_refused(tmp_path, content):
    file = tmp_path / "registers.json"
    file.write_text(content)

    with pytest.raises(ValueError, match=r"."):
        Registers.read(file)
