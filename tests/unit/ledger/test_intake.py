"""From payroll's records and teams' declarations to intents, on both databases."""

from __future__ import annotations

import datetime as dt
import json
import math
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from dimona_provider.api.settings import BASE_URLS
from dimona_provider.domain.outcome import OPEN, State
from dimona_provider.domain.routes import Route, Routes
from dimona_provider.ledger import contacts, open_ledger, schema, staging
from dimona_provider.ledger.intents import Recorded
from dimona_provider.ledger.keys import Keyring
from dimona_provider.ledger.setup import initialise
from dimona_provider.ledger.summaries import findings_of_run
from dimona_provider.planning.intake import plan_exports, take_source
from dimona_provider.planning.wishes import BadRecord
from support import people
from support.clocks import START
from support.ledgers import ENVIRONMENT, ROUTES, RUN, file_all, received, rows, set_state
from support.properties import anything, changed, leaves

STUDENT = {"worker_type": "STU", "end_date": "2027-03-01", "planned_hours": 40}


def plan(ledger, *records, now=START, run=RUN):
    staging.stage(ledger, staging.new_export(), 1, records, now=now)
    return plan_exports(ledger, run, ROUTES, now=now)


def take(ledger, *items, origin="dag/run/task", now=START):
    return take_source(ledger, RUN, ROUTES.default, origin, items, now=now)


def body(ledger, number):
    """Return what is filed, in clear."""
    return json.loads(ledger.keys.decrypt(rows(ledger)[number - 1].body))


def found(taken) -> list[tuple[str, str | None, str]]:
    return [(str(one.kind), one.employment, one.field) for one in taken.findings]


def test_new_employments_become_planned_intents_and_the_page_is_gone(ledger):
    records = [
        people.employment(employment_id=f"E-{number}", worker={"ssin": people.ssin(number)})
        for number in (1, 2)
    ]

    taken = plan(ledger, *records)

    assert (taken.records, taken.recorded, taken.findings) == (2, {Recorded.NEW: 2}, [])
    assert [(one.state, one.batch, one.employment) for one in rows(ledger)] == [
        ("planned", None, "E-1"),
        ("planned", None, "E-2"),
    ]
    assert rows(ledger, schema.staged_pages) == []


def test_the_declaration_holds_what_payroll_said_in_the_services_words(ledger):
    plan(ledger, people.employment(joint_committee="302.01", **STUDENT))

    body = json.loads(ledger.keys.decrypt(rows(ledger)[0].body))

    assert body["worker"] == {"ssin": people.SSIN}
    assert body["dimonaIn"]["features"] == {"jointCommissionNumber": "XXX", "workerType": "STU"}


def test_an_export_planned_again_adds_nothing(ledger):
    plan(ledger, people.employment())

    taken = plan(ledger, people.employment())

    assert taken.recorded == {Recorded.KNOWN: 1}
    assert len(rows(ledger)) == 1


def test_malformed_records_become_findings_and_the_others_go_on(ledger):
    records = [
        people.employment(employment_id="E-1", employer="0477472702", worker={"ssin": "93051822362"}),
        people.employment(employment_id=f"E-{people.SSIN}"),
        "no record at all",
        None,
        people.employment(employment_id="E-5"),
    ]

    taken = plan(ledger, *records)

    assert taken.recorded == {Recorded.NEW: 1}
    assert found(taken) == [
        ("malformed", "E-1", "employer"),
        ("malformed", "E-1", "worker.ssin"),
        ("malformed", None, "employment_id"),
        ("malformed", None, "record"),
        ("malformed", None, "record"),
    ]
    assert [one.place.split(" page ")[1] for one in taken.findings] == ["1 record 1"] * 2 + [
        f"1 record {number}" for number in (2, 3, 4)
    ]
    assert findings_of_run(ledger, RUN) == taken.findings


def test_what_is_not_handled_is_listed(ledger):
    early = {"worker_type": "FLX", "start_date": "2031-01-04", "end_date": "2031-01-31"}
    taken = plan(ledger, people.employment(**early))

    assert found(taken) == [("not_handled", "E-1", "start_date")]
    assert rows(ledger) == []


