"""What an answer owes to the declarations before: running days, quotas, locks, duplicates, order."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from include.dimona_simulator import Registers

WORKER, OTHER_EMPLOYER = "93051822361", "0999991113"
NIGHT = {"startHour": "1800", "endHour": "0200"}


def update(period, **changes):
    return {"dimonaUpdate": {"periodId": period, **changes}}


def day(number, **block):
    return {"startDate": f"2026-03-{number}", "endDate": f"2026-03-{number}", **block}


@pytest.mark.parametrize(
    ("days", "result"),
    [
        pytest.param([16, 17], "A", id="two days"),
        pytest.param([16, 17, 18], "B", id="three days"),
        pytest.param([16, 18, 17], "B", id="the day between"),
        pytest.param([18, 17, 16], "B", id="backwards"),
        pytest.param([16, 17, 19], "A", id="a day off"),
    ],
)
def test_occasional_work_stops_after_two_days(nsso, days, result):
    *before, last = days
    for number in before:
        nsso.accepted("EXT", **day(number))

    codes = [] if result == "A" else ["00910-459"]
    assert nsso.outcome(nsso.body("EXT", **day(last))) == (result, codes)


def test_a_night_counts_on_the_day_it_starts(nsso):
    nsso.accepted("EXT", startDate="2026-03-16", endDate="2026-03-17", **NIGHT)

    night = nsso.body("EXT", startDate="2026-03-17", endDate="2026-03-18", **NIGHT)

    assert nsso.outcome(night) == ("A", [])


@pytest.mark.parametrize(
    "third",
    [
        pytest.param({"employer": OTHER_EMPLOYER}, id="another employer"),
        pytest.param({"ssin": "01410199955"}, id="another worker"),
    ],
)
def test_running_days_are_those_of_one_worker_with_one_employer(nsso, third):
    for number in (16, 17):
        nsso.accepted("EXT", **day(number))

    assert nsso.outcome(nsso.body("EXT", **day(18), **third)) == ("A", [])


def test_a_cancelled_day_does_not_count(nsso):
    first = nsso.accepted("EXT", **day(16))
    nsso.accepted("EXT", **day(17))
    nsso.outcome({"dimonaCancel": {"periodId": first}})

    assert nsso.outcome(nsso.body("EXT", **day(18))) == ("A", [])


def test_moving_a_spell_can_make_a_third_day(nsso):
    for number in (16, 17):
        nsso.accepted("EXT", **day(number))
    moved = nsso.accepted("EXT", **day(20))

    assert nsso.outcome(update(moved, **day(18))) == ("B", ["00910-459"])


@pytest.mark.parametrize(
    ("hours", "result"), [pytest.param(250, "A", id="all of it"), pytest.param(251, "W", id="one more")]
)
def test_a_students_hours_add_up_over_employers_and_periods(nsso, hours, result):
    nsso.accepted("STU", plannedHoursNumber=300)
    nsso.accepted("STU", plannedHoursNumber=100, employer=OTHER_EMPLOYER)

    body = nsso.body("STU", startDate="2026-04-02", endDate="2026-04-30", plannedHoursNumber=hours)

    assert nsso.outcome(body) == (result, [] if result == "A" else ["90017-369"])


def test_hours_of_another_year_or_a_cancelled_period_do_not_count(nsso):
    cancelled = nsso.accepted("STU", plannedHoursNumber=600)
    nsso.outcome({"dimonaCancel": {"periodId": cancelled}})
    nsso.accepted("STU", startDate="2027-01-04", endDate="2027-01-31", plannedHoursNumber=600)

    assert nsso.outcome(nsso.body("STU", plannedHoursNumber=600)) == ("A", [])


def test_late_hours_lie_outside_the_quota(nsso):
    late = nsso.body("STU", startDate="2026-03-09", plannedHoursNumber=700)
    assert nsso.outcome(late) == ("W", ["90373-460"])

    assert nsso.outcome(nsso.body("STU", plannedHoursNumber=600)) == ("A", [])


@pytest.mark.parametrize(
    ("hours", "answer"),
    [
        pytest.param(650, ("A", []), id="within"),
        pytest.param(651, ("W", ["90017-369"]), id="beyond"),
        pytest.param(500, ("A", []), id="fewer"),
    ],
)
def test_an_update_of_hours_counts_too(nsso, hours, answer):
    period = nsso.accepted("STU", plannedHoursNumber=600)

    assert nsso.outcome(update(period, plannedHoursNumber=hours)) == answer


def test_quota_and_hours_used_before_are_settings(make_nsso):
    nsso = make_nsso(registers=Registers(quotas={"STU": 475}, hours_used={WORKER: 470}))

    assert nsso.outcome(nsso.body("STU", plannedHoursNumber=5)) == ("A", [])
    assert nsso.outcome(nsso.body("STU", plannedHoursNumber=1)) == ("W", ["90017-369"])


def test_the_quota_of_article_17_refuses(make_nsso):
    nsso = make_nsso(registers=Registers(quotas={"O17": 10}))
    nsso.accepted("O17", plannedHoursNumber=8)

    body = nsso.body("O17", startDate="2026-03-23", endDate="2026-03-24", plannedHoursNumber=3)

    assert nsso.outcome(body) == ("B", ["90017-369"])


@pytest.mark.parametrize(
    ("setting", "codes"),
    [
        pytest.param("accepted", ([], []), id="accepted"),
        pytest.param("refused", (["90373-333"], ["90373-334"]), id="refused"),
    ],
)
def test_a_second_student_period_is_what_is_set(make_nsso, setting, codes):
    nsso = make_nsso(registers=Registers(student_duplicates=setting))
    nsso.accepted("STU")

    equal = nsso.outcome(nsso.body("STU"))[1]
    overlapping = nsso.outcome(nsso.body("STU", endDate="2026-03-20"))[1]

    assert (equal, overlapping) == codes


@pytest.mark.parametrize("kind", ["dimonaOut", "dimonaUpdate", "dimonaCancel"])
def test_a_locked_period_takes_nothing_and_shows_it(make_nsso, tmp_path, kind):
    period = make_nsso(tmp_path).accepted()
    nsso = make_nsso(tmp_path, registers=Registers(locked_periods=frozenset({period})))
    content = {"dimonaOut": {"endDate": "2026-04-30"}, "dimonaUpdate": {"startDate": "2026-03-17"}}

    answer = nsso.outcome({kind: {"periodId": period, **content.get(kind, {})}})

    assert answer == ("B", ["00913-362"])
    assert nsso.get(period, "periods").json()["locked"] is True
    assert nsso.search("periods").json()["items"][0]["locked"] is True


def test_spells_are_compared_by_their_hours(nsso):
    nsso.accepted("EXT", startHour="0900", endHour="1300")

    assert nsso.outcome(nsso.body("EXT", startHour="1300", endHour="1700")) == ("A", [])
    assert nsso.outcome(nsso.body("EXT", startHour="1659", endHour="2000")) == ("B", ["90373-334"])
    assert nsso.outcome(nsso.body("EXT", startHour="0900", endHour="1300")) == ("B", ["90373-333"])


@pytest.mark.parametrize(
    ("moment", "result"),
    [
        pytest.param((16, 17, 0), "A", id="when work starts"),
        pytest.param((16, 17, 1), "W", id="a minute later"),
    ],
)
@pytest.mark.parametrize("worker_type", ["EXT", "FLX"])
def test_work_by_the_hour_is_late_from_its_hour_on(nsso, clock, worker_type, moment, result):
    at(clock, *moment)
    nsso.authorise()

    codes = [] if result == "A" else ["90373-460"]
    assert nsso.outcome(nsso.body(worker_type)) == (result, codes)


@pytest.mark.parametrize(
    ("worker_type", "made", "changes", "filed"),
    [
        pytest.param("OTH", {}, {"startDate": "2026-03-18"}, ((18, 20), False), id="start on the day"),
        pytest.param("OTH", {}, {"startDate": "2026-03-18"}, ((19, 0), True), id="start the day after"),
        pytest.param(
            "OTH",
            {"endDate": "2026-03-27"},
            {"endDate": "2026-03-20"},
            ((23, 20), False),
            id="earlier: Monday",
        ),
        pytest.param(
            "OTH",
            {"endDate": "2026-03-27"},
            {"endDate": "2026-03-20"},
            ((24, 0), True),
            id="earlier: Tuesday",
        ),
        pytest.param(
            "OTH", {"endDate": "2026-03-20"}, {"endDate": "2026-03-27"}, ((23, 20), False), id="later: Monday"
        ),
        pytest.param(
            "OTH", {"endDate": "2026-03-20"}, {"endDate": "2026-03-27"}, ((24, 0), True), id="later: Tuesday"
        ),
        pytest.param(
            "OTH", {"endDate": "2026-03-20"}, {"endDate": "9999-12-31"}, ((24, 0), True), id="opened: Tuesday"
        ),
        pytest.param("EXT", {}, {"startHour": "1630"}, ((16, 16, 31), True), id="start hour after it"),
        pytest.param("EXT", {"endHour": "1800"}, {"endHour": "1900"}, ((17, 2), False), id="8 hours"),
        pytest.param(
            "EXT", {"endHour": "1800"}, {"endHour": "1900"}, ((17, 2, 1), True), id="8 hours and a minute"
        ),
        pytest.param(
            "EXT", {"endHour": "2200"}, {"endHour": "2300"}, ((17, 8), False), id="eight in the morning"
        ),
        pytest.param("EXT", {"endHour": "2200"}, {"endHour": "2300"}, ((17, 8, 1), True), id="after eight"),
        pytest.param(
            "EXT", {"endHour": "2200"}, {"endHour": "2100"}, ((16, 23, 59), False), id="the same evening"
        ),
        pytest.param("EXT", {"endHour": "2200"}, {"endHour": "2100"}, ((17, 0), True), id="after midnight"),
        pytest.param("STU", {}, {"plannedHoursNumber": 41}, ((28, 0), False), id="hours have no deadline"),
    ],
)
def test_an_update_is_late_after_its_deadline(nsso, worker_type, made, changes, filed):
    moment, late = filed
    period = nsso.accepted(worker_type, **made)
    at(nsso.clock, *moment)
    nsso.authorise()

    assert nsso.outcome(update(period, **changes)) == (("W", ["90378-460"]) if late else ("A", []))


@pytest.mark.parametrize(
    ("moment", "late"),
    [pytest.param((23, 20), False, id="Monday"), pytest.param((24, 0), True, id="Tuesday")],
)
def test_a_late_out_is_accepted_and_the_period_shows_it(nsso, clock, moment, late):
    period = nsso.accepted()
    at(clock, *moment)
    nsso.authorise()

    assert nsso.outcome({"dimonaOut": {"periodId": period, "endDate": "2026-03-20"}}) == ("A", [])
    assert nsso.get(period, "periods").json()["late"] is late


def test_an_answer_never_comes_before_that_of_an_earlier_declaration(nsso, clock):
    numbers = [nsso.file(nsso.body())]
    numbers += [nsso.file({"dimonaOut": {"periodId": numbers[0], "endDate": "2026-04-30"}})]
    numbers += [nsso.file(nsso.body(startDate="2026-05-01")) for _ in range(40)]

    shown = []
    for _ in range(100):
        clock.advance(0.5)
        shown.append([nsso.get(number).status_code == 200 for number in numbers])

    assert all(seen == sorted(seen, reverse=True) for seen in shown)
    assert all(shown[-1])


def at(clock, day_of_march, hour=9, minute=0):
    clock.now = datetime(2026, 3, day_of_march, hour, minute, tzinfo=ZoneInfo("Europe/Brussels")).timestamp()
