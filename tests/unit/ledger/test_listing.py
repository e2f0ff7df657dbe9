"""The ledger as plain JSON: complete, in flat memory, and without persons unless they are asked for."""

from __future__ import annotations

import json
import tracemalloc

import pytest
import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.ledger import (
    claims,
    cockpit_schema,
    contact_schema,
    exporting,
    listing,
    plan_schema,
    schema,
    switch,
)
from dimona_provider.ledger.answers import fold, insert_answers
from dimona_provider.ledger.attempts import Attempted, Verdict, record_attempts
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.exporting import others, records
from dimona_provider.ledger.findings import Finding, FindingKind, note_findings
from dimona_provider.ledger.listing import Which, entries, iso
from dimona_provider.ledger.retention import purge
from support import people
from support.clocks import START
from support.ledgers import (
    ENVIRONMENT,
    RUN,
    batch_of,
    file_all,
    new_batch,
    new_intent,
    received,
    record,
    row,
    rows,
    set_state,
)

MEMBERS = {
    "reference",
    "attempt",
    "kind",
    "state",
    "environment",
    "employer",
    "employment",
    "worker_type",
    "batch",
    "declaration_id",
    "period_id",
    "result",
    "anomalies",
    "verdict",
    "detail",
    "reason",
    "planned_at",
    "claimed_at",
    "sent_at",
    "read_at",
    "filed_at",
    "answered_at",
    "file_by",
}
SECRET = (people.ssin(2), "Peeters", '"worker"', "hash 1")


@pytest.fixture
def tried_twice(ledger):
    """Give a ledger with a declaration that was not received, then filed and accepted; and a planned one."""
    batch = batch_of(ledger, 1, worker_hash="hash 1")
    claims.claim(ledger, batch, "first", limit=9, now=START)
    end = Attempted(1, Verdict.NOT_RECEIVED, sent_at=START + 1, read_at=START + 2, detail="HTTP 503")
    record_attempts(ledger, "first", [end], now=START + 2)
    file_all(ledger, batch, first_id=77, now=START + 10)
    insert_answers(
        ledger, ENVIRONMENT, [received(ledger, 1, "W", anomalies=["90017-369", "90017-510"], at=START + 20)]
    )
    fold(ledger, batch, now=START + 21)
    record(ledger, new_intent(2), now=START + 30)
    return batch


def test_each_attempt_is_one_object(ledger, tried_twice):
    first, second, planned = entries(ledger, Which())

    assert {frozenset(one) for one in (first, second, planned)} == {frozenset(MEMBERS)}
    assert (first["reference"], first["attempt"], second["attempt"]) == (second["reference"], 1, 2)
    assert (first["verdict"], first["detail"], second["verdict"]) == ("not_received", "HTTP 503", "filed")
    assert (first["sent_at"], first["read_at"]) == (iso(START + 1), iso(START + 2))


def test_what_became_of_it_stands_with_the_last_attempt(ledger, tried_twice):
    first, second, _ = entries(ledger, Which())

    assert (second["state"], second["declaration_id"], second["period_id"], second["result"]) == (
        "warned",
        77,
        77,
        "W",
    )
    assert second["anomalies"] == ["90017-369", "90017-510"]
    assert second["answered_at"] == iso(START + 20)
    assert (first["state"], first["declaration_id"], first["period_id"], first["result"]) == (
        "warned",
        None,
        None,
        None,
    )
    assert first["anomalies"] == []


def test_what_was_never_tried_is_one_object_without_attempt(ledger, tried_twice):
    *_, planned = entries(ledger, Which())

    assert (planned["attempt"], planned["state"], planned["claimed_at"]) == (None, "planned", None)
    assert planned["planned_at"] == iso(START + 30)
    assert planned["file_by"] == iso(START + 86_400)


def test_a_declaration_that_was_found_later_stands_with_the_attempt_that_made_it(ledger):
    batch = batch_of(ledger, 1)
    claims.claim(ledger, batch, "sender", limit=9, now=START)
    record_attempts(ledger, "sender", [Attempted(1, Verdict.UNCLEAR, sent_at=START)], now=START)
    set_state(ledger, 1, state=State.SENT, declaration_id=77)

    (only,) = entries(ledger, Which())

    assert (only["declaration_id"], only["verdict"]) == (77, "unclear")


def test_nothing_of_a_person_is_listed_or_exported(ledger, tried_twice):
    text = json.dumps([*entries(ledger, Which()), *records(ledger, Which()), *others(ledger)])

    assert not [secret for secret in SECRET if secret in text]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        pytest.param({"states": ["planned"]}, ["E-1", "E-3"], id="one state"),
        pytest.param({"states": ["planned", "held"]}, ["E-1", "E-2", "E-3"], id="two states"),
        pytest.param({"employer": people.OTHER_EMPLOYER}, ["E-3"], id="employer"),
        pytest.param({"run": Run("dag", "other")}, ["E-3"], id="run"),
        pytest.param({"since": START + 5}, ["E-2", "E-3"], id="since"),
        pytest.param({"since": START + 5, "states": ["held"]}, ["E-2"], id="since and state"),
        pytest.param({"employer": "nobody"}, [], id="nothing"),
        pytest.param({}, ["E-1", "E-2", "E-3"], id="all"),
    ],
)
def test_a_list_can_be_narrowed(ledger, which, expected):
    batch_of(ledger, 2)
    set_state(ledger, 2, state="held", changed_at=START + 5)
    other = new_batch(ledger, Run("dag", "other"))
    record(ledger, new_intent(3, employer=people.OTHER_EMPLOYER), batch=other, now=START + 9)

    assert [one["employment"] for one in entries(ledger, Which(**which))] == expected


