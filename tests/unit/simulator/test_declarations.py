"""From the 201 to the answer: numbers, waiting, shapes, identification, restarts."""

import re
import stat

import httpx
import pytest

from include.dimona_simulator import Timing
from include.dimona_simulator.tables import EMPLOYER_WITHOUT_MANDATE

QUICK = Timing(2.5, 2.5, tail_share=0)


def test_a_declaration_is_received_without_a_body(nsso):
    response = nsso.post(nsso.body())

    assert response.status_code == 201
    assert response.content == b""
    assert re.fullmatch(r"/REST/dimona/v2/declarations/\d{12}", response.headers["Location"])
    assert "Date" in response.headers


@pytest.mark.parametrize(
    ("form", "absolute"),
    [
        pytest.param("path", {False}, id="path"),
        pytest.param("absolute", {True}, id="absolute"),
        pytest.param("alternate", {True, False}, id="both in turn"),
    ],
)
def test_the_location_takes_the_form_that_is_set(make_nsso, form, absolute):
    nsso = make_nsso(location=form)

    locations = [nsso.post(nsso.body()).headers["Location"] for _ in range(2)]

    assert {location.startswith("https://nsso.example/") for location in locations} == absolute


def test_numbers_increase_and_end_in_their_check_digits(nsso):
    first, second = nsso.file(nsso.body()), nsso.file(nsso.body())

    assert second // 100 == first // 100 + 1
    assert all(number % 100 == number // 100 % 97 for number in (first, second))


def test_there_is_nothing_to_see_until_it_is_processed(make_nsso, clock):
    nsso = make_nsso(timing=QUICK)
    number = nsso.file(nsso.body())

    clock.advance(2.4)
    early = nsso.get(number)
    clock.advance(0.2)

    assert (early.status_code, early.json()["type"]) == (404, "urn:problem-type:belgif:resourceNotFound")
    assert nsso.get(number).status_code == 200


def test_an_accepted_in_shows_as_recorded(make_nsso, clock):
    nsso = make_nsso(timing=QUICK)
    number = nsso.file(nsso.body())
    clock.advance(3)

    base = "https://nsso.example/REST/dimona/v2"
    assert nsso.get(number).json() == {
        "href": f"{base}/declarations/{number}",
        "employer": {
            "employerId": nsso.get(number).json()["employer"]["employerId"],
            "enterpriseNumber": "477472701",
        },
        "worker": {
            "ssin": "93051822361",
            "familyName": "DENIS",
            "givenName": "KOEN",
            "givenNames": "KOEN",
            "birthDate": "1993-05-18",
            "gender": "1",
            "nationality": 150,
        },
        "dimonaIn": {
            "startDate": "2026-03-16",
            "features": {"jointCommissionNumber": "XXX", "workerType": "OTH"},
        },
        "declarationStatus": {
            "declarationId": number,
            "result": "A",
            "period": {"id": number, "href": f"{base}/periods/{number}"},
        },
    }


def test_nobody_is_known_by_a_wrong_number(nsso, clock):
    number = nsso.file(nsso.body(ssin="93051822362"))
    clock.advance(46)

    assert nsso.get(number).json()["worker"] == {"ssin": "93051822362"}


@pytest.mark.parametrize(
    ("ssin", "born"),
    [
        pytest.param("93051822361", "1993-05-18", id="before 2000"),
        pytest.param("05060712337", "2005-06-07", id="since 2000"),
        pytest.param("01410199955", "1901-01-01", id="BIS number"),
    ],
)
def test_the_birth_date_is_read_from_the_number(nsso, ssin, born):
    number = nsso.accepted(ssin=ssin)

    assert nsso.get(number).json()["worker"]["birthDate"] == born


def test_a_refused_in_has_no_period(nsso, clock):
    number = nsso.file(nsso.body(endDate="2026-03-01"))
    clock.advance(46)

    status = nsso.get(number).json()["declarationStatus"]

    assert "period" not in status
    assert nsso.get(number, "periods").status_code == 404


def test_enterprise_numbers_may_keep_their_zero(make_nsso, clock):
    nsso = make_nsso(short_enterprise_numbers=False)
    number = nsso.accepted()

    assert nsso.get(number).json()["employer"]["enterpriseNumber"] == "0477472701"


def test_an_employer_is_the_same_by_either_number(nsso):
    number = nsso.accepted()
    employer_id = nsso.get(number).json()["employer"]["employerId"]

    body = nsso.body() | {"employer": {"employerId": employer_id}}

    assert nsso.outcome(body) == ("B", ["90373-333"])


def test_a_number_that_is_none_is_a_bad_request(nsso):
    assert nsso.get("latest").status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/REST/dimona/v2/declarations", 405, id="no list"),
        pytest.param("DELETE", "/REST/dimona/v2/declarations/656309292174", 405, id="no delete"),
        pytest.param("GET", "/REST/dimona/v2/employers", 404, id="no employers"),
    ],
)
def test_there_is_no_more_than_the_known_resources(nsso, method, path, status):
    assert nsso.http.request(method, path).status_code == status


