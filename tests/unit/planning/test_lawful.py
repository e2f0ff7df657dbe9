"""Until when which change is lawful: the deadlines of the law, by the clocks of Brussels."""

from __future__ import annotations

import datetime as dt

import pytest

from dimona_provider.domain.planning.lawful import change_by, is_past, undo_by
from support.planning import at, period, plan, wish

NIGHT = {"start_date": "2027-01-20", "end_date": "2027-01-21", "start_hour": "2000", "end_hour": "0400"}


def spell(day: str, start: str, end: str, last: str | None = None):
    return {"start_date": day, "end_date": last or day, "start_hour": start, "end_hour": end}


def utc(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M") if moment else None


@pytest.mark.parametrize(
    ("worker_type", "before", "after", "expected"),
    [
        pytest.param(
            "OTH",
            {},
            {"start_date": "2027-01-18"},
            "2027-01-17 23:00",
            id="start earlier: when the worker starts",
        ),
        pytest.param(
            "OTH", {}, {"start_date": "2027-01-25"}, "2027-01-20 23:00", id="start later: on the declared day"
        ),
        pytest.param(
            "OTH",
            {"end_date": "2027-03-31"},
            {"end_date": "2027-02-26"},  # a Friday
            "2027-03-01 23:00",
            id="end earlier: first working day after departure",
        ),
        pytest.param(
            "OTH",
            {"end_date": "2027-02-26"},
            {"end_date": "2027-03-31"},
            "2027-03-01 23:00",
            id="end later: first working day after the end first declared",
        ),
        pytest.param(
            "OTH",
            {"end_date": "2027-02-26"},
            {"end_date": None},
            "2027-03-01 23:00",
            id="reopening: first working day after the end first declared",
        ),
        pytest.param("STU", {}, {"planned_hours": 60}, None, id="planned hours: the law names no day"),
        pytest.param(
            "EXT",
            {},
            {"start_hour": "0800"},
            "2027-01-20 07:00",
            id="start hour earlier: when the work starts",
        ),
        pytest.param(
            "EXT", {}, {"start_hour": "1000"}, "2027-01-20 08:00", id="start hour later: when it was to start"
        ),
        pytest.param(
            "EXT",
            {},
            {"end_hour": "1800"},
            "2027-01-21 00:00",
            id="end hour later: eight hours after the one first declared",
        ),
        pytest.param(
            "EXT",
            spell("2027-01-20", "1600", "2000"),
            {"end_hour": "2200"},
            "2027-01-21 07:00",
            id="end hour later, declared for 20:00: until 08:00 next morning",
        ),
        pytest.param(
            "EXT",
            spell("2027-01-20", "1600", "1959"),
            {"end_hour": "2200"},
            "2027-01-21 02:59",
            id="end hour later, declared for 19:59: eight hours",
        ),
        pytest.param(
            "FLX",
            NIGHT,
            {"end_hour": "0500"},
            "2027-01-21 11:00",
            id="end hour later of a night: eight hours",
        ),
        pytest.param(
            "EXT", {}, {"end_hour": "1500"}, "2027-01-20 23:00", id="end hour earlier: midnight of the day"
        ),
        pytest.param(
            "FLX",
            NIGHT,
            {"end_hour": "0200"},
            "2027-01-21 23:00",
            id="end hour earlier of a night: its last day",
        ),
        pytest.param(
            "EXT",
            spell("2027-03-27", "1800", "0130", "2027-03-28"),
            {"end_hour": "0150"},
            "2027-03-28 07:30",
            id="eight hours over the hour that does not exist: by the clock",
        ),
        pytest.param(
            "EXT",
            spell("2027-10-30", "1800", "0130", "2027-10-31"),
            {"end_hour": "0150"},
            "2027-10-31 07:30",
            id="eight hours over the hour that comes twice: by time",
        ),
    ],
)
def test_a_change_is_lawful_until(worker_type, before, after, expected):
    known = wish(worker_type, **before).start
    wanted = wish(worker_type, **(before | after)).start

    assert utc(change_by(known, wanted)) == expected


@pytest.mark.parametrize(
    ("worker_type", "changes", "expected"),
    [
        pytest.param("OTH", {}, "2027-01-20 23:00", id="without hours: the declared day"),
        pytest.param("EXT", {}, "2027-01-20 08:00", id="with hours: until work starts"),
        pytest.param("FLX", NIGHT, "2027-01-20 19:00", id="a night: until it begins"),
        pytest.param("OTH", {"start_date": "2028-02-29"}, "2028-02-29 23:00", id="a leap day"),
    ],
)
def test_a_beginning_is_taken_back_until(worker_type, changes, expected):
    assert utc(undo_by(wish(worker_type, **changes).start)) == expected


def test_a_day_ends_at_midnight():
    limit = undo_by(wish().start)

    assert not is_past(limit, at("2027-01-20 23:59"))
    assert is_past(limit, at("2027-01-21 00:00"))


def test_instants_are_compared_in_the_hour_that_comes_twice():
    limit = at("2027-10-31 02:30")

    assert not is_past(limit, at("2027-10-31 02:20"))
    assert is_past(limit, at("2027-10-31 02:20", fold=1))


@pytest.mark.parametrize(
    ("wishes", "known", "file_by"),
    [
        pytest.param([wish()], [], "2027-01-19 23:00", id="IN: when the worker starts"),
        pytest.param([wish("FLX")], [], "2027-01-20 08:00", id="IN with hours: at the start hour"),
        pytest.param(
            [wish(end_date="2027-02-26")],
            [period(100)],
            "2027-03-01 23:00",
            id="OUT: first working day after",
        ),
        pytest.param(
            [wish(status="withdrawn")],
            [period(100)],
            "2027-01-20 23:00",
            id="CANCEL: on the declared start date",
        ),
    ],
)
def test_each_declaration_knows_its_deadline(wishes, known, file_by):
    (planned,) = plan(wishes, known).planned

    assert utc(planned.file_by) == file_by
    assert not planned.is_late(at("2027-01-19 23:59"))
    assert planned.is_late(at("2027-03-02 00:00"))


@pytest.mark.parametrize(
    ("changes", "file_by"),
    [
        pytest.param({"status": "withdrawn"}, "2027-01-20 23:00", id="nobody came: until midnight"),
        pytest.param({"joint_committee": "140"}, "2027-01-20 08:00", id="gives way: until work starts"),
    ],
)
def test_a_cancel_of_work_with_hours_is_lawful_until(changes, file_by):
    cancel, *_ = plan([wish("EXT", **changes)], [period(100, "EXT")], now="2027-01-19 12:00").planned

    assert (cancel.kind, utc(cancel.file_by)) == ("CANCEL", file_by)