@pytest.mark.parametrize("state", sorted(OPEN), ids=str)
def test_a_change_of_something_open_waits_and_is_planned_without_payroll(ledger, state):
    plan(ledger, people.employment())
    set_state(ledger, 1, state=state)

    taken = plan(ledger, people.employment(start_date="2027-02-01"))
    set_state(ledger, 1, state=State.ACCEPTED, declaration_id=100, period_id=100)
    later = plan_exports(ledger, RUN, ROUTES, now=START)

    assert found(taken) == [("not_handled", "E-1", "employment")]
    assert "still open" in taken.findings[0].reason
    assert later.recorded == {Recorded.NEW: 1}
    assert body(ledger, 2)["dimonaUpdate"] == {"periodId": 100, "startDate": "2027-02-01"}


def test_a_refused_declaration_is_declared_anew_once_payroll_corrected_it(ledger):
    plan(ledger, people.employment())
    set_state(ledger, rows(ledger)[0].id, state="refused")

    assert plan(ledger, people.employment(start_date="2027-02-01")).recorded == {Recorded.NEW: 1}


def test_a_corrected_worker_is_declared_anew_after_a_refusal(ledger):
    plan(ledger, people.employment())
    set_state(ledger, 1, state=State.REFUSED, declaration_id=1)

    corrected = plan(ledger, people.employment(worker={"ssin": people.OTHER_SSIN}))
    again = plan(ledger, people.employment(worker={"ssin": people.OTHER_SSIN}))

    assert corrected.recorded == {Recorded.NEW: 1}
    assert again.recorded == {Recorded.KNOWN: 1}
    assert [one.state for one in rows(ledger)] == [State.REFUSED, State.PLANNED]


def test_a_corrected_identity_is_declared_anew_after_a_refusal(ledger):
    plan(ledger, people.employment(worker=people.identity()))
    set_state(ledger, 1, state=State.REFUSED, declaration_id=1)

    corrected = plan(ledger, people.employment(worker=people.identity(family_name="Zwarteweg")))

    assert corrected.recorded == {Recorded.NEW: 1}


@pytest.mark.parametrize("state", [State.SENT, State.UNCLEAR, State.ACCEPTED, State.WARNED])
def test_another_ssin_for_what_stands_is_listed_and_not_declared(ledger, state):
    plan(ledger, people.employment())
    set_state(ledger, 1, state=state)

    taken = plan(ledger, people.employment(worker={"ssin": people.OTHER_SSIN}))

    assert len(rows(ledger)) == 1
    assert [one.reason for one in taken.findings] == [
        "its worker has another number or identity than when it was declared"
    ]


def test_what_was_cancelled_is_not_declared_again_by_itself(ledger):
    plan(ledger, people.employment())
    set_state(ledger, 1, state=State.ACCEPTED, declaration_id=100, period_id=100)
    take(ledger, {"reference": "E-1", "declaration": {"dimonaCancel": {"periodId": 100}}})
    set_state(ledger, 2, state=State.ACCEPTED, declaration_id=101)

    taken = plan(ledger, people.employment())

    assert len(rows(ledger)) == 2
    assert "was cancelled" in taken.findings[0].reason


def test_a_student_has_one_declaration_for_each_quarter(ledger):
    plan(ledger, people.employment(employment_id="S-1", **STUDENT))
    set_state(ledger, 1, state=State.ACCEPTED, declaration_id=100, period_id=100)

    plan(ledger, people.employment(employment_id="S-2", **(STUDENT | {"planned_hours": 50})))
    later = {"start_date": "2027-04-01", "end_date": "2027-05-01"}
    next_quarter = plan(ledger, people.employment(employment_id="S-3", **(STUDENT | later)))

    assert body(ledger, 2)["dimonaUpdate"] == {"periodId": 100, "plannedHoursNumber": 90}
    assert next_quarter.recorded == {Recorded.NEW: 1}


