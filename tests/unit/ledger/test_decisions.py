"""A person's decision about what is unclear: recorded, checked, and never one that files twice."""

from __future__ import annotations

import pytest

from dimona_provider.domain.outcome import State
from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger import claims, decisions, schema, settled, switch
from dimona_provider.ledger.answers import fold, insert_answers, open_declarations
from dimona_provider.ledger.attempts import Attempted, Verdict, record_attempts
from dimona_provider.ledger.decisions import (
    SHOWS_AFTER,
    Resolved,
    resolve_filed,
    resolve_not_filed,
    resolve_outcome,
)
from dimona_provider.ledger.unclear import unclear as unclear_ones
from support.clocks import START
from support.ledgers import ENVIRONMENT, batch_of, new_intent, received, record, row, rows, set_state

FILED = 287_654_321_012


@pytest.fixture
def unclear(ledger):
    """Give the batch and the reference of a declaration that left without an answer."""
    batch = batch_of(ledger, 1)
    claims.claim(ledger, batch, "sender", limit=1, now=START)
    end = Attempted(1, Verdict.UNCLEAR, sent_at=START + 1, detail="time-out")
    record_attempts(ledger, "sender", [end], now=START + 16)
    return batch, row(ledger, 1).reference


def decided(ledger):
    return [
        (one.what, one.detail, one.actor) for one in rows(ledger, schema.events) if one.what == "resolved"
    ]


def test_what_was_filed_is_asked_for_from_then_on(ledger, unclear):
    batch, reference = unclear

    done = resolve_filed(ledger, reference, FILED, reason="seen at the NSSO", now=START + 60)

    assert done == Resolved(reference, State.SENT)
    after = row(ledger, 1)
    assert (after.state, after.declaration_id, after.filed_at) == ("sent", FILED, START + 1)
    assert (after.reason, after.claim, after.changed_at) == (None, None, START + 60)
    assert decided(ledger) == [("resolved", f"filed as {FILED}: seen at the NSSO", "test")]
    assert [one.declaration_id for one in open_declarations(ledger, batch)] == [FILED]
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "A")])
    fold(ledger, batch, now=START + 99, is_same=lambda _ours, _theirs: True)
    assert row(ledger, 1).state == "accepted"


def test_without_a_known_instant_of_sending_the_decision_is_the_anchor(ledger):
    batch = batch_of(ledger, 1)
    claims.claim(ledger, batch, "sender", limit=1, now=START)
    claims.expire(ledger, batch, now=START + 500, request_timeout=15)

    resolve_filed(ledger, row(ledger, 1).reference, FILED, reason="seen", now=START + 900)

    assert row(ledger, 1).filed_at == START + 900


def test_what_was_not_filed_is_planned_again_and_looked_for_before_it_is_sent(ledger, unclear):
    batch, reference = unclear
    at = START + 1 + SHOWS_AFTER

    done = resolve_not_filed(ledger, reference, reason="not there", now=at)

    assert done == Resolved(reference, State.PLANNED)
    after = row(ledger, 1)
    assert (after.state, after.claim, after.reason, after.declaration_id) == ("planned", "sender", None, None)
    assert decided(ledger) == [("resolved", "not filed: not there", "test")]
    assert claims.claim(ledger, batch, "again", limit=9, now=at) == []
    (waiting,) = unclear_ones(ledger, batch)
    assert waiting.is_decided
    assert settled.let_go(ledger, waiting, now=at)
    assert [one.id for one in claims.claim(ledger, batch, "again", limit=9, now=at)] == [1]


def test_what_may_still_appear_is_not_called_not_filed(ledger, unclear):
    _, reference = unclear

    with pytest.raises(
        DecisionRefused, match=r"less than 20 minutes ago .* look there again after \d\d:\d\d"
    ):
        resolve_not_filed(ledger, reference, reason="not there", now=START + SHOWS_AFTER)

    assert row(ledger, 1).state == "unclear"
    assert decided(ledger) == []


