"""Answers: inserted once by whoever asked, folded into states as often as anybody likes."""

from __future__ import annotations

import pytest

from dimona_provider.ledger import answers, schema
from dimona_provider.ledger.answers import fold, insert_answers, open_declarations
from support.clocks import START
from support.ledgers import ENVIRONMENT, batch_of, file_all, received, row, rows, states


@pytest.fixture
def filed(ledger):
    """Give a batch of three filed declarations and their intents."""
    batch = batch_of(ledger, 3)
    return batch, file_all(ledger, batch)


def insert(ledger, *answers):
    insert_answers(ledger, ENVIRONMENT, answers)


def test_filed_declarations_are_open_until_their_first_answer(ledger, filed):
    batch, (first, second, third) = filed
    before = open_declarations(ledger, batch)

    insert(ledger, received(ledger, first, "A"), received(ledger, second, "S"))

    assert [one.intent for one in before] == [first, second, third]
    assert {one.filed_at for one in before} == {START}
    assert [one.intent for one in open_declarations(ledger, batch)] == [third]


def test_what_was_not_filed_is_not_open(ledger):
    assert open_declarations(ledger, batch_of(ledger, 2)) == []


@pytest.mark.parametrize(
    ("letter", "state"), [("A", "accepted"), ("W", "warned"), ("B", "refused"), ("S", "identifying")]
)
def test_an_answer_moves_its_intent_and_no_other(ledger, filed, letter, state):
    batch, (first, *_) = filed
    insert(ledger, received(ledger, first, letter, anomalies=["90017-510", "90373-460"], at=START + 4))

    moved = fold(ledger, batch, now=START + 5)

    intent = row(ledger, first)
    assert moved == 1
    assert states(ledger) == [state, "sent", "sent"]
    assert (intent.result, intent.anomalies, intent.reason) == (letter, "90017-510 90373-460", None)
    assert (intent.answered_at, intent.changed_at) == (START + 4, START + 5)
    assert intent.period_id == (intent.declaration_id if letter in {"A", "W"} else None)
    assert [event.what for event in rows(ledger, schema.events)][-1] == state


def test_an_unknown_letter_is_unclear_and_kept(ledger, filed):
    batch, (first, *_) = filed
    insert(ledger, received(ledger, first, "Z"))

    fold(ledger, batch, now=START)

    intent = row(ledger, first)
    assert (intent.state, intent.result) == ("unclear", "Z")
    assert intent.reason == "the service answered the unknown result Z"


def test_folding_again_changes_nothing(ledger, filed):
    batch, (first, second, _) = filed
    insert(ledger, received(ledger, first, "W"), received(ledger, second, "S"))
    fold(ledger, batch, now=START + 5)
    before = rows(ledger), rows(ledger, schema.events)

    moved = fold(ledger, batch, now=START + 9)

    assert moved == 0
    assert (rows(ledger), rows(ledger, schema.events)) == before


@pytest.mark.parametrize("order", [("S", "B"), ("B", "S")], ids=["S first", "S read late"])
def test_a_final_answer_outranks_s_in_whatever_order_they_were_written(ledger, filed, order):
    batch, (first, *_) = filed
    insert(ledger, *(received(ledger, first, letter) for letter in order))

    fold(ledger, batch, now=START)

    assert row(ledger, first).state == "refused"


def test_a_final_answer_follows_s_later(ledger, filed):
    batch, (first, *_) = filed
    insert(ledger, received(ledger, first, "S"))
    fold(ledger, batch, now=START + 1)
    insert(ledger, received(ledger, first, "A"))

    moved = fold(ledger, batch, now=START + 2)

    assert (moved, row(ledger, first).state) == (1, "accepted")
    assert row(ledger, first).period_id is not None


def test_s_after_a_final_answer_changes_nothing(ledger, filed):
    batch, (first, *_) = filed
    insert(ledger, received(ledger, first, "A"))
    fold(ledger, batch, now=START + 1)
    insert(ledger, received(ledger, first, "S"))

    assert fold(ledger, batch, now=START + 2) == 0
    assert row(ledger, first).state == "accepted"


def test_an_answer_that_two_pollers_read_is_kept_once(ledger, filed):
    _, (first, second, _) = filed
    insert(ledger, received(ledger, first, "A", at=START + 1))

    insert(ledger, received(ledger, first, "A", at=START + 2), received(ledger, second, "A"))

    kept = rows(ledger, schema.answers)
    assert [(one.intent, one.received_at) for one in kept] == [(first, START + 1), (second, START)]


def test_no_answers_are_no_rows(ledger, filed):
    insert(ledger)

    assert rows(ledger, schema.answers) == []
    assert fold(ledger, filed[0], now=START) == 0


def test_the_body_of_an_answer_is_kept_encrypted(ledger, filed):
    _, (first, *_) = filed

    insert(ledger, received(ledger, first, "A"))

    (kept,) = rows(ledger, schema.answers)
    assert b"Peeters" not in kept.body
    assert b"Peeters" in ledger.keys.decrypt(kept.body)
    assert "Peeters" not in repr(received(ledger, first, "A"))


def test_answers_of_another_batch_are_left_alone(ledger, filed):
    batch, (first, *_) = filed
    other = batch_of(ledger, 0)
    insert(ledger, received(ledger, first, "A"))

    assert answers.fold(ledger, other, now=START) == 0
    assert row(ledger, first).state == "sent"
    assert fold(ledger, batch, now=START) == 1
