"""The hold switch: what it stops, who turned it, and that turning it off sends nothing twice."""

from __future__ import annotations

import pytest

from dimona_provider.domain.outcome import State
from dimona_provider.domain.routes import Route
from dimona_provider.ledger import batches, claims, schema, switch
from support import people
from support.clocks import START
from support.ledgers import (
    ENVIRONMENT,
    RUN,
    batch_of,
    new_batch,
    new_intent,
    record,
    rows,
    set_state,
    states,
    still_claimed,
)

CONN, EMPLOYER = "dimona_default", people.EMPLOYER
OTHER_EMPLOYER = people.OTHER_EMPLOYER


def claimable(ledger, batch, now=START):
    return [one.id for one in claims.claim(ledger, batch, "sender", limit=100, now=now)]


def other_connection(ledger):
    with ledger.write() as connection:
        return batches.create(connection, RUN, Route("dimona_other", ENVIRONMENT), "other", now=START)


def events(ledger):
    return [(one.what, one.intent, one.detail, one.actor) for one in rows(ledger, schema.events)]


@pytest.mark.parametrize(
    ("scope", "stops_own", "stops_others"),
    [
        pytest.param({}, True, True, id="everything"),
        pytest.param({"employer": EMPLOYER}, True, False, id="the employer"),
        pytest.param({"dimona_conn_id": CONN}, True, True, id="the connection"),
        pytest.param({"dimona_conn_id": CONN, "employer": EMPLOYER}, True, False, id="both"),
        pytest.param({"dimona_conn_id": "dimona_other"}, False, False, id="another connection"),
        pytest.param(
            {"dimona_conn_id": "dimona_other", "employer": EMPLOYER}, False, False, id="its employer"
        ),
    ],
)
def test_a_switch_stops_what_is_under_it_and_nothing_else(ledger, scope, stops_own, stops_others):
    batch = batch_of(ledger, 1)
    record(ledger, new_intent(2, employer=OTHER_EMPLOYER), batch=batch)

    switch.place(ledger, "audit", now=START, **scope)

    assert claimable(ledger, batch) == [
        id_ for id_, stopped in ((1, stops_own), (2, stops_others)) if not stopped
    ]


def test_what_is_stopped_stays_planned_and_goes_once_the_switch_is_off(ledger):
    batch = batch_of(ledger, 2)
    switch.place(ledger, "audit", employer=EMPLOYER, now=START)
    assert claimable(ledger, batch) == []
    assert states(ledger) == ["planned", "planned"]

    assert switch.remove(ledger, employer=EMPLOYER, reason="done", now=START + 1) == (True, 0)

    assert claimable(ledger, batch) == [1, 2]


def test_a_switch_reaches_what_is_claimed_but_not_sent(ledger):
    batch = batch_of(ledger, 1)
    claimable(ledger, batch)
    assert still_claimed(ledger, [(1, "sender")])

    switch.place(ledger, "stop", now=START)

    assert not still_claimed(ledger, [(1, "sender")])


def test_placing_again_changes_nothing(ledger):
    assert switch.place(ledger, "first", employer=EMPLOYER, now=START)

    assert not switch.place(ledger, "second", employer=EMPLOYER, now=START + 1)

    assert switch.current(ledger) == [switch.Hold("", EMPLOYER, "first", "test", START)]
    ((what, _, detail, _),) = events(ledger)
    assert what == "hold placed"
    assert detail.endswith(": first"), "the switch forgets why, once it is off"


def test_switches_are_told_oldest_first(ledger):
    switch.place(ledger, "one", dimona_conn_id=CONN, now=START)
    switch.place(ledger, "two", now=START + 1)

    assert [(one.dimona_conn_id, one.employer, one.reason) for one in switch.current(ledger)] == [
        (CONN, "", "one"),
        ("", "", "two"),
    ]


def test_removing_leaves_other_switches(ledger):
    batch = batch_of(ledger, 1)
    switch.place(ledger, "all", now=START)
    switch.place(ledger, "one", employer=EMPLOYER, now=START)

    switch.remove(ledger, employer=EMPLOYER, reason="done", now=START)

    assert [one.employer for one in switch.current(ledger)] == [""]
    assert claimable(ledger, batch) == []


def test_removing_what_is_off_says_so(ledger):
    assert switch.remove(ledger, reason="", now=START) == (False, 0)
    assert events(ledger) == []


def test_removing_plans_again_what_is_held_under_it(ledger):
    batch = batch_of(ledger, 1)
    record(ledger, new_intent(2, employer=OTHER_EMPLOYER), batch=batch)
    record(ledger, new_intent(3), batch=other_connection(ledger))
    for intent in (1, 2, 3):
        set_state(ledger, intent, state=State.HELD, reason="HTTP 403", claim="x")
    switch.place(ledger, "403", dimona_conn_id=CONN, employer=EMPLOYER, now=START)

    done = switch.remove(ledger, dimona_conn_id=CONN, employer=EMPLOYER, reason="mandate", now=START + 5)

    assert done == (True, 1)
    assert states(ledger) == ["planned", "held", "held"]
    first = rows(ledger)[0]
    assert (first.reason, first.claim, first.changed_at) == (None, None, START + 5)
    assert events(ledger)[-2:] == [
        ("hold removed", None, f"connection {CONN}, employer {EMPLOYER}: mandate", "test"),
        ("released", 1, "mandate", "test"),
    ]


def test_one_held_intent_is_released_alone(ledger):
    batch_of(ledger, 2)
    for intent in (1, 2):
        set_state(ledger, intent, state=State.HELD, reason="HTTP 400")
    reference = rows(ledger)[1].reference

    assert switch.release_intent(ledger, reference, reason="corrected", now=START + 1)

    assert states(ledger) == ["held", "planned"]
    assert rows(ledger)[1].reason is None
    assert events(ledger)[-1] == ("released", 2, "corrected", "test")


@pytest.mark.parametrize("state", [state for state in State if state is not State.HELD])
def test_what_is_not_held_is_not_released(ledger, state):
    batch_of(ledger, 1)
    set_state(ledger, 1, state=state, changed_at=START)

    assert not switch.release_intent(ledger, rows(ledger)[0].reference, reason="x", now=START + 1)
    switch.remove(ledger, reason="x", now=START + 1)

    assert (rows(ledger)[0].state, rows(ledger)[0].changed_at) == (state, START)


def test_nothing_has_the_reference_that_is_released(ledger):
    assert not switch.release_intent(ledger, "nobody", reason="x", now=START)


def test_a_forbidden_employer_is_held_in_its_batch_and_switched_off_in_others(ledger):
    batch = batch_of(ledger, 2)
    later = new_batch(ledger)
    record(ledger, new_intent(3), batch=later)

    stopped = claims.hold_employer(ledger, batch, EMPLOYER, "no mandate", now=START)

    assert stopped == 2
    assert states(ledger) == ["held", "held", "planned"]
    assert claimable(ledger, later) == []
    assert [(one.dimona_conn_id, one.employer, one.reason) for one in switch.current(ledger)] == [
        (CONN, EMPLOYER, "no mandate")
    ]
