"""What waits for something that was refused is held and explained, and never stays planned unseen."""

from __future__ import annotations

import pytest

from dimona_provider.domain.outcome import EFFECTIVE, State
from dimona_provider.ledger import claims, corrections, holding, lateness, schema, settled, switch
from dimona_provider.ledger.decisions import resolve_filed
from dimona_provider.ledger.freed import freed_by
from dimona_provider.ledger.intents import Recorded
from dimona_provider.ledger.stranded import strand
from dimona_provider.ledger.unclear import refused_as_known
from dimona_provider.upkeep import bring_up_to_date, sweep
from support.clocks import START
from support.ledgers import batch_of, file_all, new_batch, new_intent, record, row, rows, set_state

CANCEL, IN, OTHER = 1, 2, 3
LATER = START + 3600.0


@pytest.fixture
def batch(ledger):
    """Give a batch of three, of which the second waits for the first, a CANCEL."""
    batch = batch_of(ledger, 3)
    set_state(ledger, CANCEL, kind="CANCEL", anomalies="00913-357")
    set_state(ledger, IN, depends_on=CANCEL)
    return batch


def states(ledger):
    return [one.state for one in rows(ledger)]


def events_of(ledger, intent):
    return [(one.what, one.detail) for one in rows(ledger, schema.events) if one.intent == intent]


def test_it_is_held_with_the_reason_once_and_a_person_sees_it(ledger, batch):
    set_state(ledger, CANCEL, state="refused")

    assert [strand(ledger, None, now=LATER) for _ in range(2)] == [1, 0]

    reason = f"it waits for the CANCEL {row(ledger, CANCEL).reference}, which was refused (00913-357)"
    assert states(ledger) == ["refused", "held", "planned"]
    assert row(ledger, IN).reason == reason
    assert events_of(ledger, IN)[-1] == ("held", reason)
    assert [(one.reference, one.reason) for one in lateness.stuck(ledger, now=LATER)] == [
        (row(ledger, IN).reference, reason)
    ]


@pytest.mark.parametrize("bring", [bring_up_to_date, lambda ledger, _, now: sweep(ledger, now=now)])
def test_every_task_that_brings_up_to_date_sees_to_it(ledger, batch, bring):
    set_state(ledger, CANCEL, state="refused")

    bring(ledger, batch, now=LATER)

    assert states(ledger) == ["refused", "held", "planned"]


@pytest.mark.parametrize("state", sorted(set(State) - {State.REFUSED}))
def test_what_may_still_have_its_effect_is_waited_for(ledger, batch, state):
    set_state(ledger, CANCEL, state=state)

    assert strand(ledger, None, now=LATER) == 0
    assert row(ledger, IN).state == "planned"


@pytest.mark.parametrize("which", ["of the one that waits", "of what it waits for", "of neither"])
def test_a_task_sees_to_what_its_batch_has_a_part_in(ledger, batch, which):
    other = new_batch(ledger)
    set_state(ledger, CANCEL, state="refused")
    set_state(ledger, IN, batch=other)
    task = {"of the one that waits": other, "of what it waits for": batch}.get(which) or new_batch(ledger)

    assert strand(ledger, task, now=LATER) == (which != "of neither")


@pytest.mark.parametrize("state", sorted(EFFECTIVE))
def test_it_goes_by_itself_once_that_turns_out_to_be_so(ledger, batch, state):
    set_state(ledger, CANCEL, state="refused")
    strand(ledger, None, now=START)
    set_state(ledger, CANCEL, state=state)

    strand(ledger, None, now=LATER)

    assert (row(ledger, IN).state, row(ledger, IN).reason) == ("planned", None)
    assert {one.id for one in claims.claim(ledger, batch, "sender", limit=9, now=LATER)} == {IN, OTHER}


def test_settlement_frees_it_at_once_when_it_finds_the_cancel_done(ledger, batch):
    file_all(ledger, batch)
    set_state(ledger, CANCEL, state="refused", anomalies="00913-355")
    strand(ledger, None, now=START)
    (known,) = refused_as_known(ledger, batch, ["00913-355"])

    assert settled.mark_already_true(ledger, known, "already true at the NSSO", period_id=None, now=LATER)

    assert row(ledger, IN).state == "planned"
    assert freed_by(ledger, batch, now=LATER) == [batch]
    assert events_of(ledger, IN)[-1] == ("planned again", "what it waits for is so")


def test_a_person_may_release_it_alone_and_it_waits_no_more(ledger, batch):
    set_state(ledger, CANCEL, state="refused")
    strand(ledger, None, now=START)

    assert switch.release_intent(ledger, row(ledger, IN).reference, reason="cancelled by hand", now=LATER)

    assert strand(ledger, None, now=LATER) == 0
    assert {one.id for one in claims.claim(ledger, batch, "sender", limit=9, now=LATER)} == {IN, OTHER}


def test_another_held_one_still_waits_when_it_is_released(ledger, batch):
    set_state(ledger, IN, state="held", reason="HTTP 403")

    switch.release_intent(ledger, row(ledger, IN).reference, reason="mandate", now=LATER)

    assert row(ledger, IN).depends_on == CANCEL


def test_what_releases_an_employer_does_not_release_it(ledger, batch):
    set_state(ledger, CANCEL, state="refused")
    set_state(ledger, OTHER, state="held", reason="HTTP 403")
    strand(ledger, None, now=START)

    done = holding.release(
        ledger, dimona_conn_id="", employer=row(ledger, IN).employer, reason="mandate", now=LATER
    )

    assert (done.planned, states(ledger)) == (1, ["refused", "held", "planned"])


def test_a_person_may_have_filed_it_by_hand(ledger, batch):
    set_state(ledger, CANCEL, state="refused")
    strand(ledger, None, now=START)

    resolve_filed(ledger, row(ledger, IN).reference, 287_654_321_012, reason="by hand", now=LATER)

    assert row(ledger, IN).state == "sent"
    assert strand(ledger, None, now=LATER) == 0


def test_what_waits_for_it_in_turn_is_told_of_once_it_ends(ledger, batch):
    set_state(ledger, OTHER, depends_on=IN)
    set_state(ledger, CANCEL, state="refused")
    strand(ledger, None, now=START)
    assert row(ledger, OTHER).state == "planned"

    set_state(ledger, IN, state="refused")
    strand(ledger, None, now=LATER)

    assert row(ledger, OTHER).state == "held"


def test_the_next_plan_puts_a_corrected_wish_in_its_place(ledger, batch):
    set_state(ledger, CANCEL, state="refused")
    strand(ledger, None, now=START)
    wish = new_intent(IN, content="other", body=b'{"other": "hours"}')

    with ledger.write() as connection:
        held = corrections.refused_request(ledger, connection, wish)
        assert held is not None
        assert corrections.close(connection, held, now=LATER)

    assert record(ledger, wish, now=LATER) is Recorded.NEW
    assert states(ledger) == ["refused", "refused", "planned", "planned"]
