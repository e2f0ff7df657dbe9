"""What is committed is counted, once and in groups; what is rolled back is not."""

from __future__ import annotations

import pytest

from dimona_provider.domain.outcome import Answer
from dimona_provider.ledger import claims, intents
from dimona_provider.ledger.answers import Received, fold, insert_answers
from dimona_provider.ledger.attempts import Attempted, Verdict, record_attempts
from dimona_provider.ledger.levels import levels
from support.clocks import START
from support.ledgers import ENVIRONMENT, batch_of, new_batch, new_intent, record

TOKEN = "sender"


@pytest.fixture
def claimed(ledger):
    """Give what claims some intents with their deadline an hour away, and forgets what that counted."""

    def make(count):
        batch = batch_of(ledger, count, file_by=START + 3600.0)
        found = claims.claim(ledger, batch, TOKEN, limit=count, now=START)
        ledger.tally.take()
        return found

    return make


def filed(one, number, at):
    return Attempted(one.id, Verdict.FILED, sent_at=at, read_at=at, declaration_id=number)


def test_what_is_planned_is_counted_with_its_commit(ledger):
    record(ledger, new_intent(1))
    record(ledger, new_intent(2))

    assert ledger.tally.take().counts == {"declarations.planned": 2}


def test_what_is_rolled_back_is_not_counted(ledger):
    def write_and_fail():
        with ledger.write() as connection:
            intents.record(ledger, connection, new_intent(1), batch=None, now=START)
            raise RuntimeError("the machine failed")

    with pytest.raises(RuntimeError, match="the machine failed"):
        write_and_fail()

    assert ledger.tally.take().counts == {}


def test_verdicts_and_lateness_are_counted(ledger, claimed):
    first, second, third, fourth = claimed(4)
    ends = [
        filed(first, 1_000_000_010, START + 3599.0),
        filed(second, 1_000_000_020, START + 3660.0),
        Attempted(third.id, Verdict.UNCLEAR, sent_at=START + 9999.0, detail="no answer"),
        Attempted(fourth.id, Verdict.NOT_RECEIVED),
    ]

    record_attempts(ledger, TOKEN, ends, now=START + 3661.0)

    taken = ledger.tally.take()
    assert taken.counts == {
        "posts.filed": 2,
        "posts.unclear": 1,
        "posts.not_received": 1,
        "filed_late": 1,
        "declarations.unclear": 1,
    }
    assert taken.longest == {"lateness": pytest.approx(60.0)}


def test_outcomes_are_counted_by_how_long_they_took_and_once(ledger, claimed):
    some = claimed(3)
    numbers = (1_000_000_010, 1_000_000_020, 1_000_000_030)
    ends = [filed(one, number, START) for one, number in zip(some, numbers, strict=True)]
    record_attempts(ledger, TOKEN, ends, now=START)
    ledger.tally.take()
    answered = [
        Received(one.id, Answer(number, result, None, ()), b"{}", START + seconds)
        for one, number, result, seconds in zip(some, numbers, "AWS", (4.0, 100.0, 5.0), strict=True)
    ]

    for _ in range(2):
        insert_answers(ledger, ENVIRONMENT, answered)
        fold(ledger, None, now=START + 200.0)

    taken = ledger.tally.take()
    assert taken.counts == {
        "declarations.accepted": 1,
        "declarations.warned": 1,
        "declarations.identifying": 1,
        "outcome_within.5s": 1,
        "outcome_within.30s": 1,
        **dict.fromkeys((f"outcome_within.{name}" for name in ("2m", "20m", "1h", "1d")), 2),
    }
    assert taken.longest == {"time_to_outcome": pytest.approx(100.0)}


def test_levels_say_zero_too_and_tell_deadlines_apart(ledger):
    batch = new_batch(ledger)
    for number, hours in enumerate((-1, 2, 23, 30), start=1):
        record(ledger, new_intent(number, file_by=START + hours * 3600.0), batch=batch)

    (found,) = levels(ledger, now=START).values()

    assert found["open.planned"] == 4
    assert found["open.unclear"] == found["open.held"] == found["late_looks"] == 0
    assert (found["deadline.passed"], found["deadline.near"]) == (1, 2)
