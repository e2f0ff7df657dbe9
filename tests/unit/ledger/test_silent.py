"""A declaration that the NSSO never answers becomes unclear after a day, and is never sent again for that."""

from __future__ import annotations

import pytest

from dimona_provider.domain.outcome import State
from dimona_provider.domain.routes import Route
from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger import claims, due, lateness, schema, settled
from dimona_provider.ledger.answers import fold, insert_answers
from dimona_provider.ledger.decisions import resolve_filed, resolve_not_filed
from dimona_provider.ledger.unclear import unclear
from dimona_provider.upkeep import sweep
from support.clocks import START
from support.ledgers import ENVIRONMENT, batch_of, file_all, received, row, rows, set_state

HOUR = 3600.0
DAY = 24 * HOUR
NUMBER = 1_000_000_000
OTHER = 287_654_321_012


@pytest.fixture
def batch(ledger):
    """Give the batch of one that was filed and asked for every hour since."""
    batch = batch_of(ledger, 1)
    file_all(ledger, batch, first_id=NUMBER)
    due.note_looks(ledger, {1: START + 23.5 * HOUR})
    return batch


@pytest.fixture
def silent(ledger, batch):
    """Give the same, of which a day has passed without an answer."""
    sweep(ledger, now=START + DAY)
    return batch


def same(_ours, _theirs):
    return True


def test_after_a_day_it_is_unclear_explained_and_listed(ledger, batch):
    sweep(ledger, now=START + DAY - 1)
    assert row(ledger, 1).state == "sent"

    sweep(ledger, now=START + DAY)
    sweep(ledger, now=START + DAY)

    reason = f"the NSSO took it as declaration {NUMBER} and gave no answer to that in a day"
    after = row(ledger, 1)
    assert (after.state, after.declaration_id, after.reason) == ("unclear", NUMBER, reason)
    assert [one.what for one in rows(ledger, schema.events)].count("unclear") == 1
    assert [one.reason for one in lateness.stuck(ledger, now=START + DAY)] == [reason]


def test_it_alerts_although_its_deadline_has_long_passed(ledger, batch):
    set_state(ledger, 1, file_by=START - 9 * DAY)
    at = START + DAY
    sweep(ledger, now=at)

    assert len(lateness.stuck(ledger, now=at + HOUR, after=at + HOUR - DAY, before=at + 2 * DAY)) == 1


@pytest.mark.parametrize("looked_at", [None, START + 21 * HOUR], ids=["never", "long ago"])
def test_nobody_knows_while_nobody_asked(ledger, looked_at):
    file_all(ledger, batch_of(ledger, 1))
    if looked_at is not None:
        due.note_looks(ledger, {1: looked_at})

    sweep(ledger, now=START + 9 * DAY)

    assert row(ledger, 1).state == "sent"


@pytest.mark.parametrize("letter", ["S", "R"])
def test_what_has_an_answer_is_not_silent(ledger, batch, letter):
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, letter)])

    sweep(ledger, now=START + 9 * DAY)

    assert "gave no answer" not in (row(ledger, 1).reason or "")


def test_the_machine_asks_on_and_never_sends_it_again(ledger, silent):
    at = START + 2 * DAY

    assert unclear(ledger, None) == []  # nothing to settle: its number is known
    assert claims.claim(ledger, silent, "sender", limit=9, now=at) == []
    (asked,) = due.owed(ledger, Route("dimona_default", ENVIRONMENT), now=at)
    assert asked.declaration.declaration_id == NUMBER
    assert asked.due <= at


@pytest.mark.parametrize(("letter", "state"), [("A", "accepted"), ("B", "refused"), ("S", "identifying")])
def test_an_answer_that_comes_after_all_counts(ledger, silent, letter, state):
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, letter)])

    sweep(ledger, now=START + 2 * DAY)

    assert (row(ledger, 1).state, row(ledger, 1).reason) == (state, None)


def test_a_person_may_name_another_number(ledger, silent):
    resolve_filed(ledger, row(ledger, 1).reference, OTHER, reason="seen", now=START + 2 * DAY)

    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "A")])
    fold(ledger, None, now=START + 3 * DAY, is_same=same)
    after = row(ledger, 1)
    assert (after.state, after.declaration_id) == ("accepted", OTHER)


@pytest.mark.parametrize("named", [None, OTHER, NUMBER])
def test_what_a_person_says_was_not_filed_is_looked_for_and_then_sent(ledger, silent, named):
    reference = row(ledger, 1).reference
    at = START + 2 * DAY
    if named:  # and that comes to nothing either
        resolve_filed(ledger, reference, named, reason="seen", now=at)
        due.note_looks(ledger, {1: at + 23.5 * HOUR})
        sweep(ledger, now=(at := at + DAY))
        assert row(ledger, 1).state == "unclear"

    done = resolve_not_filed(ledger, reference, reason="asked the NSSO", now=at)

    sweep(ledger, now=at)
    after = row(ledger, 1)
    assert (done.state, after.state, after.declaration_id) == (State.PLANNED, "planned", None)
    assert claims.claim(ledger, silent, "sender", limit=9, now=at) == []
    (waiting,) = unclear(ledger, silent)
    assert waiting.is_decided
    assert settled.let_go(ledger, waiting, now=at)
    assert len(claims.claim(ledger, silent, "sender", limit=9, now=at)) == 1


def test_an_answer_that_came_in_this_moment_is_not_decided_away(ledger, silent):
    insert_answers(ledger, ENVIRONMENT, [received(ledger, 1, "A")])

    with pytest.raises(DecisionRefused, match=f"was filed as {NUMBER}"):
        resolve_not_filed(ledger, row(ledger, 1).reference, reason="x", now=START + 2 * DAY)
