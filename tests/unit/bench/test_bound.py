import pytest

from bench.bound import Policy, bound, processing_times, simulate
from include.dimona_simulator import Timing

BOTH = pytest.mark.parametrize("policy", Policy)


@BOTH
def test_nothing_takes_no_time(policy):
    assert simulate([], 10.0, policy).seconds == 0.0


@BOTH
def test_one_declaration_ends_at_the_first_look_after_its_processing(policy):
    done = simulate([4.2], 10.0, policy)

    assert (done.seconds, done.gets) == (5.0, 3)


@BOTH
def test_what_takes_longer_than_half_a_minute_is_asked_for_once_a_minute(policy):
    done = simulate([40.0], 10.0, policy)

    # at 3, 4 … 29 s and at 90 s
    assert (done.seconds, done.gets) == (90.0, 28)


@BOTH
@pytest.mark.parametrize("count", [10, 400, 3000])
def test_no_policy_sends_faster_than_the_budget(policy, count):
    done = simulate([2.5] * count, 100.0, policy)

    assert done.gets >= count
    assert done.seconds >= (count + done.gets - 1) / 100.0 - 1e-6


def test_a_look_that_waits_for_posts_finds_what_an_early_one_would_have_missed():
    times = [2.5, 3.5] * 1000

    assert simulate(times, 100.0, Policy.POST_FIRST).gets == 2000
    assert simulate(times, 100.0, Policy.DUE_FIRST).gets > 2000


def test_the_bound_is_the_better_policy():
    times = processing_times(2000, Timing(2.0, 4.0, 0.02, 40.0, 40.0), seed=1)

    least = bound(times, 100.0)

    assert least.seconds == min(simulate(times, 100.0, policy).seconds for policy in Policy)


def test_processing_times_are_those_of_a_simulator_that_begins():
    timing = Timing(2.0, 4.0, 0.02, 40.0, 40.0)

    times = processing_times(10_000, timing, seed=1)

    assert 150 < times.count(40.0) < 250
    assert times[:100] == processing_times(100, timing, seed=1)
