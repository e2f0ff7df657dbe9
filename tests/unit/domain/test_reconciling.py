"""Ours against the NSSO's: each kind of gap, and everything that looks like one and is none."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace

import pytest

from dimona_provider.domain.gaps import Expected, GapKind, Shown, UnderWay, Wish, with_wishes
from dimona_provider.domain.reconciling import compare
from dimona_provider.domain.terms import Terms

DAY, LATER, END = dt.date(2027, 1, 4), dt.date(2027, 2, 1), dt.date(2027, 3, 31)
SINCE = dt.date(2027, 1, 1)
OTH = Terms("OTH", "XXX", DAY)
ENDED = Terms("OTH", "XXX", DAY, END)
STU = Terms("STU", "XXX", DAY, END, planned_hours=40)
FLX = Terms("FLX", "XXX", DAY, DAY, "0900", "1700")


def ours(terms=OTH, number=1, employment="E-1", **more):
    return Expected(employment, number, "w1", terms, **more)


def theirs(terms=OTH, number=1, worker="w1", **more):
    return Shown(number, worker, terms, **more)


def found(expected, shown, under_way=()):
    compared = compare(expected, shown, under_way, since=SINCE)
    return sorted((str(one.kind), one.reference, one.detail) for one in compared.gaps)


@pytest.mark.parametrize(
    ("mine", "its", "gap"),
    [
        pytest.param(OTH, OTH, None, id="equal"),
        pytest.param(STU, STU, None, id="equal student"),
        pytest.param(FLX, FLX, None, id="equal flexi-job"),
        pytest.param(OTH, None, ("missing_in", "no such period"), id="not there"),
        pytest.param(ENDED, OTH, ("missing_out", "end date"), id="open there"),
        pytest.param(OTH, ENDED, ("date", "end date"), id="ended there"),
        pytest.param(replace(OTH, end=LATER), ENDED, ("date", "end date"), id="other end"),
        pytest.param(OTH, replace(OTH, start=LATER), ("date", "start date"), id="other start"),
        pytest.param(
            OTH, replace(OTH, start=LATER, end=END), ("date", "start date, end date"), id="both dates"
        ),
        pytest.param(OTH, replace(OTH, worker_type="DWD"), ("worker_type", "worker type"), id="other type"),
        pytest.param(
            OTH, replace(OTH, joint_committee="302"), ("joint_committee", "joint committee"), id="other JC"
        ),
        pytest.param(FLX, replace(FLX, end_hour="1800"), ("hours", "end hour"), id="other end hour"),
        pytest.param(
            FLX,
            replace(FLX, start_hour="0800", end_hour="1800"),
            ("hours", "start hour, end hour"),
            id="both hours",
        ),
        pytest.param(
            STU, replace(STU, planned_hours=41), ("hours", "planned hours"), id="other planned hours"
        ),
        pytest.param(STU, replace(STU, planned_hours=None), None, id="hours that are not shown"),
        pytest.param(OTH, Terms(None, None, DAY), None, id="features that are not shown"),
        pytest.param(None, ENDED, None, id="terms that a purge took from us"),
        pytest.param(None, None, ("missing_in", "no such period"), id="purged, and not there"),
    ],
)
def test_one_period(mine, its, gap):
    shown = [theirs(its)] if its else []

    assert found([ours(mine)], shown) == ([(gap[0], "1", gap[1])] if gap else [])


def test_a_period_that_differs_in_two_ways_is_two_gaps():
    its = replace(STU, planned_hours=41, end=LATER)

    assert [kind for kind, _, _ in found([ours(STU)], [theirs(its)])] == ["date", "hours"]


def test_a_period_cancelled_there_is_missing():
    assert found([ours()], [theirs(is_cancelled=True)]) == [("missing_in", "1", "cancelled at the NSSO")]


@pytest.mark.parametrize("its", [[], [theirs(is_cancelled=True)]], ids=["gone", "cancelled"])
def test_a_period_that_we_cancelled_may_be_gone(its):
    assert found([ours(is_wanted=False)], its) == []


def test_a_period_that_we_cancelled_and_that_stands_is_a_gap():
    gaps = found([ours(is_wanted=False)], [theirs()])

    assert gaps == [("unknown_period", "1", "not wished any more, and it stands")]


# --- periods that nobody knows ---


@pytest.mark.parametrize(
    ("its", "is_gap"),
    [
        pytest.param(theirs(), True, id="open"),
        pytest.param(theirs(ENDED), True, id="ended in our time"),
        pytest.param(theirs(replace(OTH, start=dt.date(2020, 1, 1), end=SINCE)), True, id="ended that day"),
        pytest.param(
            theirs(Terms("OTH", "XXX", dt.date(2020, 1, 1), dt.date(2026, 12, 31))), False, id="past"
        ),
        pytest.param(theirs(is_cancelled=True), False, id="cancelled"),
        pytest.param(theirs(worker=None), True, id="worker without number"),
    ],
)
def test_a_period_that_nobody_knows(its, is_gap):
    gaps = [("unknown_period", "1", "no employment is known for it")] if is_gap else []

    assert found([], [its]) == gaps


def test_what_is_past_is_counted():
    past = theirs(Terms("OTH", "XXX", dt.date(2020, 1, 1), dt.date(2026, 12, 31)))

    assert compare([], [past], [], since=SINCE).past == 1


# --- twice ---


@pytest.mark.parametrize(
    "terms", [OTH, STU, FLX, replace(FLX, worker_type="EXT")], ids=lambda t: t.worker_type
)
def test_a_second_equal_period_that_nobody_wished_is_a_duplicate(terms):
    gaps = found([ours(terms)], [theirs(terms), theirs(terms, 2)])

    assert gaps == [("duplicate", "2", "says what period 1 says")]


@pytest.mark.parametrize(
    "terms", [STU, FLX, replace(FLX, worker_type="EXT")], ids=lambda terms: terms.worker_type
)
def test_what_may_stand_twice_and_was_wished_twice_is_no_gap(terms):
    assert found([ours(terms), ours(terms, 2, "E-2")], [theirs(terms), theirs(terms, 2)]) == []


def test_what_may_not_stand_twice_is_a_gap_also_when_two_employments_have_it():
    gaps = found([ours(), ours(OTH, 2, "E-2")], [theirs(), theirs(OTH, 2)])

    assert gaps == [("duplicate", "2", "says what period 1 says")]


def test_two_spells_of_a_day_are_no_duplicates():
    evening = replace(FLX, start_hour="1800", end_hour="2200")

    assert found([ours(FLX), ours(evening, 2, "E-2")], [theirs(FLX), theirs(evening, 2)]) == []


def test_a_second_period_that_says_something_else_is_unknown():
    gaps = found([ours(STU)], [theirs(STU), theirs(replace(STU, planned_hours=41), 2)])

    assert gaps == [("unknown_period", "2", "no employment is known for it")]


def test_equal_periods_of_two_workers_are_no_duplicates():
    other = replace(ours(OTH, 2, "E-2"), worker="w2")

    assert found([ours(), other], [theirs(), theirs(OTH, 2, "w2")]) == []


def test_two_employments_that_have_one_period_have_no_gap():
    assert found([ours(), ours(employment="E-2")], [theirs()]) == []


# --- which period it is ---


def test_an_employment_whose_period_is_not_known_is_found_by_what_it_says():
    assert found([ours(number=None)], [theirs(number=7)]) == []


def test_the_equal_period_is_found_before_one_that_is_alike():
    expected = [ours(STU, None), ours(replace(STU, end=LATER), None, "E-2")]

    assert found(expected, [theirs(STU, 8), theirs(replace(STU, end=LATER), 7)]) == []


def test_an_employment_without_any_period_is_named_by_its_own_id():
    assert found([ours(number=None)], []) == [("missing_in", "E-1", "no such period")]


# --- what may pass by itself ---


@pytest.mark.parametrize(
    ("expected", "shown", "under_way"),
    [
        pytest.param([ours(is_fresh=True)], [], [], id="accepted lately, not shown yet"),
        pytest.param([ours(ENDED, is_fresh=True)], [theirs()], [], id="ended lately"),
        pytest.param([ours(is_wanted=False, is_fresh=True)], [theirs()], [], id="cancelled lately"),
        pytest.param([ours()], [theirs(ENDED)], [UnderWay("E-1", 1)], id="OUT under way"),
        pytest.param([ours()], [], [UnderWay("E-1", worker="w1", terms=OTH)], id="IN of it under way"),
        pytest.param([], [theirs()], [UnderWay("E-1", worker="w1", terms=OTH)], id="IN of the worker"),
        pytest.param([], [theirs()], [UnderWay("E-1", terms=OTH)], id="IN of a worker without number"),
        pytest.param([], [theirs()], [UnderWay("E-1", 1)], id="CANCEL of what somebody filed"),
        pytest.param(
            [ours()],
            [theirs(), theirs(OTH, 2)],
            [UnderWay("E-2", worker="w1", terms=OTH)],
            id="the second of two under way",
        ),
    ],
)
def test_what_may_pass_by_itself_is_no_gap_but_pending(expected, shown, under_way):
    compared = compare(expected, shown, under_way, since=SINCE)

    assert compared.gaps == []
    assert compared.pending == {str(shown[-1].period_id) if shown else "1"}


@pytest.mark.parametrize(
    "under_way",
    [
        UnderWay("E-9", worker="w9", terms=OTH),
        UnderWay("E-9", 9),
        UnderWay("E-9", terms=replace(OTH, start=LATER)),
    ],
    ids=["another worker", "another period", "another start"],
)
def test_what_is_under_way_elsewhere_excuses_nothing(under_way):
    assert len(found([], [theirs()], [under_way])) == 1


# --- payroll's wish ---


def wish(terms=OTH, employment="E-1", **more):
    return Wish(employment, "w1", terms, **more)


@pytest.mark.parametrize(
    ("expected", "wishes", "shown", "gaps"),
    [
        pytest.param([ours()], [wish()], [theirs()], [], id="as declared"),
        pytest.param(
            [ours()], [wish(ENDED)], [theirs()], [("missing_out", "1", "end date")], id="ended"
        ),
        pytest.param([ours()], [wish(ENDED)], [theirs(ENDED)], [], id="by hand"),
        pytest.param([], [wish()], [], [("missing_in", "E-1", "no such period")], id="never declared"),
        pytest.param([], [wish()], [theirs()], [], id="declared by somebody"),
        pytest.param([], [wish(is_withdrawn=True)], [], [], id="withdrawn before it was declared"),
        pytest.param(
            [ours()],
            [wish(is_withdrawn=True)],
            [theirs()],
            [("unknown_period", "1", "not wished any more, and it stands")],
            id="withdrawn",
        ),
        pytest.param(
            [ours(), ours(OTH, 2)], [wish(ENDED)], [theirs(), theirs(OTH, 2, "w2")], [],
            id="with two periods",
        ),
    ],
)  # fmt: skip
def test_what_payroll_wishes_goes_before_what_was_declared(expected, wishes, shown, gaps):
    assert found(with_wishes(expected, wishes), shown) == gaps


# --- as a whole ---


def test_no_worker_and_no_value_is_in_what_was_found():
    compared = compare([ours()], [theirs(ENDED), theirs(OTH, 2)], [], since=SINCE)

    text = repr(compared)
    assert "w1" not in text + repr(ours()) + repr(theirs())
    assert "2027" not in text


def test_the_order_of_what_is_compared_makes_no_difference():
    rng = random.Random(1)  # noqa: S311 - reproducible on purpose
    types = (OTH, STU, FLX, ENDED)
    expected = [ours(rng.choice(types), number, f"E-{number}") for number in range(1, 60)]
    shown = [theirs(rng.choice(types), number, f"w{number % 9}") for number in range(30, 90)]
    expected = [replace(one, worker=f"w{(one.period_id or 0) % 9}") for one in expected]
    first = found(expected, shown)
    rng.shuffle(expected)
    rng.shuffle(shown)

    assert found(expected, shown) == first
    assert {kind for kind, _, _ in first} >= {str(GapKind.MISSING_IN), str(GapKind.UNKNOWN), "date"}
