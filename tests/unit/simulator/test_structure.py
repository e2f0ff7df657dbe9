"""What is refused with 400 before any rule of law is asked."""

import pytest

URN = "urn:problem-type:belgif:"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        pytest.param(lambda body: body.pop("dimonaIn"), "$", id="no block"),
        pytest.param(lambda body: body.update(dimonaCancel={"periodId": 7}), "$", id="two blocks"),
        pytest.param(lambda body: body.pop("worker"), "worker", id="no worker"),
        pytest.param(lambda body: body.pop("employer"), "employer", id="no employer"),
        pytest.param(lambda body: body.update(employer={}), "employer", id="empty employer"),
        pytest.param(lambda body: body.update(periodId=7), "periodId", id="stray member"),
        pytest.param(lambda body: body["worker"].update(ssin="9305182236"), "worker.ssin", id="ten digits"),
        pytest.param(
            lambda body: body["worker"].update(ssin=93051822361), "worker.ssin", id="number as number"
        ),
        pytest.param(lambda body: body["worker"].update(givenName=""), "worker.givenName", id="empty text"),
        pytest.param(
            lambda body: body["worker"].update(birthDate="1990-13-01"), "worker.birthDate", id="month 13"
        ),
        pytest.param(lambda body: body["worker"].update(address=[]), "worker.address", id="list for object"),
        pytest.param(lambda body: body["dimonaIn"].pop("startDate"), "dimonaIn.startDate", id="no start"),
        pytest.param(
            lambda body: body["dimonaIn"].update(startDate="2026-02-30"),
            "dimonaIn.startDate",
            id="no such day",
        ),
        pytest.param(
            lambda body: body["dimonaIn"].update(startHour="09:00"), "dimonaIn.startHour", id="colon"
        ),
        pytest.param(
            lambda body: body["dimonaIn"].update(endHour="2400"), "dimonaIn.endHour", id="24 o'clock"
        ),
        pytest.param(
            lambda body: body["dimonaIn"].update(plannedHoursNumber=0),
            "dimonaIn.plannedHoursNumber",
            id="0 hours",
        ),
        pytest.param(
            lambda body: body["dimonaIn"].update(plannedHoursNumber=True),
            "dimonaIn.plannedHoursNumber",
            id="true is no number",
        ),
        pytest.param(lambda body: body["dimonaIn"].pop("features"), "dimonaIn.features", id="no features"),
        pytest.param(
            lambda body: body["dimonaIn"]["features"].update(workerType="oth"),
            "dimonaIn.features.workerType",
            id="small letters",
        ),
    ],
)
def test_a_malformed_declaration_is_refused_and_the_member_named(nsso, change, name):
    body = nsso.body()
    change(body)

    response = nsso.post(body)

    problem = response.json()
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == URN + "badRequest"
    assert name in {issue["name"] for issue in problem["issues"]}


def test_a_birth_date_may_be_a_year_alone(nsso):
    body = nsso.body(ssin=None)
    body["worker"]["birthDate"] = "1990-00-00"

    assert nsso.post(body).status_code == 201


def test_the_problem_repeats_the_offending_value(nsso):
    body = nsso.body(ssin="secret")

    (issue,) = nsso.post(body).json()["issues"]

    assert issue == {
        "type": URN + "input-validation:schemaViolation",
        "in": "body",
        "name": "worker.ssin",
        "detail": "eleven digits is expected",
        "value": "secret",
    }


def test_missing_features_are_told_in_plain_text_as_in_production(nsso):
    body = nsso.body()
    del body["dimonaIn"]["features"]

    assert nsso.post(body).json()["detail"] == "Bad Request: Features required"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half a JSON"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param(b"[" * 100_000, id="nested without end"),
    ],
)
def test_a_body_that_is_no_object_is_refused(nsso, content):
    response = nsso.http.post("/REST/dimona/v2/declarations", content=content)

    assert response.status_code == 400


def test_text_that_can_not_be_encoded_is_refused_and_no_reason_to_fail(nsso):
    content = nsso.body()
    content["worker"]["familyName"] = "WEIRD"
    raw = nsso.http.build_request("POST", "/", json=content).content.replace(b"WEIRD", b"\\ud800")

    assert nsso.http.post("/REST/dimona/v2/declarations", content=raw).status_code == 400


def test_a_refused_declaration_takes_no_number(nsso):
    first = nsso.file(nsso.body())
    nsso.post({})

    assert nsso.file(nsso.body()) // 100 == first // 100 + 1
