"""The NSSO's polling schedule, whatever instants a poller calls at."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dimona_provider.domain.polling import LATENESS, may_look, next_look, owed_look

ROUNDING = 1e-4
filings = st.floats(1.7e9, 2.2e9)
delays = st.sampled_from([0.0, 0.01, LATENESS]) | st.floats(0, 5) | st.floats(0, 5000)


def required_gap(age: float) -> float:
    if age <= 30:
        return 1.0
    return 60.0 if age < 1200 else 3600.0


def looks(filed: float, steps: list[tuple[float, float]], until: float = 50_000.0) -> list[float]:
    """Ask as a poller does that is late by the first of each step and waits for the answer by the second."""
    asked: list[float] = []
    now, last = filed, None
    for late, answered_after in steps:
        leaves = next_look(filed, now, last) + late
        while not may_look(filed, leaves, last):
            leaves = max(leaves, next_look(filed, leaves, last))
        if leaves - filed > until:
            break
        asked.append(leaves)
        last = leaves
        now = leaves + answered_after
    return asked


@given(filings, st.lists(st.tuples(delays, delays), min_size=1, max_size=60))
def test_however_late_a_poller_is_the_intervals_are_kept(filed, steps):
    asked = looks(filed, steps)

    assert not asked or asked[0] - filed >= 3 - ROUNDING
    for before, after in itertools.pairwise(asked):
        assert after - before >= required_gap(after - filed - ROUNDING) - ROUNDING


@given(filings, st.lists(delays, min_size=1, max_size=60))
def test_however_late_an_answer_comes_the_next_look_is_planned_by_the_schedule(filed, waits):
    now, last = filed, None
    for wait in waits:
        due = next_look(filed, now, last)

        assert due >= now - ROUNDING
        assert may_look(filed, due, last)
        assert last is None or due - last >= required_gap(due - filed - ROUNDING) - ROUNDING
        last, now = due, due + wait


@given(filings)
def test_a_punctual_poller_asks_on_the_grid(filed):
    ages = [look - filed for look in looks(filed, [(0.0, 0.0)] * 50)]

    seconds = [float(second) for second in range(3, 30)]
    minutes = [90.0 + 60 * minute for minute in range(19)]
    hours = [1200.0 + 3600 * hour for hour in range(1, 5)]
    assert ages == pytest.approx((seconds + minutes + hours)[: len(ages)], abs=ROUNDING)
    assert len(ages) == 50


@given(filings, st.integers(3, 27), st.floats(0, LATENESS))
def test_a_look_a_little_late_keeps_the_next_slot(filed, slot, late):
    left = filed + slot + late

    due = next_look(filed, left + 0.02, left)

    assert due == pytest.approx(max(filed + slot + 1, left + 1), abs=ROUNDING)
    assert due < filed + slot + 1 + LATENESS + ROUNDING


@given(filings, st.integers(3, 26), st.floats(LATENESS + 0.01, 0.99 - LATENESS))
def test_after_a_look_much_too_late_the_interval_counts_alone(filed, slot, late):
    left = filed + slot + late

    assert next_look(filed, left + 0.05, left) == pytest.approx(left + 1, abs=ROUNDING)


@given(filings, st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_lateness_is_never_doubled(filed, lates):
    asked = looks(filed, [(late, 0.0) for late in lates], until=1100.0)

    for before, after, late in zip(asked, asked[1:], lates[1:], strict=False):
        if before - filed > 30:
            assert after - before <= 60 * (1 + LATENESS) + late + ROUNDING


@pytest.mark.parametrize(
    ("now", "last", "expected"),
    [
        pytest.param(0.0, None, 3.0, id="just filed"),
        pytest.param(3.5, None, 4.0, id="first look after a pause"),
        pytest.param(29.0, 29.0, 90.0, id="end of the first stage"),
        pytest.param(29.5, None, 30.0, id="never asked by half a minute"),
        pytest.param(1170.0, 1170.0, 4800.0, id="end of the second stage"),
        pytest.param(1199.0, None, 1200.0, id="never asked by 20 minutes"),
        pytest.param(100.0, 100.0, 160.0, id="a restart that does not know better"),
        pytest.param(4000.0, 1170.0, 4800.0, id="back after an outage"),
        pytest.param(100_000.0, 1200.0, 102_000.0, id="back after a day"),
    ],
)
def test_the_next_look_is_the_first_slot_that_keeps_the_interval(now, last, expected):
    assert next_look(0.0, now, last) == expected


@pytest.mark.parametrize(
    ("now", "last", "allowed"),
    [
        pytest.param(2.5, None, False, id="too young"),
        pytest.param(3.0, None, True, id="first"),
        pytest.param(10.0, 9.0, True, id="a second later"),
        pytest.param(10.0, 9.5, False, id="half a second later"),
        pytest.param(31.0, 28.0, False, id="slipped over half a minute"),
        pytest.param(90.0, 29.0, True, id="a minute later"),
        pytest.param(1201.0, 1110.0, False, id="slipped over 20 minutes"),
        pytest.param(4800.0, 1170.0, True, id="an hour later"),
    ],
)
def test_a_late_look_is_held_against_the_stage_it_leaves_in(now, last, allowed):
    assert may_look(0.0, now, last) is allowed


@pytest.mark.parametrize(
    ("now", "is_answered", "looked_at", "polled_until", "expected"),
    [
        pytest.param(300.0, False, None, 0.0, (300.0, 360.0), id="left young"),
        pytest.param(5000.0, False, None, 0.0, (1200.0, 4800.0), id="left old"),
        pytest.param(5000.0, False, None, 1190.0, (1200.0, 4800.0), id="its run polled it to the end"),
        pytest.param(300.0, True, None, 0.0, (1200.0, 4800.0), id="S, young"),
        pytest.param(390.5, True, 390.0, 0.0, (1200.0, 4800.0), id="S on a minute's look"),
        pytest.param(5000.0, True, 4800.0, 0.0, (4800.0, 8400.0), id="asked on its slot"),
        pytest.param(5000.0, True, 4900.0, 0.0, (4900.0, 8500.0), id="asked a little late"),
        pytest.param(9000.0, True, 6000.0, 0.0, (6000.0, 9600.0), id="asked very late"),
        pytest.param(99_000.0, True, 4800.0, 0.0, (4800.0, 8400.0), id="owed since an outage"),
        pytest.param(5000.0, True, None, 4900.0, (4900.0, 8500.0), id="a poller died after it was due"),
        pytest.param(5000.0, True, None, 4700.0, (1200.0, 4800.0), id="a poller died before it was due"),
        pytest.param(1250.0, False, 1100.0, 0.0, (1100.0, 4800.0), id="slipped over 20 minutes"),
    ],
)
def test_the_follow_up_owes_a_look_from_the_slot_after_the_last_that_may_have_been(
    now, is_answered, looked_at, polled_until, expected
):
    assert expected == pytest.approx(
        owed_look(0.0, now, is_answered=is_answered, looked_at=looked_at, polled_until=polled_until)
    )


@given(filings, st.booleans(), st.floats(0, 50_000), st.none() | st.floats(3, 50_000), st.floats(0, 50_000))
def test_an_owed_look_is_never_early(filed, is_answered, age, looked_age, polled_age):
    now = filed + age
    looked_at = None if looked_age is None else filed + min(looked_age, age)

    last, due = owed_look(
        filed, now, is_answered=is_answered, looked_at=looked_at, polled_until=filed + min(polled_age, age)
    )

    leaves = max(due, now)
    assert looked_at is None or last >= looked_at
    assert due > now or may_look(filed, leaves, last)
    assert due - last >= required_gap(due - filed - ROUNDING) - ROUNDING