def test_a_list_can_be_that_of_one_batch_or_of_one_reference(ledger):
    batch = batch_of(ledger, 1)
    record(ledger, new_intent(2), batch=new_batch(ledger))

    assert [one["employment"] for one in entries(ledger, Which(batch=batch))] == ["E-1"]
    assert [one["employment"] for one in entries(ledger, Which(reference=row(ledger, 2).reference))] == [
        "E-2"
    ]


def test_pages_are_put_together_without_gap_or_repetition(ledger, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 3)
    monkeypatch.setattr(exporting, "PAGE", 3)
    batch = batch_of(ledger, 8)
    file_all(ledger, batch)

    assert [one["employment"] for one in entries(ledger, Which())] == [f"E-{n}" for n in range(1, 9)]
    assert len(list(records(ledger, Which()))) == 8


def test_an_export_has_all_that_hangs_on_an_intent_in_order(ledger, tried_twice):
    first, second = records(ledger, Which())

    assert (first["record"], first["employment"], second["employment"]) == ("intent", "E-1", "E-2")
    assert [one["verdict"] for one in first["attempts"]] == ["not_received", "filed"]
    assert [one["result"] for one in first["answers"]] == ["W"]
    assert [one["what"] for one in first["events"]] == ["planned", "warned"]
    assert first["events"][0]["actor"] == "test"
    assert first["anomalies"] == first["answers"][0]["anomalies"] == ["90017-369", "90017-510"]
    assert first["filed_at"] == iso(START + 10)


def test_an_export_names_what_another_waits_for(ledger):
    batch_of(ledger, 2)
    set_state(ledger, 2, depends_on=1)

    first, second = records(ledger, Which())

    assert (first["depends_on"], second["depends_on"]) == (None, first["reference"])


def test_an_export_has_what_hangs_on_no_intent(ledger, monkeypatch):
    monkeypatch.setattr(exporting, "PAGE", 1)
    batch_of(ledger, 1)
    new_batch(ledger)
    switch.place(ledger, "audit", now=START)
    with ledger.write() as connection:
        note_findings(
            connection,
            RUN,
            ENVIRONMENT,
            [Finding(FindingKind.MALFORMED, "line 1", None, "x", "y")],
            now=START,
        )

    found = list(others(ledger))

    assert [one["record"] for one in found] == ["batch", "batch", "hold", "finding", "event"]
    assert found[2]["placed_at"] == iso(START)


def test_every_table_is_exported_or_left_out_on_purpose():
    exported = {
        schema.intents,
        schema.attempts,
        schema.answers,
        schema.events,
        schema.batches,
        schema.holds,
        schema.findings,
        plan_schema.askings,
        plan_schema.decisions,
        contact_schema.contacts,
        contact_schema.periods,
        contact_schema.gaps,
        cockpit_schema.acknowledgements,
    }

    left_out = {schema.info, schema.staged_pages, schema.looks, schema.budgets, schema.budget_users}
    left_out |= {plan_schema.employments, plan_schema.served}  # payroll's and the planner's
    left_out |= {cockpit_schema.searches}  # for an hour
    assert set(schema.metadata.sorted_tables) - exported == left_out


def test_with_persons_the_bodies_are_in_clear(ledger, tried_twice):
    first, _ = records(ledger, Which(), with_persons=True)

    assert first["body"]["worker"]["ssin"] == people.ssin(2)
    assert first["answers"][0]["body"] == {"worker": "Peeters"}
    assert "worker_hash" not in first


def test_what_was_purged_has_no_body_any_more(ledger, tried_twice):
    purge(ledger, START + 25, now=START + 999)

    first, _ = records(ledger, Which(), with_persons=True)

    assert (first["state"], first["body"], first["attempts"], first["answers"]) == ("warned", None, [], [])
    assert [one["attempt"] for one in entries(ledger, Which())] == [None, None]


def test_a_long_ledger_is_listed_in_flat_memory(ledger):
    if ledger.engine.dialect.name != "sqlite":
        pytest.skip("the same code")
    batch_of(ledger, 1)
    one = {key: value for key, value in rows(ledger)[0]._asdict().items() if key != "id"}
    peaks = []
    for count in (3_000, 12_000):
        many = [
            {**one, "reference": f"R{count}-{n}", "subject": f"S{count}-{n}"}
            for n in range(count - len(rows(ledger)))
        ]
        with ledger.write() as connection:
            connection.execute(sa.insert(schema.intents), many)
        del many
        tracemalloc.start()
        assert sum(1 for _ in entries(ledger, Which())) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] * 1.3