def test_without_a_mandate_nothing_is_accepted(nsso):
    response = nsso.post(nsso.body(employer=EMPLOYER_WITHOUT_MANDATE))

    assert (response.status_code, response.json()["type"]) == (
        403,
        "urn:problem-type:belgif:missingPermission",
    )
    assert nsso.search("periods", EMPLOYER_WITHOUT_MANDATE).status_code == 403


def test_a_worker_without_number_waits_for_identification(nsso, clock):
    number = nsso.file(nsso.body(ssin=None))
    clock.advance(10_000)
    nsso.authorise()

    content = nsso.get(number).json()

    assert content["declarationStatus"] == {"declarationId": number, "result": "S"}
    assert "ssin" not in content["worker"]


def test_identification_makes_the_period(make_nsso, clock):
    nsso = make_nsso(identified_after=100)
    number = nsso.file(nsso.body(ssin=None))
    clock.advance(46)
    assert nsso.get(number).json()["declarationStatus"]["result"] == "S"
    assert nsso.outcome({"dimonaCancel": {"periodId": number}}) == ("B", ["00913-354"])
    clock.advance(100)

    content = nsso.get(number).json()

    assert content["declarationStatus"]["result"] == "A"
    assert len(content["worker"]["ssin"]) == 11
    assert nsso.outcome({"dimonaCancel": {"periodId": number}}) == ("A", [])


def test_a_second_in_of_an_unidentified_worker_is_found_out_later(make_nsso, clock):
    nsso = make_nsso(identified_after=100)
    nsso.file(nsso.body(ssin=None))
    second = nsso.file(nsso.body(ssin=None))
    clock.advance(46)
    assert nsso.get(second).json()["declarationStatus"]["result"] == "S"
    clock.advance(100)

    status = nsso.get(second).json()["declarationStatus"]

    assert (status["result"], status["anomalies"][0]["errorId"]) == ("B", "90373-333")


def test_processing_times_follow_the_seed_and_never_pass_45_seconds():
    times = [Timing().seconds(1, sequence) for sequence in range(5000)]

    slow = sum(time > 4 for time in times) / len(times)
    assert min(times) >= 2
    assert max(times) <= 45
    assert 0.03 < slow < 0.05
    assert times == [Timing().seconds(1, sequence) for sequence in range(5000)]
    assert times != [Timing().seconds(2, sequence) for sequence in range(5000)]


def test_a_share_can_take_a_fixed_long_time():
    times = [Timing(2, 4, 0.02, 40, 40).seconds(1, sequence) for sequence in range(5000)]

    assert 0.01 < sum(time == 40 for time in times) / len(times) < 0.03


@pytest.mark.parametrize(
    "arguments", [pytest.param((4, 2), id="reversed"), pytest.param((2, 4, 1.5), id="share above one")]
)
def test_impossible_times_are_refused(arguments):
    with pytest.raises(ValueError, match=r"times|share"):
        Timing(*arguments)


def test_a_restart_knows_what_was_filed(make_nsso, clock, tmp_path):
    before = make_nsso(tmp_path)
    period, waiting = before.accepted(), before.file(before.body("STU", ssin=before.ssin(7)))
    before.simulator.close = lambda: None  # killed: nothing is closed

    after = make_nsso(tmp_path, seed=99)

    assert after.get(waiting).status_code == 404
    assert after.get(period).json() == before.get(period).json()
    assert after.file(after.body()) // 100 == waiting // 100 + 1
    clock.advance(46)
    assert after.get(waiting).json()["declarationStatus"]["result"] == "A"
    assert after.outcome({"dimonaOut": {"periodId": period, "endDate": "2026-04-01"}}) == ("A", [])


def test_half_a_line_at_the_end_of_the_file_is_forgotten(make_nsso, tmp_path):
    number = make_nsso(tmp_path).accepted()
    file = tmp_path / "declarations.jsonl"
    file.write_bytes(file.read_bytes() + b'{"id":6563')

    nsso = make_nsso(tmp_path)

    assert nsso.get(number).status_code == 200
    assert nsso.file(nsso.body()) // 100 == number // 100 + 1
    assert make_nsso(tmp_path).get(number).status_code == 200


def test_the_declarations_belong_to_their_owner(make_nsso, tmp_path):
    make_nsso(tmp_path)

    assert stat.S_IMODE((tmp_path / "declarations.jsonl").stat().st_mode) == 0o600


async def test_it_is_a_transport_for_asynchronous_clients_too(nsso):
    headers = {"Authorization": nsso.http.headers["Authorization"]}
    async with httpx.AsyncClient(
        transport=nsso.simulator.transport(), base_url="https://nsso.example"
    ) as http:
        response = await http.post("/REST/dimona/v2/declarations", json=nsso.body(), headers=headers)

    assert response.status_code == 201
