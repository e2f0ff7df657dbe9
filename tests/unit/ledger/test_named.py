"""Numbers that a person gave: they count once an answer fits, and else somebody looks again."""

from __future__ import annotations

import pytest

from dimona_provider.ledger import claims, due, named, schema
from dimona_provider.ledger.answers import Received, fold, insert_answers
from dimona_provider.ledger.attempts import Attempted, Verdict, record_attempts
from dimona_provider.ledger.decisions import resolve_filed, resolve_not_filed
from dimona_provider.ledger.unclear import unclear
from support.clocks import START
from support.ledgers import ENVIRONMENT, batch_of, received, row, rows, set_state

NUMBER = 287_654_321_012
DAY = 24 * 3600.0


@pytest.fixture
def batch(ledger):
    """Give the batch of one that a person named, and one whose sender never heard of an answer."""
    batch = batch_of(ledger, 2)
    claims.claim(ledger, batch, "sender", limit=2, now=START)
    ends = [Attempted(one, Verdict.UNCLEAR, sent_at=START + 1, detail="time-out") for one in (1, 2)]
    record_attempts(ledger, "sender", ends, now=START + 16)
    resolve_filed(ledger, row(ledger, 1).reference, NUMBER, reason="seen", now=START + 60)
    return batch


def never(_ours, _theirs):
    return False


def always(_ours, _theirs):
    return True


def test_nothing_that_a_person_named_is_folded_unseen(ledger, batch):
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "A")])

    fold(ledger, batch, now=START + 99)

    assert row(ledger, 1).state == "sent"


@pytest.mark.parametrize(("letter", "state"), [("A", "accepted"), ("S", "identifying"), ("R", "unclear")])
def test_an_answer_that_fits_counts(ledger, batch, letter, state):
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, letter)])

    fold(ledger, batch, now=START + 99, is_same=always)

    assert (row(ledger, 1).state, row(ledger, 1).declaration_id) == (state, NUMBER)


def test_both_bodies_are_compared_in_clear(ledger, batch):
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "A")])
    seen = []

    fold(ledger, batch, now=START + 99, is_same=lambda *bodies: seen.append(bodies) or True)

    ((ours, theirs),) = seen
    assert b"dimonaIn" in ours
    assert theirs == b'{"worker": "Peeters"}'


@pytest.mark.parametrize("letter", ["A", "B", "S", "R"])
def test_somebody_elses_answer_makes_it_unclear_again(ledger, batch, letter):
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, letter)])

    fold(ledger, batch, now=START + 99, is_same=never)

    after = row(ledger, 1)
    assert (after.state, after.declaration_id, after.filed_at, after.result) == ("unclear", None, None, None)
    assert after.reason == f"time-out; declaration {NUMBER}, that a person named, says something else"
    assert rows(ledger, schema.answers) == []
    last = rows(ledger, schema.events)[-1]
    assert (last.intent, last.what) == (1, "unclear")
    assert str(NUMBER) in last.detail


def test_whose_declaration_it_is_still_gets_its_answer(ledger, batch):
    answer = received(ledger, 1, "A")
    insert_answers(ledger, ENVIRONMENT, [answer])
    fold(ledger, batch, now=START + 99, is_same=never)

    resolve_filed(ledger, row(ledger, 2).reference, NUMBER, reason="it is this one", now=START + 100)
    insert_answers(ledger, ENVIRONMENT, [answer])  # of a poller that was still asking for the first
    insert_answers(ledger, ENVIRONMENT, [Received(2, answer.answer, answer.body, START + 101)])
    fold(ledger, batch, now=START + 102, is_same=always)

    assert (row(ledger, 1).state, row(ledger, 2).state) == ("unclear", "accepted")


def test_it_may_be_named_anew_or_called_not_filed(ledger, batch):
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "A")])
    fold(ledger, batch, now=START + 99, is_same=never)

    resolve_filed(ledger, row(ledger, 1).reference, NUMBER + 1, reason="right now", now=START + 100)
    assert row(ledger, 1).state == "sent"
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "A")])
    fold(ledger, batch, now=START + 101, is_same=never)
    resolve_not_filed(ledger, row(ledger, 1).reference, reason="no such", now=START + 9_000)

    assert row(ledger, 1).state == "planned"


def test_a_person_may_say_that_it_counts_although_it_differs(ledger, batch):
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "A")])
    fold(ledger, batch, now=START + 99, is_same=never)

    resolve_filed(
        ledger, row(ledger, 1).reference, NUMBER, reason="other hours", now=START + 100, differs=True
    )
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "A")])
    fold(ledger, batch, now=START + 101, is_same=never)

    assert row(ledger, 1).state == "accepted"
    assert f"filed as {NUMBER}, whatever it says: other hours" in [
        one.detail for one in rows(ledger, schema.events)
    ]


def test_settlement_knows_that_somebody_said_it_was_filed(ledger, batch):
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "A")])
    fold(ledger, batch, now=START + 99, is_same=never)

    (one,) = [one for one in unclear(ledger, batch) if one.id == 1]

    assert one.claim == "sender"
    assert named.BY_A_PERSON in one.detail


def asked(ledger, at):
    due.note_looks(ledger, {1: at})


def test_a_number_without_an_answer_in_a_day_is_given_back(ledger, batch):
    asked(ledger, START + DAY)

    assert named.give_back_unanswered(ledger, batch, now=START + 59 + DAY) == 0
    assert named.give_back_unanswered(ledger, batch, now=START + 60 + DAY) == 1

    after = row(ledger, 1)
    assert (after.state, after.declaration_id) == ("unclear", None)
    assert after.reason == (
        f"time-out; the NSSO gave no answer in a day to declaration {NUMBER}, that a person named"
    )


@pytest.mark.parametrize("at", [None, START + DAY - 3 * 3600], ids=["never", "long ago"])
def test_nobody_knows_while_nobody_asked(ledger, batch, at):
    if at is not None:
        asked(ledger, at)

    assert named.give_back_unanswered(ledger, None, now=START + 9 * DAY) == 0


def test_what_has_an_answer_is_not_given_back(ledger, batch):
    asked(ledger, START + 2 * DAY)
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "A")])

    assert named.give_back_unanswered(ledger, batch, now=START + 3 * DAY) == 0


def test_a_number_that_the_service_gave_stays_however_long_it_takes(ledger):
    batch_of(ledger, 1)
    set_state(ledger, 1, state="sent", declaration_id=NUMBER, filed_at=START)
    asked(ledger, START + 30 * DAY)

    assert named.give_back_unanswered(ledger, None, now=START + 30 * DAY) == 0


def test_what_was_never_tried_is_given_back_too(ledger):
    batch = batch_of(ledger, 1)
    resolve_filed(ledger, row(ledger, 1).reference, NUMBER, reason="by hand", now=START)
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "A")])

    fold(ledger, batch, now=START + 99, is_same=never)

    after = row(ledger, 1)
    assert (after.state, after.reason) == (
        "unclear",
        f"declaration {NUMBER}, that a person named, says something else",
    )