def test_two_planners_plan_a_page_once(ledger, ledger_url):
    for page in range(6):
        records = [
            people.employment(
                employment_id=f"E-{page}-{number}", worker={"ssin": people.ssin(page * 5 + number + 1)}
            )
            for number in range(5)
        ]
        staging.stage(ledger, "x", page, [*records, "malformed"], now=START)
    ledgers = [open_ledger(ledger_url, ledger.keys, actor=str(number)) for number in range(2)]
    start, taken = threading.Barrier(2), []

    def planner(opened):
        start.wait()
        taken.append(plan_exports(opened, RUN, ROUTES, now=START))

    threads = [threading.Thread(target=planner, args=(opened,)) for opened in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for opened in ledgers:
        opened.close()

    assert sum(one.records for one in taken) == 36
    assert sum(one.recorded[Recorded.NEW] for one in taken) == 30
    assert len(findings_of_run(ledger, RUN)) == 6


def test_a_plan_that_dies_leaves_page_and_intents_as_they_were(ledger, monkeypatch):
    staging.stage(ledger, "x", 1, [people.employment()], now=START)
    monkeypatch.setattr("dimona_provider.planning.intake.note_findings", lambda *_args, **_more: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        plan_exports(ledger, RUN, ROUTES, now=START)

    assert rows(ledger) == []
    assert len(rows(ledger, schema.staged_pages)) == 1


def test_a_teams_declarations_become_one_batch(ledger):
    batch, taken = take(ledger, people.item(1), people.item(2))

    assert (taken.records, taken.recorded, taken.findings) == (2, {Recorded.NEW: 2}, [])
    assert [(one.batch, one.employment) for one in rows(ledger)] == [(batch, "E-1"), (batch, "E-2")]


def test_a_retry_finds_its_batch_and_adds_only_what_is_missing(ledger):
    first, _ = take(ledger, people.item(1), "bad")

    again, taken = take(ledger, people.item(1), "bad", people.item(2))

    assert first == again
    assert taken.recorded == {Recorded.KNOWN: 1, Recorded.NEW: 1}
    assert len(findings_of_run(ledger, RUN)) == 1


def test_items_that_cant_be_filed_become_findings_and_the_others_go_on(ledger):
    items = [
        BadRecord("not a JSON object on one line"),
        "text",
        {},
        {"reference": f"E-{people.SSIN}", "declaration": people.in_body()},
        {"reference": "E-5", "declaration": {}},
        {"reference": "E-6", "declaration": people.in_body() | {"worker": {"ssin": "93051822362"}}},
        {"reference": "E-7", "declaration": people.in_body(extra=math.nan)},
        {"reference": "E-8", "declaration": people.in_body(extra=dt.date(2027, 1, 1))},
        {"reference": "E-9", "declaration": people.in_body(extra="a\ud800")},
        people.item(10),
    ]

    _, taken = take(ledger, *items)

    assert taken.records == 10
    assert taken.recorded == {Recorded.NEW: 1}
    assert found(taken) == [
        ("malformed", None, "item"),
        ("malformed", None, "item"),
        ("malformed", None, "reference"),
        ("malformed", None, "reference"),
        ("malformed", "E-5", "declaration"),
        ("malformed", "E-6", "worker.ssin"),
        ("malformed", "E-7", "declaration"),
        ("malformed", "E-8", "declaration"),
        ("malformed", "E-9", "declaration"),
    ]
    assert [one.place for one in taken.findings][:2] == ["dag/run/task item 1", "dag/run/task item 2"]


def test_a_second_declaration_of_an_employment_has_to_wait(ledger):
    later = people.item(1, startDate="2027-02-01")

    _, taken = take(ledger, people.item(1), later)

    assert taken.recorded == {Recorded.NEW: 1, Recorded.WAITING: 1}
    assert found(taken) == [("not_handled", "E-1", "employment")]


def test_more_than_a_page_of_items_is_taken_whole(ledger, monkeypatch):
    monkeypatch.setattr("dimona_provider.planning.intake._PAGE", 4)

    _, taken = take(ledger, *(people.item(number) if number % 3 else "bad" for number in range(1, 12)))

    assert taken.records == 11
    assert taken.recorded == {Recorded.NEW: 8}
    assert len(findings_of_run(ledger, RUN)) == 3


def test_a_follow_up_of_nobody_knows_whose_period_has_to_name_the_employer(ledger):
    out = {"dimonaOut": {"periodId": 656309292174, "endDate": "2027-06-30"}}

    _, without = take(ledger, {"reference": "E-1", "declaration": out}, origin="without")
    named = {"employer": {"enterpriseNumber": people.EMPLOYER}, **out}
    _, having = take(ledger, {"reference": "E-1", "declaration": named}, origin="having")

    (finding,) = without.findings
    assert (finding.field, "name the employer" in finding.reason) == ("employer", True)
    assert having.recorded == {Recorded.NEW: 1}
    assert [one.employer for one in rows(ledger)] == [people.EMPLOYER]


def test_a_cancel_and_what_follows_it_go_through_a_source(ledger):
    batch, _ = take(ledger, people.item(1))
    file_all(ledger, batch)
    set_state(ledger, rows(ledger)[0].id, state="accepted", period_id=656309292174)
    cancel = {"reference": "E-1", "declaration": {"dimonaCancel": {"periodId": 656309292174}}}
    second, taken = take(ledger, cancel, origin="cancel")
    file_all(ledger, second, first_id=2_000_000_000)
    set_state(ledger, rows(ledger)[1].id, state="accepted")

    _, again = take(ledger, people.item(1), origin="again")

    assert taken.recorded == {Recorded.NEW: 1}
    assert again.recorded == {Recorded.NEW: 1}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """Give one SQLite ledger for many examples."""
    url, keys = f"sqlite:///{tmp_path_factory.mktemp('scratch') / 'ledger.db'}", Keyring.generate()
    initialise(url, lambda: keys, None, now=START)
    opened = open_ledger(url, keys, actor="test")
    yield opened
    opened.close()


@settings(max_examples=60)
@given(record=changed(people.employment(worker=people.identity())) | changed(people.employment()) | anything)
def test_no_record_of_payroll_stops_a_plan(scratch, record):
    taken = plan(scratch, record)

    assert taken.records == 1
    assert sum(taken.recorded.values()) == 1 or taken.findings


@settings(max_examples=60)
@given(item=changed(people.item(1)) | anything, origin=st.uuids())
def test_no_item_of_a_team_stops_a_batch(scratch, item, origin):
    _, taken = take(scratch, item, origin=str(origin))

    assert taken.records == 1
    assert sum(taken.recorded.values()) == 1 or taken.findings


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)  # the files of a server are its own
def test_the_databases_files_hold_nobody_in_clear(ledger, tmp_path):
    named = people.employment(employment_id="E-2", worker=people.identity())
    staging.stage(ledger, "waiting", 1, [people.employment(), named], now=START)
    taken = plan(ledger, people.employment(employment_id="E-3", worker={"ssin": people.OTHER_SSIN}), named)
    batch, _ = take(
        ledger, people.item(7), {"reference": "E-8", "declaration": {"worker": people.identity()}}
    )
    (filed,) = file_all(ledger, batch)
    from dimona_provider.ledger.answers import fold, insert_answers

    insert_answers(ledger, ENVIRONMENT, [received(ledger, filed, "A")])
    fold(ledger, batch, now=START)

    files = sorted(path.name for path in tmp_path.iterdir())
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    persons = [people.SSIN, people.OTHER_SSIN, people.ssin(8), "Peeters", *leaves(people.identity())]
    assert taken.recorded[Recorded.NEW] == 3
    assert "ledger.db-wal" in files
    assert people.EMPLOYER.encode() in stored
    assert not [text for text in persons if len(text) > 5 and text.encode() in stored]


def test_no_table_holds_a_person_in_clear_on_a_server_either(ledger):
    plan(ledger, people.employment(worker=people.identity()), people.employment(employment_id="E-2"))
    take(ledger, people.item(7))

    said = ""
    with ledger.read() as connection:
        for table in schema.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                said += " ".join(
                    str(bytes(value) if isinstance(value, memoryview) else value) for value in row
                )

    persons = [people.SSIN, people.ssin(8), *leaves(people.identity())]
    assert not [text for text in persons if len(text) > 5 and text in said]
    assert Path(__file__).name not in said


@pytest.mark.parametrize(
    "written",
    [
        pytest.param({"employer": {"enterpriseNumber": "BE 0477.472.701"}}, id="employer with dots"),
        pytest.param({"employer": {"enterpriseNumber": "477472701"}}, id="employer without its zero"),
        pytest.param({"employer": {"enterpriseNumber": people.EMPLOYER, "employerId": None}}, id="a null"),
        pytest.param({"worker": {"ssin": "93.05.18-223.61"}}, id="SSIN with dots"),
    ],
)
def test_a_wish_written_otherwise_is_the_same_wish_and_goes_out_plain(ledger, written):
    body = people.in_body()
    take(ledger, {"reference": "E-1", "declaration": body})

    _, again = take(ledger, {"reference": "E-1", "declaration": {**body, **written}}, origin="another run")

    assert again.recorded == {Recorded.KNOWN: 1}
    (only,) = rows(ledger)
    assert json.loads(ledger.keys.decrypt(only.body)) == body


def test_numbers_and_nulls_of_a_students_contract_make_no_second_one(ledger):
    block = {"endDate": "2027-03-31", "plannedHoursNumber": 40}
    features = {"jointCommissionNumber": "XXX", "workerType": "STU"}
    take(ledger, {"reference": "E-1", "declaration": people.in_body(**block, features=features)})
    set_state(ledger, 1, state=State.ACCEPTED, declaration_id=100, period_id=100)
    otherwise = people.in_body(**{**block, "plannedHoursNumber": 40.0, "startHour": None}, features=features)

    _, again = take(ledger, {"reference": "E-1", "declaration": otherwise}, origin="another run")

    assert again.recorded == {Recorded.KNOWN: 1}


@pytest.mark.parametrize("state", [State.PLANNED, State.SENT, State.UNCLEAR])
def test_an_in_waits_while_a_cancel_under_another_reference_is_open(ledger, state):
    body = people.in_body()
    take(ledger, {"reference": "E-1", "declaration": body})
    set_state(ledger, 1, state=State.ACCEPTED, declaration_id=100, period_id=100)
    take(ledger, {"reference": "C-1", "declaration": {"dimonaCancel": {"periodId": 100}}}, origin="cancel")
    set_state(ledger, 2, state=state, declaration_id=None if state == State.PLANNED else 101)

    _, again = take(ledger, {"reference": "E-1", "declaration": body}, origin="again")

    assert again.recorded == {Recorded.WAITING: 1}
    assert len(rows(ledger)) == 2


def test_a_worker_payroll_went_back_to_is_listed(ledger):
    first, second = people.employment(), people.employment(worker={"ssin": people.OTHER_SSIN})
    plan(ledger, first)
    set_state(ledger, 1, state=State.REFUSED, declaration_id=1)
    plan(ledger, second)
    set_state(ledger, 2, state=State.ACCEPTED, declaration_id=2, period_id=2)

    taken = plan(ledger, first)

    assert [one.reason for one in taken.findings] == [
        "its worker has another number or identity than when it was declared"
    ]


# --- first contact ---

PRODUCTION = BASE_URLS["production"]


def plan_in_production(ledger, *records):
    staging.stage(ledger, staging.new_export(), 1, records, now=START)
    return plan_exports(ledger, RUN, Routes(Route("dimona_default", PRODUCTION)), now=START)


def test_an_employer_that_was_never_met_is_refused_in_production_and_the_others_go_on(ledger):
    contacts.waive(ledger, PRODUCTION, people.OTHER_EMPLOYER, "a new firm", now=START)
    records = [
        people.employment(),
        people.employment(employment_id="E-2", employer=people.OTHER_EMPLOYER),
    ]

    taken = plan_in_production(ledger, *records)

    assert found(taken) == [("not_handled", "E-1", "employer")]
    assert "dimona ledger import" in taken.findings[0].reason
    assert [one.employment for one in rows(ledger)] == ["E-2"]


@pytest.mark.parametrize("met", ["imported", "waived"])
def test_an_employer_that_was_met_is_planned_in_production(ledger, met):
    if met == "waived":
        contacts.waive(ledger, PRODUCTION, people.EMPLOYER, "a new firm", now=START)
    else:
        reading = contacts.begin(ledger, PRODUCTION, people.EMPLOYER, now=START)
        contacts.complete(ledger, reading, "read", now=START)

    assert plan_in_production(ledger, people.employment()).recorded == {Recorded.NEW: 1}


def test_a_reading_that_is_not_at_its_end_is_no_contact(ledger):
    contacts.begin(ledger, PRODUCTION, people.EMPLOYER, now=START)

    assert found(plan_in_production(ledger, people.employment())) == [("not_handled", "E-1", "employer")]


def test_elsewhere_nobody_has_to_be_met(ledger):
    assert plan(ledger, people.employment()).recorded == {Recorded.NEW: 1}
