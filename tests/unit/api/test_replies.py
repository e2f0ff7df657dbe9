"""What the service answers: unknown things are kept and never success, nothing is a traceback."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given

from dimona_provider.api.operations import fetch_answer, submit
from dimona_provider.api.replies import read_answer, read_location
from dimona_provider.domain.outcome import Answer
from dimona_provider.errors import UnexpectedResponse
from support import people
from support.properties import anything, changed

ID = 656309296521
PERIOD = 656309292174
RECORDED = {
    "href": f"https://services-sim.socialsecurity.be/REST/dimona/v2/declarations/{ID}",
    "worker": {"ssin": people.SSIN},
    "declarationStatus": {
        "declarationId": ID,
        "result": "W",
        "period": {"id": PERIOD, "href": f"https://services-sim.socialsecurity.be/periods/{PERIOD}"},
        "anomalies": [{"errorId": "90373-460", "label": {"fr": "en retard", "nl": "te laat"}}],
    },
}


def status(**changes) -> dict:
    return {"declarationStatus": {"declarationId": ID, "result": "A", **changes}}


@pytest.mark.parametrize(
    ("location", "number"),
    [
        pytest.param(
            f"https://services.socialsecurity.be/REST/dimona/v2/declarations/{ID}", ID, id="absolute"
        ),
        pytest.param(f"/REST/dimona/v2/declarations/{ID}", ID, id="a path"),
        pytest.param(f"declarations/{ID}", ID, id="relative"),
        pytest.param(f"{ID}", ID, id="the number alone"),
        pytest.param(f"/declarations/{ID}/", ID, id="a slash at the end"),
        pytest.param(f"/declarations/{ID}?x=1/2", ID, id="a query"),
        pytest.param(None, None, id="none"),
        pytest.param("", None, id="empty"),
        pytest.param("/declarations/", None, id="no number"),
        pytest.param("/declarations/abc", None, id="letters"),
        pytest.param("/declarations/1234567890123", None, id="thirteen digits"),
        pytest.param("/declarations/0", None, id="zero"),
        pytest.param("/declarations/-5", None, id="negative"),
    ],
)
def test_the_location_ends_with_the_declaration_id(location, number):
    assert read_location(location) == number


def test_a_recorded_answer_is_read():
    assert read_answer(RECORDED, ID) == Answer(ID, "W", PERIOD, ("90373-460",))


@pytest.mark.parametrize(
    ("anomalies", "codes"),
    [
        pytest.param([{"errorId": "90373-333", "label": {"nl": "dubbel"}}], ("90373-333",), id="errorId"),
        pytest.param([{"code": "90373-333", "descriptionNl": "dubbel"}], ("90373-333",), id="code"),
        pytest.param(["90373-333"], ("90373-333",), id="a text"),
        pytest.param([{"errorId": "99999-999"}], ("99999-999",), id="an unknown code"),
        pytest.param([{"errorId": "1"}, {"code": "00014-022"}], ("unreadable", "00014-022"), id="in order"),
        pytest.param([{"label": people.SSIN}], ("unreadable",), id="no code"),
        pytest.param([people.SSIN, 7, None, []], ("unreadable",) * 4, id="garbage"),
        pytest.param(None, (), id="null"),
        pytest.param([], (), id="none"),
        pytest.param("90373-333", ("90373-333",), id="a text instead of a list"),
        pytest.param({"errorId": "90373-333"}, ("90373-333",), id="an object instead of a list"),
        pytest.param([{"errorId": None, "code": "90373-333"}], ("90373-333",), id="errorId without value"),
        pytest.param([{"errorId": "x", "code": "90373-333"}], ("90373-333",), id="the one that is a code"),
        pytest.param(
            [{"errorId": "90373-333", "labelFr": "double", "labelNl": "dubbel"}],
            ("90373-333",),
            id="version 1",
        ),
        pytest.param(7, (), id="a number"),
    ],
)
def test_anomalies_of_every_shape_are_read_and_never_repeat_a_value(anomalies, codes):
    answer = read_answer(status(anomalies=anomalies), ID)

    assert answer is not None
    assert answer.anomalies == codes


@pytest.mark.parametrize("number", [ID, str(ID)])
def test_ids_are_read_as_number_and_as_text(number):
    answer = read_answer(status(declarationId=number, period={"id": number}), ID)

    assert answer == Answer(ID, "A", ID, ())


@pytest.mark.parametrize("period", [None, {}, {"id": None}, {"id": "x"}, [], PERIOD])
def test_an_answer_without_a_readable_period_has_none(period):
    answer = read_answer(status(period=period), ID)

    assert answer is not None
    assert answer.period_id is None


def test_an_answer_about_another_declaration_is_unexpected():
    with pytest.raises(UnexpectedResponse):
        read_answer(status(declarationId=PERIOD), ID)


def test_an_answer_that_names_no_declaration_is_about_the_one_asked_for():
    assert read_answer(status(declarationId=None), ID) == Answer(ID, "A", None, ())


@pytest.mark.parametrize("letter", ["R", "a", "NEW", "0"])
def test_an_unknown_letter_is_kept(letter):
    answer = read_answer(status(result=letter), ID)

    assert answer is not None
    assert answer.result == letter


@pytest.mark.parametrize("result", [None, "", 1, [], {"A": 1}, "A B", people.SSIN, "Peeters An"])
def test_without_a_readable_result_there_is_no_answer_yet(result):
    assert read_answer(status(result=result), ID) is None


@given(anything | changed(RECORDED))
def test_whatever_the_service_says_is_an_answer_or_none_or_unexpected(body):
    try:
        answer = read_answer(body, ID)
    except UnexpectedResponse:
        return

    assert answer is None or answer.declaration_id == ID


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<html>Peeters An</html>", id="HTML"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe{", id="no text"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[" * 100_000, id="brackets without end"),
        pytest.param(json.dumps({"declarationStatus": {}}).encode(), id="no result"),
    ],
)
def test_a_200_without_an_outcome_is_asked_again(content):
    assert fetch_answer(ID).read(httpx.Response(200, content=content)) is None


def test_the_body_of_an_answer_is_kept_as_it_came_and_not_shown():
    content = json.dumps(RECORDED).encode()

    reply = fetch_answer(ID).read(httpx.Response(200, content=content))

    assert reply is not None
    assert reply.body == content
    assert people.SSIN not in repr(reply)


def test_an_operation_shows_no_body():
    assert people.SSIN not in repr(submit(people.in_body()))


@pytest.mark.parametrize("named", ["zzz", -5, 1_000_000_000_000, "", [], {}], ids=str)
def test_an_answer_with_an_unreadable_declaration_id_is_not_ours(named):
    with pytest.raises(UnexpectedResponse, match="unreadable"):
        read_answer({"declarationStatus": {"declarationId": named, "result": "A"}}, 656309292174)
