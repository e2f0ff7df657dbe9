"""The brake stops an export that ends or cancels half a company, and nothing else."""

from __future__ import annotations

import pytest

from dimona_provider.domain.planning.brake import Brake, apply_brake
from dimona_provider.domain.planning.values import Plan
from support import people
from support.planning import at, period, plan, wish

NOW = at("2027-01-11 09:00")


def leavers(count: int, employer: str = people.EMPLOYER) -> list[Plan]:
    return [
        plan(
            [wish("OTH", f"E-{number}", employer=employer, end_date="2027-02-26")],
            [period(number, "OTH", f"E-{number}", employer=employer)],
        )
        for number in range(1, count + 1)
    ]


def planned(plans):
    return [one for plan in plans for one in plan.planned]


@pytest.mark.parametrize(
    ("count", "periods", "stops"),
    [
        pytest.param(50, 1000, False, id="fifty of a thousand"),
        pytest.param(51, 10_000, True, id="more than fifty"),
        pytest.param(6, 100, True, id="more than five per cent"),
        pytest.param(6, 120, False, id="five per cent"),
        pytest.param(5, 6, False, id="a few are never unusual"),
    ],
)
def test_it_stops_what_is_unusual(count, periods, stops):
    before = leavers(count)

    after, asked = apply_brake(before, {people.EMPLOYER: periods}, NOW)

    assert planned(after) == ([] if stops else planned(before))
    assert [(one.kind, len(one.held), len(one.periods)) for one in asked] == (
        [("brake", count, count)] if stops else []
    )


def test_it_counts_each_employer_by_itself():
    both = [*leavers(6), *leavers(3, people.OTHER_EMPLOYER)]

    after, asked = apply_brake(both, {people.EMPLOYER: 60, people.OTHER_EMPLOYER: 4}, NOW)

    assert {str(one.declaration.employer.enterprise_number) for one in planned(after)} == {
        people.OTHER_EMPLOYER
    }
    assert len(asked) == 1


def test_what_depends_on_a_stopped_cancel_stops_with_it_and_new_people_go_on():
    replaced = plan([wish("BCW")], [period(100)])
    new = plan([wish("OTH", "E-9")], [])

    after, (asked,) = apply_brake([replaced, new], {}, NOW, Brake(few=0))

    assert [one.employments for one in planned(after)] == [("E-9",)]
    assert [one.kind for one in asked.held] == ["CANCEL", "IN"]
