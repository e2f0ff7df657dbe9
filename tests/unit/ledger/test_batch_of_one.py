"""What a person filed before any run had taken it is asked for all the same, until it has an outcome."""

from __future__ import annotations

import pytest

from dimona_provider.domain.routes import Route, Routes
from dimona_provider.ledger import batches, claims, due, named
from dimona_provider.ledger.answers import fold, insert_answers, open_declarations
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.decisions import resolve_filed, resolve_not_filed
from support.clocks import START
from support.ledgers import (
    ENVIRONMENT,
    ROUTES,
    RUN,
    batch_of,
    new_batch,
    new_intent,
    received,
    record,
    row,
    rows,
    set_state,
)

NUMBER = 287_654_321_012
HOUR = 3600.0
ROUTE = Route("dimona_default", ENVIRONMENT)


@pytest.fixture
def planned(ledger):
    """Give the reference of a declaration that no run has taken yet."""
    record(ledger, new_intent(7))
    return next(one.reference for one in rows(ledger) if one.employment == "E-7")


def of(ledger, reference):
    return next(one for one in rows(ledger) if one.reference == reference)


def owed(ledger, at):
    return [one.declaration.declaration_id for one in due.owed(ledger, ROUTE, now=at) if one.is_free]


@pytest.mark.parametrize("state", ["planned", "held"])
def test_the_follow_up_asks_for_it_until_it_has_an_outcome(ledger, planned, state):
    new_batch(ledger)
    set_state(ledger, of(ledger, planned).id, state=state)

    resolve_filed(ledger, planned, NUMBER, reason="by hand", now=START)

    assert due.routes(ledger) == [ROUTE]
    assert owed(ledger, START + HOUR) == [NUMBER]
    insert_answers(ledger, ENVIRONMENT, [received(ledger, of(ledger, planned).id, "A")])
    fold(ledger, None, now=START + HOUR, is_same=lambda _ours, _theirs: True)
    assert of(ledger, planned).state == "accepted"
    assert owed(ledger, START + 2 * HOUR) == []


def test_it_is_asked_for_over_the_connection_that_files_for_its_employer(ledger, planned):
    other = Route("dimona_other", ENVIRONMENT)
    with ledger.write() as connection:
        own = batches.create(connection, RUN, other, "own", now=START)
        batches.create(connection, RUN, ROUTE, "newer", now=START + 9)
    record(ledger, new_intent(1), batch=own)

    resolve_filed(ledger, planned, NUMBER, reason="by hand", now=START + 10)

    assert due.routes(ledger) == [other]


def test_before_any_run_there_was_the_first_one_takes_it(ledger, planned):
    resolve_filed(ledger, planned, NUMBER, reason="by hand", now=START)
    assert due.routes(ledger) == []

    (batch,) = batches.assign(ledger, RUN, ROUTES, now=START + 60)

    assert [one.declaration_id for one in open_declarations(ledger, batch)] == [NUMBER]
    assert claims.claim(ledger, batch, "sender", limit=9, now=START + 61) == []
    assert owed(ledger, START + HOUR) == [NUMBER]
    assert batches.assign(ledger, Run("dimona_declare", "later"), ROUTES, now=START + 99) == []


def test_another_environments_run_does_not_take_it(ledger, planned):
    resolve_filed(ledger, planned, NUMBER, reason="by hand", now=START)

    elsewhere = Routes(Route("dimona_default", "https://elsewhere.example"))

    assert batches.assign(ledger, RUN, elsewhere, now=START) == []


def test_what_was_not_filed_after_all_goes_with_the_next_run(ledger, planned):
    new_batch(ledger)
    resolve_filed(ledger, planned, NUMBER, reason="by hand", now=START)
    insert_answers(ledger, ENVIRONMENT, [received(ledger, of(ledger, planned).id, "A")])
    fold(ledger, None, now=START + 9, is_same=lambda _ours, _theirs: False)

    resolve_not_filed(ledger, planned, reason="was somebody else", now=START + HOUR)

    assert (of(ledger, planned).state, of(ledger, planned).batch) == ("planned", None)
    batch = batches.assign(ledger, Run("dimona_declare", "next"), ROUTES, now=START + HOUR)[-1]
    assert len(claims.claim(ledger, batch, "sender", limit=9, now=START + HOUR)) == 1


def test_what_is_in_a_run_that_is_over_is_asked_for_too(ledger):
    batch = batch_of(ledger, 1)

    resolve_filed(ledger, row(ledger, 1).reference, NUMBER, reason="by hand", now=START)

    assert row(ledger, 1).batch == batch
    assert owed(ledger, START + HOUR) == [NUMBER]
    assert named.give_back_unanswered(ledger, None, now=START + HOUR) == 0
