"""Each rule of the law and of the project, by an example; the ids are the words of the rule."""

from __future__ import annotations

import pytest

from dimona_provider.domain.planning.words import Reason
from support import people
from support.planning import MONDAY, at, period, plan, told, wish

Q1 = "2027-03-31"
DAY = {"start_date": "2027-01-20", "end_date": "2027-01-20"}
USER = people.GOOD["DWD"]["user_enterprise"]
OTHER_USER = {**USER, "enterprise_number": "1009237290"}
CARDS = people.GOOD["BCW"]["construction_cards"]
EARLY = "2027-01-05 09:00"


def spell(day: str, at_hour: str = "0900", till: str = "1700", last: str | None = None):
    return {"start_date": day, "end_date": last or day, "start_hour": at_hour, "end_hour": till}


def dates(start: str, end: str | None):
    return {"start_date": start, "end_date": end}


IN, ASK = "IN OTH from 2027-01-20", "ask late_cancel: CANCEL 100"

CASES = [
    # what is new, what is equal
    pytest.param([wish()], [], MONDAY, [IN], id="a new employment gets an IN"),
    pytest.param(
        [wish(start_date="2027-01-04")], [], MONDAY, ["IN OTH from 2027-01-04"], id="a late IN is filed, late"
    ),
    pytest.param([wish()], [period(100)], MONDAY, [], id="nothing when equal"),
    pytest.param([wish(status="changed")], [period(100)], MONDAY, [], id="nothing when changed to the same"),
    pytest.param(
        [wish(status="withdrawn")], [], MONDAY, [], id="nothing when withdrawn before it was declared"
    ),
    pytest.param([], [period(100)], MONDAY, ["find absent E-1"], id="absence ends nothing and is reported"),
    pytest.param([], [period(100, "OTH", is_cancelled=True)], MONDAY, [], id="nothing of a cancelled period"),
    pytest.param(
        [wish()], [period(100, is_cancelled=True)], MONDAY, [IN], id="what payroll withdrew and wants again"
    ),
    pytest.param(
        [wish()],
        [period(100, is_cancelled=True, is_cancelled_by_hand=True)],
        MONDAY,
        ["find cancelled E-1"],
        id="what a person cancelled is not declared again by itself",
    ),
    # OUT, UPDATE of the end, reopening
    pytest.param(
        [wish(status="ended", end_date="2027-02-26")],
        [period(100)],
        MONDAY,
        ["OUT 100 to 2027-02-26"],
        id="OUT for an open period",
    ),
    pytest.param(
        [wish(status="ended", end_date="2027-02-26")],
        [period(100, end_date="2027-03-31")],
        MONDAY,
        ["UPDATE 100 to 2027-02-26"],
        id="UPDATE of the end, earlier",
    ),
    pytest.param(
        [wish(end_date="2027-04-30")],
        [period(100, end_date="2027-03-31")],
        MONDAY,
        ["UPDATE 100 to 2027-04-30"],
        id="UPDATE of the end, later",
    ),
    pytest.param(
        [wish()],
        [period(100, end_date="2027-03-31")],
        MONDAY,
        ["UPDATE 100 to 9999-12-31"],
        id="reopening by the last day of time",
    ),
    pytest.param(
        [wish(status="ended", end_date="2027-02-26")],
        [period(100)],
        "2027-06-01 09:00",
        ["OUT 100 to 2027-02-26"],
        id="a late OUT is filed, late",
    ),
    # the start
    pytest.param(
        [wish(start_date="2027-01-18")],
        [period(100)],
        MONDAY,
        ["UPDATE 100 from 2027-01-18"],
        id="start earlier",
    ),
    pytest.param(
        [wish(start_date="2027-01-25")],
        [period(100)],
        MONDAY,
        ["UPDATE 100 from 2027-01-25"],
        id="start later",
    ),
    pytest.param(
        [wish(start_date="2027-01-25")],
        [period(100)],
        "2027-01-20 23:59",
        ["UPDATE 100 from 2027-01-25"],
        id="start later on the declared day",
    ),
    pytest.param(
        [wish(start_date="2027-01-25")],
        [period(100)],
        "2027-01-21 00:01",
        ["ask late_start: UPDATE 100"],
        id="start later the day after: a late cancel of a day, never by machine",
    ),
    pytest.param(
        [wish(start_date="2027-01-25", end_date="2027-02-26", status="ended")],
        [period(100)],
        "2027-01-22 09:00",
        ["OUT 100 to 2027-02-26", "ask late_start: UPDATE 100"],
        id="the end goes its way beside the question about the start",
    ),
    pytest.param(
        [wish(start_date="2027-01-18", end_date="2027-02-26")],
        [period(100)],
        MONDAY,
        ["UPDATE 100 from 2027-01-18", "OUT 100 to 2027-02-26 after UPDATE 100"],
        id="UPDATE can't close an open period: UPDATE, then OUT",
    ),
    # CANCEL
    pytest.param(
        [wish(status="withdrawn")],
        [period(100)],
        "2027-01-20 23:59",
        ["CANCEL 100"],
        id="CANCEL on the start date",
    ),
    pytest.param(
        [wish(status="withdrawn")],
        [period(100)],
        "2027-01-21 00:01",
        [ASK],
        id="Limburg 2020: no CANCEL after the calendar day",
    ),
    pytest.param(
        [wish(status="withdrawn")], [period(100, is_locked=True)], MONDAY, ["find locked E-1"], id="locked"
    ),
    pytest.param(
        [wish("BCW")],
        [period(100)],
        MONDAY,
        ["CANCEL 100", "IN BCW from 2027-01-20 after CANCEL 100"],
        id="another type: CANCEL, then IN",
    ),
    pytest.param(
        [wish(joint_committee="140")],
        [period(100)],
        MONDAY,
        ["CANCEL 100", "IN OTH from 2027-01-20 after CANCEL 100"],
        id="another joint committee: CANCEL, then IN",
    ),
    pytest.param(
        [wish(joint_committee="118")],
        [period(100)],
        MONDAY,
        [],
        id="another committee that is XXX in Dimona too",
    ),
    pytest.param(
        [wish(employer=people.OTHER_EMPLOYER)],
        [period(100)],
        MONDAY,
        ["CANCEL 100", "IN OTH from 2027-01-20 after CANCEL 100"],
        id="another employer: CANCEL, then IN",
    ),
    pytest.param(
        [wish("BCW")],
        [period(100)],
        "2027-01-21 09:00",
        ["ask late_replacement: CANCEL 100, IN 0477472701 employment E-1"],
        id="another type after the start: a question",
    ),
    pytest.param(
        [wish("BCW", construction_cards={"first_month": 1, "next_month": 2})],
        [period(100, "BCW")],
        MONDAY,
        ["find fixed E-1"],
        id="other cards: no declaration says so",
    ),
    # several employments
    pytest.param(
        [wish(end_date="2027-02-26"), wish("OTH", "E-2", start_date="2027-03-01")],
        [],
        MONDAY,
        ["IN OTH from 2027-01-20 to 2027-02-26", "IN OTH from 2027-03-01"],
        id="two employments with days between: two periods",
    ),
    pytest.param(
        [wish(end_date="2027-02-28"), wish("OTH", "E-2", start_date="2027-03-01")],
        [period(100)],
        MONDAY,
        [],
        id="a new contract at once, and no end was declared: no new Dimona",
    ),
    pytest.param(
        [wish(end_date="2027-02-28"), wish("OTH", "E-2", start_date="2027-03-01")],
        [period(100, end_date="2027-02-28")],
        MONDAY,
        ["UPDATE 100 to 9999-12-31"],
        id="a new contract at once, and an end was declared: it is taken away",
    ),
    pytest.param(
        [wish(end_date="2027-02-28"), wish("OTH", "E-2", start_date="2027-03-01")],
        [period(100, end_date="2027-02-28"), period(200, "OTH", "E-2", start_date="2027-03-01")],
        MONDAY,
        [],
        id="what was declared apart stays apart",
    ),
    pytest.param(
        [wish(end_date="2027-02-28"), wish("BCW", "E-2", start_date="2027-03-01")],
        [period(100)],
        MONDAY,
        ["OUT 100 to 2027-02-28", "IN BCW from 2027-03-01 after OUT 100"],
        id="another type from a day on: OUT makes room for IN",
    ),
    pytest.param(
        [wish(), wish("OTH", "E-2", start_date="2027-02-01")],
        [],
        MONDAY,
        [IN, "find overlap E-2"],
        id="two at once: the NSSO would refuse the second",
    ),
    pytest.param(
        [wish(), wish("OTH", "E-2", employer=people.OTHER_EMPLOYER)], [], MONDAY, [IN, IN], id="two employers"
    ),
    pytest.param(
        [wish()],
        [period(100), period(200, start_date="2027-01-21")],
        MONDAY,
        ["find duplicate E-1"],
        id="a duplicate is shown, not cancelled",
    ),
    # students
    pytest.param(
        [
            wish("STU", planned_hours=20.5, **dates("2027-01-20", "2027-01-31")),
            wish("STU", "E-2", planned_hours=10, **dates("2027-02-10", "2027-02-20")),
        ],
        [],
        MONDAY,
        ["IN STU from 2027-01-20 to 2027-02-20 hours 31"],
        id="one STU period in a quarter with all hours, begun hours whole",
    ),
    pytest.param(
        [wish("STU", **dates("2027-01-20", Q1)), wish("STU", "E-2", **dates("2027-04-01", "2027-04-30"))],
        [],
        MONDAY,
        ["IN STU from 2027-01-20 to 2027-03-31 hours 40", "IN STU from 2027-04-01 to 2027-04-30 hours 40"],
        id="one STU period for each quarter",
    ),
    pytest.param(
        [wish("STU"), wish("STU", "E-2", employer=people.OTHER_EMPLOYER)],
        [],
        MONDAY,
        ["IN STU from 2027-01-20 to 2027-03-31 hours 40"] * 2,
        id="one STU period for each employer",
    ),
    pytest.param(
        [wish("STU", planned_hours=60)],
        [period(100, "STU")],
        "2027-03-01 09:00",
        ["UPDATE 100 hours 60"],
        id="planned hours may change all through the quarter",
    ),
    pytest.param(
        [wish("STU"), wish("STU", "E-2", planned_hours=10, **dates("2027-02-10", "2027-02-20"))],
        [period(100, "STU")],
        "2027-02-01 09:00",
        ["UPDATE 100 hours 50"],
        id="a second contract of the quarter joins the period",
    ),
    pytest.param(
        [wish("STU", start_date="2027-01-18")],
        [period(100, "STU")],
        MONDAY,
        ["CANCEL 100", "IN STU from 2027-01-18 to 2027-03-31 hours 40 after CANCEL 100"],
        id="STU: another start is CANCEL and IN",
    ),
    pytest.param(
        [wish("STU", start_date="2027-01-22")],
        [period(100, "STU")],
        "2027-01-21 09:00",
        ["ask late_replacement: CANCEL 100, IN 0477472701 student 2027Q1"],
        id="STU: another start after the declared one is a question",
    ),
    pytest.param(
        [wish("STU", end_date="2027-02-20", planned_hours=60)],
        [period(100, "STU", end_date="2027-01-31")],
        "2027-02-08 09:00",
        ["ask late_change: UPDATE 100"],
        id="STU: a late change would put all its hours outside the quota",
    ),
    pytest.param(
        [
            wish("STU", end_date="2027-01-31"),
            wish("STU", "E-2", planned_hours=10, **dates("2027-02-10", "2027-02-20")),
        ],
        [period(100, "STU", end_date="2027-01-31")],
        "2027-02-08 09:00",
        ["IN STU from 2027-02-10 to 2027-02-20 hours 10"],
        id="STU: what can't join in time gets a period of its own",
    ),
    # flexi-jobs
    pytest.param(
        [wish("FLX", **spell("2027-01-20", "1800", "0130", "2027-01-21"))],
        [],
        MONDAY,
        ["IN FLX from 2027-01-20 to 2027-01-21 at 1800 till 0130"],
        id="a night past midnight is one FLX",
    ),
    pytest.param(
        [wish("FLX", start_hour=None, end_hour=None, **dates("2027-01-20", "2027-05-15"))],
        [],
        "2027-03-01 09:00",
        ["IN FLX from 2027-01-20 to 2027-03-31", "IN FLX from 2027-04-01 to 2027-05-15"],
        id="FLX never past a quarter: one for each",
    ),
    pytest.param(
        [wish("FLX", start_hour=None, end_hour=None, **dates("2027-01-20", None))],
        [period(100, "FLX", start_hour=None, end_hour=None, **dates("2027-01-20", Q1))],
        "2027-02-28 23:59",
        ["find too_early E-1"],
        id="FLX: 32 days before a quarter it is not declared yet",
    ),
    pytest.param(
        [wish("FLX", start_hour=None, end_hour=None, **dates("2027-01-20", None))],
        [period(100, "FLX", start_hour=None, end_hour=None, **dates("2027-01-20", Q1))],
        "2027-03-01 00:00",
        ["IN FLX from 2027-04-01 to 2027-06-30", "find too_early E-1"],
        id="FLX: 31 days before a quarter its period is declared",
    ),
    pytest.param(
        [wish("FLX", start_hour=None, end_hour=None, **dates("2027-01-20", "2027-02-15"))],
        [period(100, "FLX", start_hour=None, end_hour=None, **dates("2027-01-20", "2027-01-31"))],
        MONDAY,
        ["CANCEL 100", "IN FLX from 2027-01-20 to 2027-02-15 after CANCEL 100"],
        id="FLX: the end never moves later; before the start, CANCEL and IN",
    ),
    pytest.param(
        [wish("FLX", start_hour=None, end_hour=None, **dates("2027-01-20", "2027-02-15"))],
        [period(100, "FLX", start_hour=None, end_hour=None, **dates("2027-01-20", "2027-01-31"))],
        "2027-01-25 09:00",
        ["IN FLX from 2027-02-01 to 2027-02-15"],
        id="FLX: the end never moves later; after the start, a further IN",
    ),
    pytest.param(
        [wish("FLX", start_hour=None, end_hour=None, **dates("2027-01-20", "2027-01-29"))],
        [period(100, "FLX", start_hour=None, end_hour=None, **dates("2027-01-20", "2027-01-31"))],
        "2027-01-25 09:00",
        ["UPDATE 100 to 2027-01-29"],
        id="FLX: the end moves earlier by UPDATE",
    ),
    pytest.param(
        [wish("FLX", **spell("2027-01-20", till="1930"))],
        [period(100, "FLX")],
        "2027-01-20 22:00",
        ["UPDATE 100 till 1930"],
        id="FLX day: the end hour later, within eight hours",
    ),
    pytest.param(
        [wish("FLX", **spell("2027-01-20", till="1930"))],
        [period(100, "FLX")],
        "2027-01-21 01:01",
        ["ask late_change: UPDATE 100"],
        id="FLX day: the end hour later, after eight hours",
    ),
    pytest.param(
        [wish("FLX", start_hour=None, end_hour=None, **dates("2027-03-31", "2027-04-15"))],
        [],
        "2027-03-01 09:00",
        ["IN FLX from 2027-04-01 to 2027-04-15", "find refused 00777-001 E-1"],
        id="FLX: a quarter's last day alone would need hours",
    ),
    # occasional work
    pytest.param(
        [wish("EXT", **spell("2027-01-20")), wish("EXT", "E-2", **spell("2027-01-21"))],
        [],
        MONDAY,
        [f"IN EXT from 2027-01-{day} to 2027-01-{day} at 0900 till 1700" for day in (20, 21)],
        id="EXT: a period for each spell",
    ),
    pytest.param(
        [wish("EXT", f"E-{day}", **spell(f"2027-01-{day}")) for day in (20, 21, 22)],
        [],
        MONDAY,
        ["IN OTH from 2027-01-20 to 2027-01-22"],
        id="EXT: three days in a row are one OTH",
    ),
    pytest.param(
        [wish("EXT", f"E-{day}", **spell(f"2027-01-{day}")) for day in (20, 21, 22)],
        [
            period(number, "EXT", f"E-{day}", **spell(f"2027-01-{day}"))
            for number, day in ((100, 20), (200, 21))
        ],
        MONDAY,
        ["CANCEL 100", "CANCEL 200", "IN OTH from 2027-01-20 to 2027-01-22 after CANCEL 100, CANCEL 200"],
        id="EXT: with the third day the two declared ones give way",
    ),
    pytest.param(
        [wish("EXT", f"E-{day}", **spell(f"2027-01-{day}")) for day in (20, 21, 22)],
        [
            period(number, "EXT", f"E-{day}", **spell(f"2027-01-{day}"))
            for number, day in ((100, 20), (200, 21))
        ],
        "2027-01-21 18:00",
        ["IN OTH from 2027-01-22 to 2027-01-22", "ask run_begun"],
        id="EXT: days that were worked are not cancelled, and the third is declared all the same",
    ),
    pytest.param(
        [wish("EXT", **spell("2027-01-20", last="2027-01-22"))],
        [],
        MONDAY,
        ["IN OTH from 2027-01-20 to 2027-01-22"],
        id="EXT: three days in one record are one OTH",
    ),
    pytest.param(
        [wish("EXT", status="withdrawn", **spell("2027-01-20"))],
        [period(100, "EXT", **spell("2027-01-20"))],
        "2027-01-20 23:59",
        ["CANCEL 100"],
        id="EXT: no work done, CANCEL before midnight",
    ),
    pytest.param(
        [wish("EXT", status="withdrawn", **spell("2027-01-20"))],
        [period(100, "EXT", **spell("2027-01-20"))],
        "2027-01-21 00:01",
        [ASK],
        id="EXT: after midnight a question",
    ),
    pytest.param(
        [wish("EXT", **spell("2027-01-20", at_hour="1000"))],
        [period(100, "EXT", **spell("2027-01-20"))],
        "2027-01-20 08:59",
        ["UPDATE 100 at 1000"],
        id="EXT: the start hour until work starts",
    ),
    pytest.param(
        [wish("EXT", **spell("2027-01-20", at_hour="1000"))],
        [period(100, "EXT", **spell("2027-01-20"))],
        "2027-01-20 09:01",
        ["ask late_change: UPDATE 100"],
        id="EXT: the start hour after work started",
    ),
    pytest.param(
        [wish("EXT", **spell("2027-01-20"))],
        [period(100, "EXT", **{**spell("2027-01-20"), "end_hour": None})],
        EARLY,
        ["CANCEL 100", "IN EXT from 2027-01-20 to 2027-01-20 at 0900 till 1700 after CANCEL 100"],
        id="EXT: no UPDATE adds an end hour to a day lump sum",
    ),
    # article 17 and temporary work
    pytest.param([wish("O17")], [], "2027-01-04 23:59", ["find too_early E-1"], id="O17: 16 days ahead"),
    pytest.param(
        [wish("O17")],
        [],
        "2027-01-05 00:00",
        ["IN O17 from 2027-01-20 to 2027-03-31 hours 40"],
        id="O17: 15 days ahead",
    ),
    pytest.param(
        [wish("T17", start_date="2027-03-10", end_date="2027-03-10")],
        [period(100, "T17")],
        MONDAY,
        ["CANCEL 100", "find too_early E-1"],
        id="T17: to a day that is too early, CANCEL now and IN in time",
    ),
    pytest.param(
        [wish("DWD")],
        [],
        MONDAY,
        ["IN DWD from 2027-01-20 to 2027-03-31"],
        id="322: user enterprise and end date",
    ),
    pytest.param(
        [wish("DWD", user_enterprise=OTHER_USER)],
        [period(100, "DWD")],
        MONDAY,
        ["CANCEL 100", "IN DWD from 2027-01-20 to 2027-03-31 after CANCEL 100"],
        id="322: another user is CANCEL and IN",
    ),
    pytest.param(
        [wish("DWD", user_enterprise=OTHER_USER)],
        [period(100, "DWD", knows_blocks=False)],
        MONDAY,
        [],
        id="322: the user of a period from the NSSO is not known, and no reason to cancel",
    ),
    # periods that the NSSO showed
    pytest.param(
        [wish(status="ended", end_date="2027-02-26")],
        [period(100, "OTH", is_foreign=True)],
        MONDAY,
        ["OUT 100 to 2027-02-26"],
        id="a period that fits one employment is its own",
    ),
    pytest.param(
        [wish(joint_committee="140")],
        [period(100, "OTH", is_foreign=True)],
        MONDAY,
        ["find overlap E-1"],
        id="a period that does not fit is in the way, and is not touched",
    ),
    pytest.param(
        [wish("STU", start_date="2027-01-25")],
        [period(100, "STU", is_foreign=True)],
        MONDAY,
        ["find overlap E-1"],
        id="STU: hours that somebody else reserved are not reserved again",
    ),
    # leap days
    pytest.param(
        [wish("STU", **dates("2028-02-29", "2028-02-29"))],
        [],
        MONDAY,
        ["IN STU from 2028-02-29 to 2028-02-29 hours 40"],
        id="a leap day",
    ),
]


