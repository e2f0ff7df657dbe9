"""The made-up employments: reproducible, plausible, with each difficulty in its share."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from stdnum.be import bis, nn, vat

from include.dimona_simulator import Settings
from include.dimona_simulator.model import Filing
from include.dimona_simulator.register import Register
from include.dimona_simulator.structure import check_declaration
from include.dimona_simulator.tables import JOINT_COMMITTEES, UNKNOWN_EMPLOYER
from include.payroll import sample
from include.payroll.sample import Case, case_of, employments

TODAY = date(2026, 3, 10)
SIZE = 1000


@pytest.fixture(scope="module")
def records():
    return list(employments(SIZE, TODAY))


def numbered(records):
    return enumerate(records, start=1)


def in_declaration(record):
    """The IN that a payroll clerk would file, written here on purpose without the provider."""
    worker = dict(record["worker"])
    committee = record["joint_committee"]
    allowed = committee in JOINT_COMMITTEES and not (
        committee == "302" and record["worker_type"] in {"FLX", "STU"}
    )
    optional = {
        "endDate": record["end_date"],
        "startHour": record["start_hour"],
        "endHour": record["end_hour"],
        "plannedHoursNumber": record["planned_hours"],
    }
    return {
        "employer": {"enterpriseNumber": record["employer"]},
        "worker": {"ssin": worker["ssin"]} if "ssin" in worker else identity(worker),
        "dimonaIn": {
            "startDate": record["start_date"],
            "features": {
                "jointCommissionNumber": committee if allowed else "XXX",
                "workerType": record["worker_type"],
            },
            **{name: value for name, value in optional.items() if value is not None},
        },
    }


def identity(worker):
    address = worker["address"]
    return {
        "familyName": worker["family_name"],
        "givenName": worker["given_name"],
        "birthDate": worker["birth_date"],
        "placeOfBirth": worker["place_of_birth"],
        "countryOfBirth": worker["country_of_birth"],
        "nationality": worker["nationality"],
        "gender": worker["gender"],
        "address": {
            "street": address["street"],
            "houseNumber": address["house_number"],
            "postCode": address["post_code"],
            "municipality": {"code": address["municipality_code"], "name": address["municipality_name"]},
            "country": address["country"],
        },
    }


def test_a_longer_sample_begins_with_the_shorter_one(records):
    assert list(employments(300, TODAY)) == records[:300]


def test_another_seed_gives_other_people(records):
    others = {record["worker"].get("ssin") for record in employments(100, TODAY, seed=2) if record["worker"]}

    assert len(others & {record["worker"].get("ssin") for record in records[:100]} - {None}) < 5


def test_the_difficulties_have_their_shares():
    counts = Counter(case_of(number) for number in range(1, SIZE + 1))

    assert {case: count / SIZE for case, count in counts.items()} == {
        Case.ACCEPTED: 0.85,
        Case.WARNED: 0.04,
        Case.REFUSED: 0.04,
        Case.IDENTIFIED_LATER: 0.02,
        Case.MALFORMED: 0.03,
        Case.ENDED: 0.01,
        Case.CHANGED: 0.01,
    }


def test_the_types_are_mixed(records):
    counts = Counter(record["worker_type"] for record in records)

    assert 0.55 < counts["OTH"] / SIZE < 0.68
    assert 0.15 < counts["STU"] / SIZE < 0.22
    assert 0.15 < counts["FLX"] / SIZE < 0.22


def test_flexi_jobs_come_as_days_and_as_periods(records):
    flexi = [record for record in records if record["worker_type"] == "FLX"]

    assert {record["start_hour"] is None for record in flexi} == {True, False}


def test_numbers_are_right_except_where_they_are_to_be_wrong(records):
    wrong = {
        number
        for number, record in numbered(records)
        if "ssin" in record["worker"]
        and not (nn.is_valid(ssin := record["worker"]["ssin"]) or bis.is_valid(ssin))
    } | {number for number, record in numbered(records) if not vat.is_valid(record["employer"])}

    assert wrong
    assert {case_of(number) for number in wrong} == {Case.MALFORMED}


def test_birth_dates_agree_with_the_numbers(records):
    for record in records:
        ssin, born = record["worker"].get("ssin"), date.fromisoformat(record["worker"]["birth_date"])
        if ssin is not None:
            assert (ssin[:2], ssin[4:6]) == (f"{born:%y}", f"{born:%d}")


def test_both_centuries_and_foreigners_are_there(records):
    numbers = [record["worker"]["ssin"] for record in records if "ssin" in record["worker"]]

    assert {record["worker"]["birth_date"][:2] for record in records} == {"19", "20"}
    assert any(int(ssin[2:4]) > 12 for ssin in numbers)


def test_a_worker_has_one_employment():
    records = list(employments(30_000, TODAY))

    seen = Counter(
        record["worker"]["ssin"]
        for number, record in numbered(records)
        if "ssin" in record["worker"] and case_of(number) is not Case.REFUSED
    )
    assert max(seen.values()) == 1


def test_every_way_of_being_malformed_is_in_three_hundred(records):
    spoilt = [record for number, record in numbered(records[:300]) if case_of(number) is Case.MALFORMED]

    assert any(record["worker_type"] == "ZZZ" for record in spoilt)
    assert any(record["start_date"] is None for record in spoilt)
    assert any(isinstance(record["start_date"], int) for record in spoilt)
    assert any(record["worker_type"] == "STU" and record["planned_hours"] is None for record in spoilt)
    assert any(isinstance(end := record["end_date"], str) and end < TODAY.isoformat() for record in spoilt)
    assert any(not vat.is_valid(record["employer"]) for record in spoilt)


def test_the_status_tells_what_ended_and_what_changed(records):
    statuses = {case_of(number): record["status"] for number, record in numbered(records)}

    assert statuses[Case.ENDED] == "ended"
    assert statuses[Case.CHANGED] == "changed"
    assert statuses[Case.ACCEPTED] == "active"


def test_the_unknown_employer_is_the_simulators():
    assert sample.UNKNOWN_EMPLOYER == UNKNOWN_EMPLOYER


@pytest.mark.parametrize(
    "today",
    [
        pytest.param(date(2026, 3, 10), id="in a quarter"),
        pytest.param(date(2026, 3, 31), id="last day of a quarter"),
        pytest.param(date(2027, 12, 20), id="before the new year"),
        pytest.param(date(2028, 2, 29), id="leap day"),
    ],
)
def test_the_simulated_service_answers_as_foreseen(today):
    now = datetime.combine(today, datetime.min.time(), ZoneInfo("Europe/Brussels")).timestamp() + 36_000
    register = Register(Settings())
    results = {}

    for number, record in numbered(islice(employments(400, today), 400)):
        if case_of(number) is not Case.MALFORMED:
            declaration = register.draft(Filing.of(in_declaration(record)), now)
            register.add(declaration)
            results[number] = declaration.final.result

    letters = {
        Case.ACCEPTED: "A", Case.WARNED: "W", Case.REFUSED: "B", Case.IDENTIFIED_LATER: "S",
        Case.ENDED: "A", Case.CHANGED: "A",
    }  # fmt: skip
    assert results == {number: letters[case_of(number)] for number in results}


def test_the_structure_of_what_is_filed_is_right(records):
    for number, record in numbered(records[:200]):
        if case_of(number) is not Case.MALFORMED:
            check_declaration(in_declaration(record))


def test_starts_lie_near_today(records):
    starts = [
        date.fromisoformat(record["start_date"])
        for record in records
        if isinstance(record["start_date"], str)
    ]

    assert min(starts) >= TODAY - timedelta(days=5)
    assert max(starts) <= TODAY + timedelta(days=31)
