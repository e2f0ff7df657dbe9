"""Deadlines are instants in Brussels, also on the days when clocks change."""

from __future__ import annotations

import datetime as dt

import pytest

from dimona_provider.domain.deadlines import brussels_today, file_in_by


@pytest.mark.parametrize(
    ("day", "hour", "utc"),
    [
        pytest.param("2027-01-20", None, "2027-01-19T23:00", id="winter day"),
        pytest.param("2027-01-20", "0930", "2027-01-20T08:30", id="winter hour"),
        pytest.param("2027-07-20", None, "2027-07-19T22:00", id="summer day"),
        pytest.param("2027-07-20", "2359", "2027-07-20T21:59", id="summer hour"),
        pytest.param("2027-03-28", None, "2027-03-27T23:00", id="the day clocks go forward"),
        pytest.param("2027-03-28", "0159", "2027-03-28T00:59", id="before they go forward"),
        pytest.param("2027-03-28", "0230", "2027-03-28T01:30", id="in the hour that does not exist"),
        pytest.param("2027-03-28", "0300", "2027-03-28T01:00", id="after they went forward"),
        pytest.param("2027-03-29", None, "2027-03-28T22:00", id="the day after they went forward"),
        pytest.param("2027-10-31", None, "2027-10-30T22:00", id="the day clocks go back"),
        pytest.param("2027-10-31", "0230", "2027-10-31T00:30", id="in the hour that comes twice: the first"),
        pytest.param("2027-10-31", "0300", "2027-10-31T02:00", id="after they went back"),
        pytest.param("2027-11-01", None, "2027-10-31T23:00", id="the day after they went back"),
    ],
)
def test_an_in_is_due_when_work_starts_in_brussels(day, hour, utc):
    due = file_in_by(dt.date.fromisoformat(day), hour)

    assert due.astimezone(dt.UTC) == dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)
    assert due.timestamp() == dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        ("2027-01-19T22:59", "2027-01-19"),
        ("2027-01-19T23:00", "2027-01-20"),
        ("2027-07-19T21:59", "2027-07-19"),
        ("2027-07-19T22:00", "2027-07-20"),
    ],
)
def test_a_day_begins_at_midnight_in_brussels(utc, day):
    now = dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC).timestamp()

    assert brussels_today(now) == dt.date.fromisoformat(day)
