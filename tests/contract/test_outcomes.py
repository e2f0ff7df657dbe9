"""What each of the four kinds is answered."""

import pytest

from support.contract import ssin

TYPES = (
    "OTH",
    "STU",
    "EXT",
    "FLX",
    "BCW",
    "DWD",
    "IVT",
    "TRI",
    "STG",
    "RTA",
    "ALT",
    "O17",
    "S17",
    "T17",
    "PMP",
)
SOMEBODY = {
    "familyName": "Peeters",
    "givenName": "An",
    "birthDate": "1990-05-17",
    "placeOfBirth": "Gent",
    "countryOfBirth": 150,
    "nationality": 150,
    "gender": "2",
    "address": {
        "street": "Kerkstraat",
        "houseNumber": "1",
        "postCode": "9000",
        "municipality": {"code": 44021, "name": "Gent"},
        "country": 150,
    },
}
UNKNOWN_PERIOD = 656310000267


def out(service, period, days=30):
    return {"dimonaOut": {"periodId": period, "endDate": service.day(days)}}


def update(period, **changes):
    return {"dimonaUpdate": {"periodId": period, **changes}}


def cancel(period):
    return {"dimonaCancel": {"periodId": period}}


@pytest.mark.parametrize("worker_type", TYPES)
def test_an_in_is_accepted(service, worker_type):
    assert service.outcome(service.in_body(worker_type)) == ("A", [])


def test_a_late_in_is_accepted_with_a_warning(service):
    assert service.outcome(service.in_body(startDate=service.day(-1))) == ("W", ["90373-460"])


@pytest.mark.parametrize(
    ("worker_type", "block", "code"),
    [
        pytest.param("OTH", {"plannedHoursNumber": 8}, "01135-005", id="planned hours"),
        pytest.param("OTH", {"startHour": "0900"}, "00777-005", id="start hour"),
        pytest.param("STU", {"plannedHoursNumber": None}, "01135-001", id="no planned hours"),
        pytest.param("STU", {"endDate": None}, "00911-001", id="no end"),
        pytest.param("EXT", {"startHour": None}, "00777-001", id="no start hour"),
        pytest.param("FLX", {"endHour": "0859"}, "00778-345", id="hours reversed"),
        pytest.param("IVT", {"smallStatutesInformation": None}, "01231-001", id="no statute"),
        pytest.param("BCW", {"constructionControlCards": None}, "00663-001", id="no cards"),
        pytest.param("A17", {}, "00910-008", id="closed type"),
        pytest.param("ZZZ", {}, "00655-003", id="no such type"),
    ],
)
def test_an_in_is_refused_with_its_code(service, worker_type, block, code):
    result, codes = service.outcome(service.in_body(worker_type, **block))

    assert (result, code in codes) == ("B", True)


def test_check_digits_are_checked(service):
    body = service.in_body()
    body["worker"]["ssin"] = body["worker"]["ssin"][:-2] + "00"

    assert service.outcome(body) == ("B", ["00024-003"])


def test_a_worker_without_number_is_identified_first(service):
    result, codes = service.outcome(service.in_body() | {"worker": SOMEBODY})

    assert (result, codes) == ("S", [])


def test_a_worker_with_neither_number_nor_identity_is_refused(service):
    assert service.outcome(service.in_body() | {"worker": {"familyName": "Peeters"}}) == ("B", ["90017-363"])


def test_a_second_in_is_a_duplicate_and_the_first_stays(service):
    worker = service.worker()
    period = service.accepted(worker=worker)

    assert service.outcome(service.in_body(worker=worker)) == ("B", ["90373-333"])
    assert service.get(period, "periods").json()["periodId"] == period


def test_another_in_within_a_period_overlaps(service):
    worker = service.worker()
    service.accepted(worker=worker)

    assert service.outcome(service.in_body(worker=worker, startDate=service.day(9))) == ("B", ["90373-334"])


def test_an_out_closes_once(service):
    period = service.accepted()

    assert service.outcome(out(service, period)) == ("A", [])
    assert service.outcome(out(service, period)) == ("B", ["00913-356"])
    assert service.get(period, "periods").json()["endDate"] == service.day(30)


def test_a_cancel_takes_effect_once(service):
    period = service.accepted()

    assert service.outcome(cancel(period)) == ("A", [])
    assert service.outcome(cancel(period)) == ("B", ["00913-355"])
    assert service.outcome(out(service, period)) == ("B", ["00913-355"])


def test_an_update_changes_what_it_may(service):
    period = service.accepted(endDate=service.day(20))

    assert service.outcome(update(period, endDate=service.day(25))) == ("A", [])
    assert service.outcome(update(period, startDate=service.day(8))) == ("A", [])
    shown = service.get(period, "periods").json()
    assert (shown["startDate"], shown["endDate"]) == (service.day(8), service.day(25))


