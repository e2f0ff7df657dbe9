"""The payroll store, by itself, over HTTP and from the command line."""

import stat
from datetime import date

import httpx
import pytest
from starlette.applications import Starlette

from include.payroll.__main__ import main
from include.payroll.routes import payroll_routes
from include.payroll.sample import employments
from include.payroll.store import Outcome, PayrollStore

TODAY = date(2026, 3, 10)


@pytest.fixture
def store(tmp_path):
    return PayrollStore(tmp_path / "payroll.sqlite")


@pytest.fixture
async def http(store):
    app = Starlette(routes=payroll_routes(store))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://payroll.example"
    ) as client:
        yield client


def test_filling_again_adds_only_what_is_new_and_changes_nothing(store):
    assert store.fill(employments(10, TODAY)) == 10

    assert store.fill(employments(12, TODAY, seed=2)) == 2
    assert store.page(limit=10).records == list(employments(10, TODAY))


async def test_the_change_feed_goes_on_with_every_record_that_is_new_or_changed(store, http):
    async def position():
        return (await http.get("/payroll/changes", params={"after": 3})).json()

    assert await position() == {"cursor": 0}
    store.fill(employments(5, TODAY))
    store.fill(employments(5, TODAY))
    assert await position() == {"cursor": 5}

    changed = {**next(employments(1, TODAY)), "status": "withdrawn"}
    store.put(changed)

    assert await position() == {"cursor": 6}
    assert store.page().records[0] == changed


def test_pages_follow_each_other_to_the_end(store):
    store.fill(employments(5, TODAY))

    first = store.page(limit=3)
    last = store.page(first.next, 3)

    assert [record["employment_id"] for record in first.records + last.records] == [
        f"E-00000{k}" for k in range(1, 6)
    ]
    assert last.next is None


def test_a_page_that_ends_with_the_last_record_has_no_next(store):
    store.fill(employments(3, TODAY))

    assert store.page(limit=3).next is None


def test_the_last_outcome_of_an_employment_holds(store):
    store.save_outcomes([Outcome("E-1", "S"), Outcome("E-2", "B", 7, None, ("90373-333",))])

    assert store.save_outcomes([Outcome("E-1", "A", 8, 8)]) == 1
    assert store.outcomes() == [Outcome("E-1", "A", 8, 8), Outcome("E-2", "B", 7, None, ("90373-333",))]


def test_the_file_belongs_to_its_owner_and_lasts(store, tmp_path):
    file = tmp_path / "payroll.sqlite"
    store.fill(employments(1, TODAY))

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(PayrollStore(file).page().records) == 1


async def test_employments_are_served_in_pages(http, store):
    store.fill(employments(150, TODAY))

    first = (await http.get("/payroll/employments")).json()
    last = (await http.get("/payroll/employments", params={"after": first["next"], "limit": 1000})).json()

    assert (len(first["employments"]), len(last["employments"]), last["next"]) == (100, 50, None)


async def test_outcomes_are_saved(http, store):
    outcome = {
        "employment_id": "E-000001",
        "outcome": "W",
        "declaration_id": "656309292174",
        "period_id": 656309292174,
        "anomalies": ["90373-460"],
    }

    response = await http.put("/payroll/outcomes", json={"outcomes": [outcome]})

    assert response.json() == {"saved": 1}
    assert store.outcomes() == [Outcome("E-000001", "W", 656309292174, 656309292174, ("90373-460",))]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param({"limit": 0}, "limit is not a number from 1 to 1000", id="no limit"),
        pytest.param({"limit": 1001}, "limit is not a number from 1 to 1000", id="large limit"),
        pytest.param({"after": "E-1"}, "after is not a number from 0 to 1000000000000000", id="odd cursor"),
    ],
)
async def test_a_wrong_question_gets_one_clear_error(http, query, message):
    response = await http.get("/payroll/employments", params=query)

    assert (response.status_code, response.json()) == (400, {"error": message})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param("{", "the body is not JSON", id="no JSON"),
        pytest.param("[]", 'the body is not an object with a list "outcomes"', id="a list"),
        pytest.param('{"outcomes": [1]}', "an outcome is an object", id="a number"),
        pytest.param('{"outcomes": [{"outcome": "A"}]}', "employment_id is not a text", id="whose"),
        pytest.param('{"outcomes": [{"employment_id": "E"}]}', "outcome is not a text", id="which"),
        pytest.param(
            '{"outcomes": [{"employment_id": "E", "outcome": "A", "period_id": "x"}]}',
            "period_id is not a number",
            id="odd period",
        ),
        pytest.param(
            '{"outcomes": [{"employment_id": "E", "outcome": "A", "anomalies": [1]}]}',
            "anomalies is not a list of codes",
            id="odd anomalies",
        ),
        pytest.param(
            '{"outcomes": [{"employment_id": "E", "outcome": "A", "ssin": "1"}]}',
            "an outcome has an unknown member",
            id="unknown member",
        ),
    ],
)
async def test_wrong_outcomes_are_refused_whole(http, store, body, message):
    response = await http.put("/payroll/outcomes", content=body)

    assert (response.status_code, response.json()) == (400, {"error": message})
    assert store.outcomes() == []


def test_the_command_fills_a_store_and_says_how_many_were_added(tmp_path, capsys):
    file = tmp_path / "new" / "payroll.sqlite"
    arguments = ["--db", str(file), "--today", "2026-03-10", "--count"]

    main([*arguments, "3"])
    main([*arguments, "5"])

    assert capsys.readouterr().out.splitlines() == [
        f"added 3 employments to {file}",
        f"added 2 employments to {file}",
    ]