@pytest.mark.parametrize(("wishes", "known", "now", "expected"), CASES)
def test_the_plan(wishes, known, now, expected):
    assert told(plan(wishes, known, now)) == expected


@pytest.mark.parametrize(("wishes", "known", "now", "expected"), CASES)
def test_the_order_of_the_input_does_not_matter(wishes, known, now, expected):
    assert told(plan(wishes[::-1], known[::-1], now)) == expected


def test_every_declaration_says_why():
    (new,) = plan([wish()]).planned
    (ended,) = plan([wish(status="ended", end_date="2027-02-26")], [period(100)]).planned

    assert (new.reason, ended.reason) == (Reason.NEW, Reason.ENDED)
    assert new.reason.sentence == "the employment has no period yet"
    assert all(one.sentence for one in Reason)


def test_a_plan_shows_nobody():
    made = plan([wish(), wish("STU", "E-2", worker=people.identity())], [period(100)])

    assert people.SSIN not in repr(made)
    assert "Zwartewei" not in repr(made)


def test_a_plan_names_the_day_on_which_the_nsso_takes_it():
    (found,) = plan([wish("O17", start_date="2027-03-01")]).findings

    assert str(found.opens_on) == "2027-02-14"


def test_a_question_has_a_harmless_answer_and_a_day():
    (asked,) = plan([wish(status="withdrawn")], [period(100)], "2027-01-22 09:00").decisions  # a Friday

    assert asked.harmless == "keep"
    assert asked.harmless in asked.options
    assert asked.answer_by.timestamp() == at("2027-01-26 00:00").timestamp()


@pytest.mark.parametrize("now", ["2027-01-21 09:00", "2027-01-25 09:00"], ids=["in time", "after the end's"])
def test_a_day_that_moves_too_late_is_one_question_and_no_half_of_it_is_filed(now):
    moved = wish("T17", start_date="2027-01-22", end_date="2027-01-22")

    assert told(plan([moved], [period(100, "T17")], now)) == ["ask late_start: UPDATE 100"]
