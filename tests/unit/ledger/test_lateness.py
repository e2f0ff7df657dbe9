"""When what no machine settles raises the alarm: near its deadline, or a day after it came so."""

from __future__ import annotations

import pytest

from dimona_provider.ledger import lateness
from support.clocks import START
from support.ledgers import batch_of, row, set_state

HOUR = 3600.0
DAY = 24 * HOUR
LONG_AGO = START - 90 * DAY


@pytest.fixture
def one(ledger):
    """Give what makes the only declaration of a ledger stuck."""
    batch_of(ledger, 1)

    def make(state, *, since, file_by=None):
        set_state(ledger, 1, state=state, file_by=file_by, created_at=LONG_AGO)
        with ledger.write() as connection:
            ledger.note(connection, LONG_AGO, "planned", intents=[1])
            ledger.note(connection, since, state, intents=[1])
        return row(ledger, 1).reference

    return make


def alarming(ledger, *, now=START):
    return [one.reference for one in lateness.stuck(ledger, now=now, after=now - DAY, before=now + DAY)]


@pytest.mark.parametrize("state", lateness.STUCK)
def test_without_a_deadline_it_alerts_from_a_day_on_until_somebody_sees_to_it(ledger, one, state):
    reference = one(state, since=START)

    assert alarming(ledger, now=START + DAY - 1) == []
    assert alarming(ledger, now=START + DAY) == [reference]
    assert alarming(ledger, now=START + 30 * DAY) == [reference]


def test_what_nobody_wrote_an_event_for_counts_from_its_beginning(ledger):
    batch_of(ledger, 1)
    set_state(ledger, 1, state="held", file_by=None, created_at=START)

    assert alarming(ledger, now=START + DAY - 1) == []
    assert alarming(ledger, now=START + DAY) == [row(ledger, 1).reference]


@pytest.mark.parametrize(
    ("file_by", "since", "alerts"),
    [
        pytest.param(START + DAY, START - 9 * DAY, True, id="near"),
        pytest.param(START + DAY + 1, START - 9 * DAY, False, id="far"),
        pytest.param(START - DAY + 1, START - 9 * DAY, True, id="just passed"),
        pytest.param(START - DAY, START - 9 * DAY, False, id="passed long ago"),
        pytest.param(START - 9 * DAY, START - DAY + 1, True, id="passed before it came so"),
        pytest.param(START - 9 * DAY, START - DAY, False, id="came so a day ago"),
        pytest.param(START + 9 * DAY, START - HOUR, False, id="far, came so just now"),
    ],
)
def test_with_a_deadline_it_alerts_around_it_and_in_the_day_after_it_came_so(
    ledger, one, *, file_by, since, alerts
):
    reference = one("unclear", since=since, file_by=file_by)

    assert alarming(ledger) == ([reference] if alerts else [])


@pytest.mark.parametrize("state", ["sent", "planned", "accepted"])
def test_what_goes_on_by_itself_alerts_nobody(ledger, one, state):
    one(state, since=LONG_AGO)

    assert alarming(ledger) == []