def test_a_late_update_is_accepted_with_a_warning(service):
    period = service.accepted()

    assert service.outcome(update(period, startDate=service.day(-1))) == ("W", ["90378-460"])


def test_an_update_opens_a_period_again(service):
    period = service.accepted(endDate=service.day(20))

    assert service.outcome(update(period, endDate="9999-12-31")) == ("A", [])
    assert "endDate" not in service.get(period, "periods").json()


@pytest.mark.parametrize(
    ("worker_type", "changes", "code"),
    [
        pytest.param("OTH", {}, "90378-360", id="nothing"),
        pytest.param("EXT", {}, "90378-361", id="nothing, with hours"),
        pytest.param("OTH", {"startDate": 7}, "90378-444", id="nothing new"),
        pytest.param("OTH", {"endDate": 20}, "00913-359", id="closing"),
        pytest.param("STU", {"endDate": "9999-12-31"}, "00913-368", id="a needed end"),
        pytest.param("STU", {"startDate": 6}, "00910-005", id="a student's start"),
        pytest.param("FLX", {"endDate": 8, "endHour": "0100"}, "00911-344", id="a flexi-job's end"),
    ],
)
def test_an_update_is_refused_with_its_code(service, worker_type, changes, code):
    period = service.accepted(worker_type)
    block = {name: service.day(value) if isinstance(value, int) else value for name, value in changes.items()}

    result, codes = service.outcome(update(period, **block))

    assert (result, code in codes) == ("B", True)


@pytest.mark.parametrize("kind", [out, lambda _, period: update(period), lambda _, period: cancel(period)])
def test_a_follow_up_needs_a_period(service, kind):
    assert service.outcome(kind(service, UNKNOWN_PERIOD)) == ("B", ["00913-354"])


@pytest.mark.parametrize("kind", [out, lambda _, period: cancel(period)])
def test_a_refused_in_leaves_nothing_to_follow_up(service, kind):
    refused = service.file(service.in_body("ZZZ"))
    service.answer(refused)

    assert service.outcome(kind(service, refused)) == ("B", ["00913-357"])


def test_a_follow_up_of_another_worker_contradicts_the_period(service):
    period = service.accepted()

    assert service.outcome({"worker": {"ssin": service.worker()}, **cancel(period)}) == ("B", ["00024-347"])


@pytest.mark.parametrize(
    ("worker_type", "serial", "answer"),
    [
        pytest.param("STU", 2, ("A", []), id="within the quota"),
        pytest.param("FLX", 3, ("W", ["90017-510"]), id="flexi conditions"),
        pytest.param("O17", 4, ("B", ["90017-369"]), id="quota of article 17"),
    ],
)
def test_what_the_registers_say(simulated, worker_type, serial, answer):
    assert simulated.outcome(simulated.in_body(worker_type, ssin(serial, "700101"))) == answer


def test_the_quota_of_students_warns(simulated):
    body = simulated.in_body("STU", ssin(2, "700101"), plannedHoursNumber=40)

    assert simulated.outcome(body) == ("W", ["90017-369"])


def test_a_locked_period_is_left_alone(simulated):
    period = simulated.accepted(worker=ssin(1, "700101"))

    assert simulated.outcome(cancel(period)) == ("B", ["00913-362"])
    assert simulated.get(period, "periods").json()["locked"] is True


def test_occasional_work_ends_after_two_days(service):
    worker = service.worker()
    for days in (7, 8):
        service.accepted("EXT", worker, startDate=service.day(days), endDate=service.day(days))

    third = service.in_body("EXT", worker, startDate=service.day(9), endDate=service.day(9))

    assert service.outcome(third) == ("B", ["00910-459"])


@pytest.mark.parametrize(
    ("change", "name"),
    [
        pytest.param(lambda body: body.pop("employer"), "employer", id="no employer"),
        pytest.param(lambda body: body.pop("worker"), "worker", id="no worker"),
        pytest.param(lambda body: body["dimonaIn"].pop("features"), "dimonaIn.features", id="no features"),
        pytest.param(
            lambda body: body["dimonaIn"].update(startDate="1/1/2030"), "dimonaIn.startDate", id="no date"
        ),
        pytest.param(lambda body: body.update(dimonaCancel={"periodId": 7}), "$", id="two kinds"),
    ],
)
def test_a_wrong_structure_is_a_bad_request(service, change, name):
    body = service.in_body()
    change(body)

    response = service.post(body)

    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("application/problem+json")
    if service.is_simulator:
        assert name in {issue["name"] for issue in response.json()["issues"]}