def test_a_late_report_of_the_sender_does_not_undo_the_decision(ledger, unclear):
    _, reference = unclear
    resolve_filed(ledger, reference, FILED, reason="seen", now=START + 60)

    late = Attempted(1, Verdict.NOT_RECEIVED, sent_at=START + 1, read_at=START + 61, detail="HTTP 503")
    record_attempts(ledger, "sender", [late], now=START + 61)

    assert (row(ledger, 1).state, row(ledger, 1).declaration_id) == ("sent", FILED)


def as_filed(ledger, reference, **more):
    return resolve_filed(ledger, reference, FILED, **more)


def as_refused(ledger, reference, **more):
    return resolve_outcome(ledger, reference, State.REFUSED, **more)


UNDECIDED = {
    as_filed: {State.UNCLEAR, State.PLANNED, State.HELD},
    resolve_not_filed: {State.UNCLEAR, State.PLANNED},
    as_refused: {State.UNCLEAR},
}


@pytest.mark.parametrize(
    ("decide", "state"),
    [(decide, state) for decide, some in UNDECIDED.items() for state in State if state not in some],
)
def test_only_what_a_person_may_decide_is_decided(ledger, state, decide):
    batch_of(ledger, 1)
    set_state(ledger, 1, state=state)
    reference, before = row(ledger, 1).reference, row(ledger, 1)

    with pytest.raises(DecisionRefused, match=f"{reference} is {state}: .+") as caught:
        decide(ledger, reference, reason="x", now=START + 9_000)

    assert "\n" not in str(caught.value)
    assert row(ledger, 1) == before
    assert decided(ledger) == []


def test_a_declaration_of_another_intent_is_refused(ledger, unclear):
    batch, reference = unclear
    record(ledger, new_intent(2), batch=batch)
    set_state(ledger, 2, state=State.ACCEPTED, declaration_id=FILED)

    with pytest.raises(DecisionRefused, match=f"declaration {FILED} is that of {row(ledger, 2).reference}"):
        resolve_filed(ledger, reference, FILED, reason="x", now=START + 60)

    assert row(ledger, 1).state == "unclear"


def test_what_has_a_declaration_already_is_not_decided_here(ledger):
    batch_of(ledger, 1)
    set_state(ledger, 1, state=State.UNCLEAR, declaration_id=FILED, result="R", reason="an unknown result R")

    with pytest.raises(DecisionRefused, match=f"was filed as {FILED}, and an unknown result R"):
        resolve_not_filed(ledger, row(ledger, 1).reference, reason="x", now=START + 9_000)


def test_an_unknown_reference_is_refused(ledger):
    with pytest.raises(DecisionRefused, match="no such reference"):
        resolve_not_filed(ledger, "nobody", reason="x", now=START)


@pytest.mark.parametrize("state", [State.PLANNED, State.HELD])
def test_what_a_person_filed_by_hand_is_asked_for_and_not_sent(ledger, state):
    batch = batch_of(ledger, 1)
    set_state(ledger, 1, state=state, reason="HTTP 403", not_before=START + 9)
    reference = row(ledger, 1).reference

    done = resolve_filed(ledger, reference, FILED, reason="by hand", now=START + 60)

    assert done == Resolved(reference, State.SENT)
    after = row(ledger, 1)
    assert (after.declaration_id, after.filed_at, after.reason) == (FILED, START + 60, None)
    assert decided(ledger) == [("resolved", f"filed as {FILED}: by hand", "test")]
    assert not switch.release_intent(ledger, reference, reason="mandate", now=START + 61)
    assert claims.claim(ledger, batch, "sender", limit=9, now=START + 61) == []
    assert [one.declaration_id for one in open_declarations(ledger, batch)] == [FILED]


