"""Which wishes become an IN, and which are listed as not handled."""

from __future__ import annotations

import pytest

from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.employment import read_employment
from dimona_provider.domain.planning import NotHandled, plan_employment
from support import people


def plan(**changes):
    return plan_employment(read_employment(people.employment(**changes), people.TODAY))


def test_a_new_employment_becomes_an_in_with_all_that_was_read():
    planned = plan(worker_type="STU", end_date="2027-03-01", planned_hours=40)

    assert isinstance(planned, DimonaIn)
    assert str(planned.worker) == people.SSIN
    assert (planned.worker_type, planned.planned_hours, str(planned.end_date)) == ("STU", 40, "2027-03-01")


def test_hours_of_a_day_are_planned():
    planned = plan(worker_type="FLX", end_date="2027-01-20", start_hour="0900", end_hour="1700")

    assert isinstance(planned, DimonaIn)
    assert (planned.start_hour, planned.end_hour) == ("0900", "1700")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"status": "ended", "end_date": "2027-02-01"}, "status", id="an end"),
        pytest.param({"status": "changed"}, "status", id="a change"),
        pytest.param({"status": "withdrawn"}, "status", id="a withdrawal"),
        pytest.param(
            {"worker_type": "FLX", "start_date": "2027-04-01", "end_date": "2027-06-30"},
            "start_date",
            id="a flexi-job of a quarter that is too far away",
        ),
        pytest.param(
            {"worker_type": "T17", "start_date": "2027-01-27", "end_date": "2027-01-27"},
            "start_date",
            id="article 17 sixteen days ahead",
        ),
    ],
)
def test_what_is_not_handled_says_why(changes, field):
    planned = plan(**changes)

    assert isinstance(planned, NotHandled)
    assert planned.field == field
    assert planned.reason
