"""What waited for another declaration is found once that has its effect, in whatever batch it is."""

from __future__ import annotations

import pytest

from dimona_provider.domain.outcome import EFFECTIVE, State
from dimona_provider.domain.routes import Route
from dimona_provider.ledger import switch
from dimona_provider.ledger.freed import freed_by, freed_on
from support.clocks import START
from support.ledgers import ENVIRONMENT, batch_of, new_batch, rows, set_state

ROUTE = Route("dimona_default", ENVIRONMENT)


@pytest.fixture
def batch(ledger):
    """Give a batch of three, of which the second waits for the first."""
    batch = batch_of(ledger, 3)
    first, second, _ = rows(ledger)
    set_state(ledger, second.id, depends_on=first.id)
    return batch


def freed(ledger, batch, now=START):
    by, on = freed_by(ledger, batch, now=now), freed_on(ledger, ROUTE, now=now)
    assert by == on
    return by


@pytest.mark.parametrize("state", State, ids=str)
def test_it_may_go_after_what_has_its_effect_alone(ledger, batch, state):
    set_state(ledger, rows(ledger)[0].id, state=state)

    assert freed(ledger, batch) == ([batch] if state in EFFECTIVE else [])


def test_what_waits_in_another_batch_is_found_from_both(ledger, batch):
    other = new_batch(ledger)
    first, second, _ = rows(ledger)
    set_state(ledger, first.id, state="accepted")
    set_state(ledger, second.id, batch=other)

    assert freed(ledger, batch) == freed(ledger, other) == [other]


def test_it_is_nobodys_elses(ledger, batch):
    set_state(ledger, rows(ledger)[0].id, state="accepted")

    assert freed_by(ledger, new_batch(ledger), now=START) == []
    assert freed_on(ledger, Route("another", ENVIRONMENT), now=START) == []


@pytest.mark.parametrize("values", [{"state": "sent"}, {"batch": None}, {"not_before": START + 60}], ids=str)
def test_what_can_not_go_is_left(ledger, batch, values):
    first, second, _ = rows(ledger)
    set_state(ledger, first.id, state="accepted")
    set_state(ledger, second.id, **values)

    assert freed(ledger, batch) == []


def test_a_hold_switch_keeps_it(ledger, batch):
    set_state(ledger, rows(ledger)[0].id, state="accepted")
    switch.place(ledger, "stop", dimona_conn_id="dimona_default", employer="", now=START)

    assert freed(ledger, batch) == []
