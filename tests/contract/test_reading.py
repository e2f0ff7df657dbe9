"""What can be read of declarations, periods and relations, and when."""

import itertools

import pytest

from support.contract import ssin


def test_nothing_shows_before_it_is_processed(slow_service):
    worker = slow_service.worker()
    body = slow_service.in_body(worker=worker)
    search = {"employer": body["employer"], "worker": {"ssin": worker}}

    number = slow_service.file(body)

    assert slow_service.get(number).status_code == 404
    assert slow_service.get(number, "periods").status_code == 404
    assert all(
        slow_service.search(resource, search).json()["items"] == []
        for resource in ("declarations", "periods", "relations")
    )
    slow_service.answer(number)
    assert slow_service.get(number, "periods").status_code == 200
    assert all(
        len(slow_service.search(resource, search).json()["items"]) == 1
        for resource in ("declarations", "periods", "relations")
    )


def test_a_period_changes_when_the_follow_up_is_processed(slow_service):
    period = slow_service.accepted()
    number = slow_service.file({"dimonaOut": {"periodId": period, "endDate": slow_service.day(30)}})
    assert "endDate" not in slow_service.get(period, "periods").json()

    slow_service.answer(number)

    assert slow_service.get(period, "periods").json()["endDate"] == slow_service.day(30)


def test_an_accepted_in_shows_itself_and_its_period(service):
    body = service.in_body("STU")
    number = service.file(body)

    content = service.answer(number)

    status = content["declarationStatus"]
    assert status["declarationId"] == number
    assert status["result"] == "A"
    assert status["period"]["href"].endswith(f"/periods/{status['period']['id']}")
    assert not status.get("anomalies")
    assert content["href"].endswith(f"/declarations/{number}")
    assert content["worker"]["ssin"] == body["worker"]["ssin"]
    assert int(content["employer"]["enterpriseNumber"]) == int(body["employer"]["enterpriseNumber"])
    assert content["dimonaIn"]["startDate"] == body["dimonaIn"]["startDate"]


def test_a_refused_in_shows_a_labelled_anomaly_and_no_period(service):
    status = service.answer(service.file(service.in_body("ZZZ")))["declarationStatus"]

    assert "period" not in status
    assert status["anomalies"][0]["errorId"] == "00655-003"
    assert {"fr", "nl"} <= set(status["anomalies"][0]["label"])


@pytest.mark.parametrize("resource", ["declarations", "periods"])
def test_a_number_that_was_never_given_leads_to_nothing(service, resource):
    response = service.get(656310000267, resource)

    assert response.status_code == 404
    assert response.json()["type"] == "urn:problem-type:belgif:resourceNotFound"


def test_a_follow_up_has_a_number_of_its_own_and_names_the_period(service):
    period = service.accepted()

    content = service.answer(service.file({"dimonaCancel": {"periodId": period}}))

    assert content["declarationStatus"]["declarationId"] > period
    assert content["declarationStatus"]["period"]["id"] == period
    assert "employer" in content
    assert "worker" in content


def test_a_search_is_paged_to_its_end(simulated):
    employer = {"enterpriseNumber": "0999991212"}
    numbers = [simulated.file(simulated.in_body() | {"employer": employer}) for _ in range(7)]
    simulated.answer(numbers[-1])
    seen, response = [], simulated.search("periods", {"employer": employer}, pageSize=3, page=1)

    while True:
        page = response.json()
        seen.append([item["periodId"] for item in page["items"]])
        if "next" not in page:
            break
        response = simulated.http.post(page["next"], json={"employer": employer})

    assert [len(items) for items in seen] == [3, 3, 1]
    assert list(itertools.chain(*seen)) == numbers


def test_a_period_shows_its_members(service):
    worker = service.worker()
    period = service.accepted("EXT", worker)

    shown = service.get(period, "periods").json()

    assert shown["periodId"] == period
    assert (shown["startDate"], shown["endDate"]) == (service.day(7), service.day(7))
    assert shown["worker"]["ssin"] == worker
    if service.is_simulator:
        assert (shown["startHour"], shown["endHour"]) == ("0900", "1700")
        assert shown["features"]["workerType"] == "EXT"
        assert (shown["cancelled"], shown["locked"], shown["late"]) == (False, False, False)


def test_a_relation_spans_the_periods_of_a_worker(service):
    worker = service.worker()
    for days in (7, 20):
        service.accepted(worker=worker, startDate=service.day(days), endDate=service.day(days + 3))
    employer = service.in_body(worker=worker)["employer"]

    (relation,) = service.search("relations", {"employer": employer, "worker": {"ssin": worker}}).json()[
        "items"
    ]

    assert relation["worker"]["ssin"] == worker
    if service.is_simulator:
        assert (relation["startDate"], relation["endDate"]) == (service.day(7), service.day(23))


@pytest.mark.parametrize("resource", ["declarations", "periods", "relations"])
def test_a_search_without_employer_is_a_bad_request(service, resource):
    assert service.search(resource, {"worker": {"ssin": ssin(7)}}).status_code == 400
