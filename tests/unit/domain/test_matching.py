"""Which employment a period belongs to: one that fits alone."""

from __future__ import annotations

import datetime as dt

import pytest

from dimona_provider.domain.matching import Fitting, match

START, END = dt.date(2027, 1, 4), dt.date(2027, 3, 31)


def one(name, *, worker="w1", worker_type="OTH", start=START, end=None, period_id=None):
    return Fitting(str(name), worker, worker_type, start, end, period_id)


@pytest.mark.parametrize(
    ("periods", "employments", "matched", "ambiguous"),
    [
        pytest.param([one(1)], [one("E-1")], {"1": "E-1"}, {}, id="same worker, type and dates"),
        pytest.param([one(1)], [], {}, {}, id="nobody"),
        pytest.param([one(1)], [one("E-1", worker="w2")], {}, {}, id="another worker"),
        pytest.param([one(1)], [one("E-1", worker_type="STU")], {}, {}, id="another type"),
        pytest.param([one(1)], [one("E-1", start=END)], {}, {}, id="another start"),
        pytest.param([one(1)], [one("E-1", end=END)], {}, {}, id="another end"),
        pytest.param([one(1, worker=None)], [one("E-1", worker=None)], {}, {}, id="workers without number"),
        pytest.param(
            [one(1)], [one("E-1"), one("E-2")], {}, {"1": ("E-1", "E-2")}, id="two employments fit one"
        ),
        pytest.param([one(1)], [one("E-1"), one("E-1")], {"1": "E-1"}, {}, id="declared twice, one id"),
        pytest.param(
            [one(1), one(2)],
            [one("E-1")],
            {},
            {"1": ("E-1",), "2": ("E-1",)},
            id="two equal periods fit one employment",
        ),
        pytest.param(
            [one(1, end=END)], [one("E-1", period_id=1)], {"1": "E-1"}, {}, id="its IN made it, ended since"
        ),
        pytest.param(
            [one(1), one(2)],
            [one("E-1", period_id=1), one("E-2")],
            {"1": "E-1", "2": "E-2"},
            {},
            id="what an IN made is nobody else's",
        ),
        pytest.param([one(1)], [one("E-1", period_id=9)], {}, {}, id="an employment that has another period"),
    ],
)
def test_what_fits_alone_is_taken(periods, employments, matched, ambiguous):
    found = match(periods, employments)

    assert found.employments == matched
    assert found.ambiguous == ambiguous


def test_the_order_makes_no_difference():
    periods, employments = [one(1), one(2, worker="w2")], [one("E-1"), one("E-2", worker="w2")]

    assert match(periods, employments) == match(periods[::-1], employments[::-1])


def test_no_worker_shows():
    assert "w1" not in repr(one(1))
