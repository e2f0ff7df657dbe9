import pytest

EMPLOYER = "0999991113"


@pytest.fixture
def filled(nsso):
    """Seven periods of seven workers, one of them cancelled, and one refused IN."""
    numbers = [nsso.accepted(ssin=nsso.ssin(serial), employer=EMPLOYER) for serial in range(1, 8)]
    nsso.outcome({"dimonaCancel": {"periodId": numbers[0]}})
    nsso.outcome(nsso.body(ssin=nsso.ssin(2), employer=EMPLOYER))
    nsso.accepted()
    return numbers


def pages(nsso, resource, size, **search):
    response = nsso.search(resource, EMPLOYER, pageSize=size, page=1, **search)
    while True:
        yield response.json()["items"]
        following = response.json().get("next")
        if following is None:
            return
        response = nsso.http.post(following, content=response.request.content)


@pytest.mark.parametrize(
    ("resource", "sizes"),
    [
        pytest.param("declarations", [3, 3, 3], id="declarations"),
        pytest.param("periods", [3, 3, 1], id="periods"),
        pytest.param("relations", [3, 3], id="relations without the cancelled one"),
    ],
)
def test_a_search_is_paged_to_its_end(nsso, filled, resource, sizes):
    assert [len(page) for page in pages(nsso, resource, 3)] == sizes


@pytest.mark.parametrize(
    ("resource", "count"),
    [
        pytest.param("declarations", 2, id="declarations with the refused one"),
        pytest.param("periods", 1, id="periods"),
        pytest.param("relations", 1, id="relations"),
    ],
)
def test_a_search_may_name_a_worker(nsso, filled, resource, count):
    items = nsso.search(resource, EMPLOYER, ssin=nsso.ssin(2)).json()["items"]

    assert len(items) == count
    assert {item["worker"]["ssin"] for item in items} == {nsso.ssin(2)}


@pytest.mark.parametrize("resource", ["declarations", "periods", "relations"])
def test_a_search_shows_only_what_is_processed(nsso, clock, resource):
    nsso.file(nsso.body(employer=EMPLOYER))
    clock.advance(1)
    assert nsso.search(resource, EMPLOYER).json() == {"items": []}
    clock.advance(46)

    assert len(nsso.search(resource, EMPLOYER).json()["items"]) == 1


def test_a_period_shows_what_is_known_of_it(nsso):
    number = nsso.accepted("STU", employer=EMPLOYER)

    (item,) = nsso.search("periods", EMPLOYER).json()["items"]

    assert item == nsso.get(number, "periods").json()
    assert item["periodId"] == number
    assert item["plannedHoursNumber"] == 40
    assert (item["cancelled"], item["locked"], item["late"]) == (False, False, False)
    assert item["features"]["workerType"] == "STU"


def test_a_cancelled_period_is_shown_as_such_once_the_cancel_is_processed(nsso, clock):
    number = nsso.accepted()
    nsso.file({"dimonaCancel": {"periodId": number}})
    clock.advance(1)
    assert nsso.get(number, "periods").json()["cancelled"] is False
    clock.advance(46)

    assert nsso.get(number, "periods").json()["cancelled"] is True


def test_a_relation_goes_from_the_first_start_to_the_last_end(nsso):
    nsso.accepted(endDate="2026-03-20", employer=EMPLOYER)
    nsso.accepted(startDate="2026-04-01", endDate="2026-04-10", employer=EMPLOYER)

    (item,) = nsso.search("relations", EMPLOYER).json()["items"]

    assert (item["startDate"], item["endDate"]) == ("2026-03-16", "2026-04-10")


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"page": 0}, id="page 0"),
        pytest.param({"page": "x"}, id="page x"),
        pytest.param({"pageSize": 1001}, id="too large a page"),
    ],
)
def test_a_page_that_can_not_be_is_refused(nsso, query):
    response = nsso.search("periods", **query)

    assert response.status_code == 400
    assert response.json()["issues"][0]["in"] == "query"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nobody"),
        pytest.param({"employer": {"name": "X"}}, id="by name"),
        pytest.param(
            {"employer": {"enterpriseNumber": EMPLOYER}, "worker": {"ssin": "1"}}, id="half a number"
        ),
    ],
)
def test_a_search_has_an_employer_and_perhaps_a_number(nsso, body):
    assert nsso.http.post("/REST/dimona/v2/periods/search", json=body).status_code == 400


@pytest.mark.parametrize("resource", ["declarations", "periods", "relations"])
def test_searches_may_be_behind(make_nsso, clock, resource):
    nsso = make_nsso(search_lag=60)
    number = nsso.accepted(employer=EMPLOYER)
    assert nsso.get(number).status_code == nsso.get(number, "periods").status_code == 200
    assert nsso.search(resource, EMPLOYER).json() == {"items": []}
    clock.advance(60)

    assert len(nsso.search(resource, EMPLOYER).json()["items"]) == 1