@pytest.mark.parametrize(
    "decide",
    [
        pytest.param(as_filed, id="filed"),
        pytest.param(resolve_not_filed, id="not filed"),
        pytest.param(as_refused, id="refused"),
    ],
)
def test_a_decision_on_what_changed_in_the_meantime_changes_nothing(ledger, monkeypatch, decide):
    batch = batch_of(ledger, 1)
    set_state(ledger, 1, state=State.UNCLEAR)
    if decide is as_refused:
        set_state(ledger, 1, declaration_id=FILED, result="R")
    with ledger.write() as connection:
        seen = decisions._found(connection, row(ledger, 1).reference)
    monkeypatch.setattr(decisions, "_found", lambda *_: seen)
    set_state(ledger, 1, state=State.PLANNED)
    claims.claim(ledger, batch, "sender", limit=1, now=START)

    with pytest.raises(DecisionRefused, match="changed in this moment"):
        decide(ledger, seen.reference, reason="x", now=START + 9_000)

    assert row(ledger, 1).state == "sending"
    assert decided(ledger) == []


def test_the_same_decision_again_is_so_already(ledger, unclear):
    _, reference = unclear
    resolve_filed(ledger, reference, FILED, reason="seen", now=START + 60)

    again = resolve_filed(ledger, reference, FILED, reason="seen", now=START + 70)

    assert again == Resolved(reference, State.SENT, was_so=True)
    assert len(decided(ledger)) == 1


def test_what_was_called_not_filed_is_so_already(ledger, unclear):
    _, reference = unclear
    resolve_not_filed(ledger, reference, reason="not there", now=START + 9_000)

    again = resolve_not_filed(ledger, reference, reason="not there", now=START + 9_001)

    assert again == Resolved(reference, State.PLANNED, was_so=True)
    assert len(decided(ledger)) == 1


def test_another_number_may_be_named_until_an_answer_comes(ledger, unclear):
    _, reference = unclear
    resolve_filed(ledger, reference, FILED + 1, reason="mistyped", now=START + 60)

    resolve_filed(ledger, reference, FILED, reason="corrected", now=START + 70)

    assert (row(ledger, 1).state, row(ledger, 1).declaration_id) == ("sent", FILED)
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "A")])
    with pytest.raises(DecisionRefused, match="has an answer"):
        resolve_filed(ledger, reference, FILED + 2, reason="x", now=START + 80)


def test_a_number_that_the_service_gave_is_not_corrected(ledger):
    batch_of(ledger, 1)
    set_state(ledger, 1, state=State.SENT, declaration_id=FILED)

    with pytest.raises(DecisionRefused, match="is sent"):
        resolve_filed(ledger, row(ledger, 1).reference, FILED + 1, reason="x", now=START + 80)


@pytest.mark.parametrize("outcome", decisions.DECIDED_OUTCOMES)
def test_a_person_says_what_an_unknown_letter_came_to(ledger, outcome):
    batch = batch_of(ledger, 1)
    set_state(ledger, 1, state=State.SENT, declaration_id=FILED)
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "R")])
    fold(ledger, batch, now=START)
    reference = row(ledger, 1).reference

    done = resolve_outcome(ledger, reference, outcome, reason="asked the NSSO", now=START + 60)
    again = resolve_outcome(ledger, reference, outcome, reason="asked the NSSO", now=START + 61)

    assert (done.was_so, again.was_so) == (False, True)
    after = row(ledger, 1)
    assert (after.state, after.result, after.reason) == (outcome, "R", None)
    assert decided(ledger) == [("resolved", f"R came to {outcome}: asked the NSSO", "test")]
    assert fold(ledger, batch, now=START + 70) == 0


def test_without_an_unknown_letter_there_is_no_outcome_to_say(ledger, unclear):
    _, reference = unclear

    with pytest.raises(DecisionRefused, match="no answer with an unknown letter"):
        resolve_outcome(ledger, reference, State.ACCEPTED, reason="x", now=START + 60)
    with pytest.raises(DecisionRefused, match="no outcome"):
        resolve_outcome(ledger, reference, State.PLANNED, reason="x", now=START + 60)

    assert row(ledger, 1).state == "unclear"
