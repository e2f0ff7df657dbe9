import pytest

from bench.lateness import intervals, lateness, quantile
from include.dimona_simulator import JournalEntry


def get(at, number=7):
    return JournalEntry(at, "GET", f"/declarations/{number}", 404, declaration_id=number)


def test_the_first_look_is_held_against_the_first_slot():
    assert lateness([get(103.5)], {7: 100.0}) == pytest.approx([0.5])


def test_a_look_that_skipped_slots_is_late_by_all_of_them():
    assert lateness([get(103.0), get(107.25)], {7: 100.0}) == pytest.approx([0.0, 3.25])


def test_a_later_stage_has_its_own_grid():
    assert lateness([get(129.0), get(190.75)], {7: 100.0})[1:] == pytest.approx([0.75])


def test_each_declaration_has_its_own_grid():
    journal = [get(103.0, 7), get(103.5, 8), get(104.0, 7)]

    assert lateness(journal, {7: 100.0, 8: 100.25}) == pytest.approx([0.0, 0.25, 0.0])


def test_what_came_before_the_measurement_only_says_which_slot_is_next():
    assert lateness([get(103.0), get(104.25)], {7: 100.0}, since=104.0) == pytest.approx([0.25])


def test_other_requests_are_no_looks():
    journal = [JournalEntry(103.0, "POST", "/declarations", 201, declaration_id=7), get(104.0, 9)]

    assert lateness(journal, {7: 100.0}) == []


def test_intervals_are_those_of_the_minute_stage_alone():
    journal = [get(100.0 + age) for age in (28.0, 29.0, 90.0, 150.5, 212.0, 1190.0, 1260.0)]

    assert intervals(journal, {7: 100.0}) == pytest.approx([60.5, 61.5, 978.0])


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_quantiles_of_a_hundred(share, value):
    assert quantile(range(1, 101), share) == value
