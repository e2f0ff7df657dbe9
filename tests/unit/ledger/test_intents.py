"""Intents: one wish is one row, whoever wishes it and how often."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
import sqlalchemy as sa

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import OPEN, State
from dimona_provider.ledger import batches, open_ledger, schema, standing
from dimona_provider.ledger.intents import Recorded
from support.clocks import START
from support.ledgers import ENVIRONMENT, new_batch, new_intent, record, rows, set_state

PERIOD = 656309292174


def only(ledger):
    (one,) = rows(ledger)
    return one


def test_a_new_wish_is_written_down_planned_and_encrypted(ledger):
    batch = new_batch(ledger)

    assert record(ledger, new_intent(), batch=batch) is Recorded.NEW

    intent = only(ledger)
    assert (intent.state, intent.batch, intent.employment) == ("planned", batch, "E-1")
    assert ledger.keys.decrypt(intent.body) == new_intent().body
    assert b"ssin" not in intent.body
    assert [(event.what, event.actor, event.intent) for event in rows(ledger, schema.events)] == [
        ("planned", "test", intent.id)
    ]


def test_a_wish_shows_no_body():
    assert "ssin" not in repr(new_intent())


@pytest.mark.parametrize("state", list(State), ids=str)
def test_the_same_wish_again_is_known_whatever_became_of_it(ledger, state):
    record(ledger, new_intent())
    set_state(ledger, only(ledger).id, state=state, declaration_id=7)

    assert record(ledger, new_intent()) is Recorded.KNOWN
    assert only(ledger).state == state


@pytest.mark.parametrize("state", list(State), ids=str)
def test_another_wish_waits_for_the_one_that_is_open(ledger, state):
    record(ledger, new_intent())
    set_state(ledger, only(ledger).id, state=state)

    recorded = record(ledger, new_intent(content="other"))

    assert recorded is (Recorded.WAITING if state in OPEN else Recorded.NEW)


def test_the_same_wish_for_another_employment_is_shared(ledger):
    student = {"subject": "student x 2027Q1"}
    record(ledger, new_intent(1, **student))

    assert record(ledger, new_intent(2, **student)) is Recorded.SHARED
    assert len(rows(ledger)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"environment": "https://production.example"}, id="environment"),
        pytest.param({"employer": "1028230781"}, id="employer"),
        pytest.param({"subject": "employment E-2"}, id="subject"),
    ],
)
def test_wishes_that_differ_where_it_matters_are_apart(ledger, changes):
    record(ledger, new_intent())

    assert record(ledger, new_intent(**changes)) is Recorded.NEW


def test_an_identical_wish_still_planned_moves_to_the_batch_that_wants_it(ledger):
    old, new = new_batch(ledger), new_batch(ledger)
    record(ledger, new_intent(), batch=old)

    recorded = record(ledger, new_intent(), batch=new, now=START + 5)

    assert recorded is Recorded.KNOWN
    assert (only(ledger).batch, only(ledger).changed_at) == (new, START + 5)
    assert [event.what for event in rows(ledger, schema.events)] == ["planned", "moved"]


@pytest.mark.parametrize("state", [state for state in State if state is not State.PLANNED], ids=str)
def test_what_was_touched_a_moment_ago_does_not_move(ledger, state):
    old = new_batch(ledger)
    record(ledger, new_intent(), batch=old)
    set_state(ledger, only(ledger).id, state=state)

    record(ledger, new_intent(), batch=new_batch(ledger), now=START + 60)

    assert only(ledger).batch == old


@pytest.mark.parametrize("state", [state for state in State if state is not State.PLANNED], ids=str)
def test_what_a_run_left_open_long_ago_moves_to_the_run_that_wishes_it_again(ledger, state):
    old, new = new_batch(ledger), new_batch(ledger)
    record(ledger, new_intent(), batch=old)
    set_state(ledger, only(ledger).id, state=state)

    record(ledger, new_intent(), batch=new, now=START + 3600)

    assert only(ledger).batch == (new if state in OPEN else old)


def test_what_is_polled_does_not_move(ledger):
    old = new_batch(ledger)
    record(ledger, new_intent(), batch=old)
    set_state(ledger, only(ledger).id, state=State.SENT)
    batches.lease_polling(ledger, old, "poller", now=START + 3600, seconds=30)

    record(ledger, new_intent(), batch=new_batch(ledger), now=START + 3601)

    assert only(ledger).batch == old


def test_planning_again_takes_nothing_out_of_its_batch(ledger):
    batch = new_batch(ledger)
    record(ledger, new_intent(), batch=batch)

    record(ledger, new_intent(), batch=None)

    assert only(ledger).batch == batch


def test_one_wish_of_many_at_the_same_time_is_one_row(ledger, ledger_url):
    ledgers = [open_ledger(ledger_url, ledger.keys, actor=str(number)) for number in range(4)]
    start, said = threading.Barrier(4), Counter()

    def wish(opened):
        start.wait()
        for number in range(1, 11):
            said[record(opened, new_intent(number))] += 1

    threads = [threading.Thread(target=wish, args=(opened,)) for opened in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for opened in ledgers:
        opened.close()

    assert said == {Recorded.NEW: 10, Recorded.KNOWN: 30}
    assert len(rows(ledger)) == 10


def test_a_declaration_belongs_to_one_intent(ledger):
    record(ledger, new_intent(1))
    record(ledger, new_intent(2))
    first, second = rows(ledger)
    set_state(ledger, first.id, declaration_id=7)

    with pytest.raises(sa.exc.IntegrityError):
        set_state(ledger, second.id, declaration_id=7)


@pytest.mark.parametrize("state", list(State), ids=str)
def test_everything_but_a_refusal_stands(ledger, state):
    record(ledger, new_intent())
    set_state(ledger, only(ledger).id, state=state)

    with ledger.read() as connection:
        found = standing.of_subject(connection, new_intent(content="other"))

    assert (found is None) == (state is State.REFUSED)


def test_the_newest_that_stands_counts(ledger):
    for content in ("old", "new"):
        record(ledger, new_intent(content=content))
        set_state(ledger, rows(ledger)[-1].id, state="accepted")

    with ledger.read() as connection:
        newest = standing.of_subject(connection, new_intent(content="any"))
        same = standing.of_subject(connection, new_intent(content="old"), same_content=True)

    assert newest is not None
    assert same is not None
    assert (newest.content, same.content) == ("new", "old")


def test_a_period_knows_its_employer_and_its_newest_declaration(ledger):
    record(ledger, new_intent())
    set_state(ledger, only(ledger).id, state="accepted", period_id=PERIOD)
    record(ledger, new_intent(kind=Kind.OUT, content="out", period_id=PERIOD))

    with ledger.read() as connection:
        employer = standing.employer_of_period(connection, ENVIRONMENT, PERIOD)
        newest = standing.on_period(connection, ENVIRONMENT, PERIOD)
        elsewhere = standing.on_period(connection, "https://production.example", PERIOD)
        unknown = standing.employer_of_period(connection, ENVIRONMENT, 1)

    assert employer == new_intent().employer
    assert newest is not None
    assert newest.kind == "OUT"
    assert (elsewhere, unknown) == (None, None)
