"""Outcomes that leave a choice: asked once, put together by employer and day, and acted on as people say."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.domain.outcome import EFFECTIVE, State
from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger import agenda, answering, askings, plan_schema, schema, staging
from dimona_provider.ledger.decisions import SHOWS_AFTER, resolve_not_filed
from dimona_provider.ledger.intents import Recorded
from dimona_provider.planning.choosing import ask_about_outcomes
from dimona_provider.planning.foreseeing import foresee
from dimona_provider.planning.intake import plan_exports
from support import people
from support.clocks import START
from support.ledgers import ROUTES, RUN, row, rows, set_state
from support.register import FiledRegister

DAY = 86_400.0
SPECIAL = people.ssin(990)
FLEXI = {"worker": {"ssin": SPECIAL}, "worker_type": "FLX", "joint_committee": "302", **people.GOOD["FLX"]}
WITHOUT_MANDATE = "0999990420"


def plan(ledger, *records, now=START):
    if records:
        staging.stage(ledger, staging.new_export(), 1, records, now=now)
    return plan_exports(ledger, RUN, ROUTES, now=now)


def settle(ledger, nsso, now=START):
    """File what may go, and write the outcomes down."""
    states = {one.id: one.state for one in rows(ledger)}
    for one in rows(ledger):
        if one.state != State.PLANNED or (one.depends_on and states[one.depends_on] not in EFFECTIVE):
            continue
        body = json.loads(ledger.keys.decrypt(one.body))
        filed = nsso.take(body, dt.datetime.fromtimestamp(now, BRUSSELS))
        state = {"A": State.ACCEPTED, "W": State.WARNED}.get(filed.final.result, State.REFUSED)
        states[one.id] = state
        set_state(
            ledger,
            one.id,
            state=state,
            declaration_id=filed.id,
            period_id=filed.final.period_id or one.period_id,
            anomalies=" ".join(filed.final.anomalies),
            answered_at=now,
            changed_at=now,
        )


def kinds(ledger):
    return [(one.kind, one.state) for one in rows(ledger)]


def events(ledger, what):
    return [one.detail for one in rows(ledger, schema.events) if one.what == what]


def say(ledger, asked, option, now):
    return answering.answer(ledger, asked.reference, option, reason="test", now=now)


def asked_about(ledger, now=START + 60):
    ask_about_outcomes(ledger, now=now)
    return list(answering.questions(ledger))


@pytest.fixture
def nsso():
    return FiledRegister()


@pytest.fixture
def warned(ledger, nsso):
    """Give the question about a flexi-job whose conditions are not met."""
    plan(ledger, people.employment(**FLEXI))
    settle(ledger, nsso)
    (asked,) = asked_about(ledger)
    return asked


# --- accepted with a warning ---


def test_a_warned_flexi_job_is_asked_about_once_and_without_the_worker(ledger, warned):
    assert (warned.kind, warned.employments) == ("warned", ("E-1",))
    assert warned.options == ("keep", "correct", "approved", "cancel")
    assert ask_about_outcomes(ledger, now=START + 3600) == 0
    assert SPECIAL not in repr(rows(ledger, plan_schema.decisions))


def test_a_warned_student_may_be_kept_corrected_or_cancelled(ledger, nsso):
    plan(ledger, people.good("STU", worker={"ssin": SPECIAL}))
    settle(ledger, nsso)

    (asked,) = asked_about(ledger)

    assert asked.options == ("keep", "correct", "cancel")


def test_a_late_declaration_leaves_no_choice(ledger, nsso):
    plan(ledger, people.employment(start_date="2027-01-05"))
    settle(ledger, nsso)

    assert kinds(ledger) == [("IN", "warned")]
    assert asked_about(ledger) == []


def test_what_a_person_cancels_is_cancelled_by_the_next_plan_and_not_declared_again(ledger, nsso, warned):
    say(ledger, warned, "cancel", START + 120)

    foreseen = foresee(ledger, ROUTES, now=START + 180)
    taken = plan(ledger, now=START + 180)
    again = plan(ledger, now=START + 181)

    assert [one.kind for one in foreseen] == ["CANCEL"]
    assert (taken.recorded, again.recorded) == ({Recorded.NEW: 1}, {})
    settle(ledger, nsso, START + 240)
    assert kinds(ledger) == [("IN", "warned"), ("CANCEL", "accepted")]
    after = plan(ledger, people.employment(**FLEXI), now=START + 300)
    plan(ledger, now=START + 301)
    assert len(rows(ledger)) == 2, after.findings
    corrected = people.employment(worker={"ssin": SPECIAL}, end_date="2027-03-31")
    plan(ledger, corrected, now=START + 360)
    assert [one.kind for one in rows(ledger)] == ["IN", "CANCEL", "IN"]


@pytest.mark.parametrize("option", ["keep", "correct", "approved"])
def test_any_other_answer_files_nothing_and_is_an_event(ledger, warned, option):
    say(ledger, warned, option, START + 120)

    assert plan(ledger, now=START + 180).recorded == {}
    assert events(ledger, "decided") == [f"{warned.reference} warned: {option}; test"]
    assert asked_about(ledger, START + 3600) == []


def test_a_cancel_that_is_too_late_when_it_is_planned_is_told_and_not_filed(ledger, warned):
    say(ledger, warned, "cancel", START + 120)
    begun = dt.datetime(2027, 1, 20, 9, tzinfo=BRUSSELS).timestamp()

    taken = plan(ledger, now=begun)

    assert len(rows(ledger)) == 1
    assert ["too late" in one.reason for one in taken.findings] == [True]


def test_once_work_has_begun_no_cancel_is_offered(ledger, nsso):
    begun = dt.datetime(2027, 1, 20, 9, tzinfo=BRUSSELS).timestamp()
    plan(ledger, people.employment(**FLEXI), now=begun - 60)
    settle(ledger, nsso, begun - 60)

    (asked,) = asked_about(ledger, begun)

    assert "cancel" not in asked.options


def test_the_question_ends_when_the_cancel_becomes_unlawful(ledger, nsso):
    begun = dt.datetime(2027, 1, 20, 9, tzinfo=BRUSSELS).timestamp()
    plan(ledger, people.employment(**FLEXI), now=begun - 7200)
    settle(ledger, nsso, begun - 7200)

    (asked,) = asked_about(ledger, begun - 3600)

    assert asked.answer_by == begun


def test_an_old_outcome_is_not_asked_about(ledger, nsso):
    plan(ledger, people.employment(**{**FLEXI, "start_date": "2027-03-01", "end_date": "2027-03-01"}))
    settle(ledger, nsso)

    assert asked_about(ledger, START + 8 * DAY) == []


# --- payroll changes its wish between question and answer ---


def other_hours(**changes):
    return people.employment(**{**FLEXI, "end_hour": "1600", **changes})


def test_an_answer_to_what_payroll_has_changed_does_not_count(ledger, nsso, warned):
    plan(ledger, other_hours(), now=START + 90)

    with pytest.raises(DecisionRefused, match="payroll has changed"):
        say(ledger, warned, "cancel", START + 120)

    assert list(answering.questions(ledger)) == []
    settle(ledger, nsso, START + 150)
    plan(ledger, now=START + 180)
    assert [one.kind for one in rows(ledger)] == ["IN", "UPDATE"]


def test_a_change_after_the_answer_and_before_the_plan_takes_it_back(ledger, nsso, warned):
    say(ledger, warned, "cancel", START + 120)

    plan(ledger, other_hours(), now=START + 180)
    settle(ledger, nsso, START + 200)
    plan(ledger, people.employment(**FLEXI), now=START + 240)
    settle(ledger, nsso, START + 260)
    everybody = agenda.Scope(people.EMPLOYER)
    plan_exports(ledger, RUN, ROUTES, now=START + 300, scope=everybody)

    assert "CANCEL" not in [one.kind for one in rows(ledger)]


def late_withdrawal(ledger, nsso, late=START + 30 * DAY):
    plan(ledger, people.employment())
    settle(ledger, nsso)
    plan(ledger, people.employment(status="withdrawn"), now=late)
    (asked,) = answering.questions(ledger)
    return late, asked


def test_a_withdrawal_taken_back_and_made_again_is_asked_anew(ledger, nsso):
    late, asked = late_withdrawal(ledger, nsso)
    say(ledger, asked, "file", late + 60)

    plan(ledger, people.employment(), now=late + 120)
    taken = plan(ledger, people.employment(status="withdrawn"), now=late + 180)

    assert (taken.questions, len(rows(ledger))) == (1, 1)
    (again,) = answering.questions(ledger)
    assert (again.reference, again.answer, again.asked_at) == (asked.reference, None, late + 180)
    assert len(events(ledger, "asked_anew")) == 1
    say(ledger, again, "file", late + 240)
    assert plan(ledger, now=late + 300).recorded == {Recorded.NEW: 1}


def test_an_answer_to_a_withdrawal_that_was_taken_back_does_not_count(ledger, nsso):
    late, asked = late_withdrawal(ledger, nsso)
    plan(ledger, people.employment(), now=late + 60)

    with pytest.raises(DecisionRefused, match="payroll has changed"):
        say(ledger, asked, "file", late + 120)


def test_of_what_the_brake_held_only_the_unchanged_goes(ledger, nsso):
    def of(*numbers, **changes):
        return [
            people.employment(employment_id=f"E-{n}", worker={"ssin": people.ssin(n)}, **changes)
            for n in numbers
        ]

    plan(ledger, *of(*range(1, 21)))
    settle(ledger, nsso)
    plan(ledger, *of(*range(1, 7), status="ended", end_date="2027-02-26"), now=START + 60)
    (asked,) = answering.questions(ledger)
    plan(ledger, *of(1), now=START + 120)

    say(ledger, asked, "file", START + 180)
    plan(ledger, now=START + 240)

    assert [one.employment for one in rows(ledger) if one.kind == "OUT"] == [f"E-{n}" for n in range(2, 7)]
    plan(ledger, *of(1, status="ended", end_date="2027-02-26"), now=START + 300)
    assert [one.employment for one in rows(ledger) if one.kind == "OUT"][-1] == "E-1", "one end is no brake"


# --- refused for something outside of the declaration ---


@pytest.fixture
def refused(ledger, nsso):
    plan(ledger, people.employment(employer=WITHOUT_MANDATE))
    settle(ledger, nsso)
    return asked_about(ledger)[0]


def test_what_was_refused_for_a_mandate_may_be_filed_again(ledger, nsso, refused):
    assert (refused.kind, refused.options) == ("refused", ("keep", "correct", "again"))
    say(ledger, refused, "again", START + 120)

    taken = plan(ledger, now=START + 180)
    plan(ledger, now=START + 181)

    assert taken.recorded == {Recorded.NEW: 1}
    first, second = rows(ledger)
    assert (second.kind, second.basis) == ("IN", f"refused {first.reference}")
    settle(ledger, nsso, START + 200)
    plan(ledger, now=START + 240)
    assert len(rows(ledger)) == 2, "once is once"
    (another,) = asked_about(ledger, START + 300)
    say(ledger, another, "again", START + 360)
    plan(ledger, now=START + 400)
    assert len(rows(ledger)) == 3


def test_what_payroll_changed_after_a_refusal_is_not_filed_again(ledger, refused):
    say(ledger, refused, "again", START + 120)

    plan(ledger, people.employment(employer=WITHOUT_MANDATE, start_date="2027-01-21"), now=START + 180)

    assert [one.basis for one in rows(ledger)] == ["", ""]


def test_a_refusal_for_what_the_declaration_says_leaves_no_choice(ledger, nsso):
    plan(ledger, people.employment())
    set_state(ledger, 1, state="refused", declaration_id=1, anomalies="00911-014", answered_at=START)

    assert asked_about(ledger) == []


# --- unclear ---


@pytest.fixture
def unclear(ledger):
    """Give when the machine has looked long enough for a declaration of which nobody knows."""
    plan(ledger, people.employment())
    with ledger.write() as connection:
        attempt = {"intent": 1, "claim": "c", "claimed_at": START, "sent_at": START}
        connection.execute(schema.attempts.insert().values(attempt))
    set_state(ledger, 1, state="unclear", claim="c")
    return START + SHOWS_AFTER + 61


def test_what_is_unclear_is_asked_about_when_it_must_show(ledger, unclear):
    assert asked_about(ledger, unclear - 60) == []

    (asked,) = asked_about(ledger, unclear)

    assert (asked.kind, asked.options) == ("unclear", ("keep", "not_filed"))


def test_what_a_person_did_not_find_is_planned_again_and_may_be_asked_about_again(ledger, unclear):
    (asked,) = asked_about(ledger, unclear)

    assert say(ledger, asked, "not_filed", unclear + 60)
    assert not say(ledger, asked, "not_filed", unclear + 61)

    assert row(ledger, 1).state == "planned"
    assert len(events(ledger, "resolved")) == len(events(ledger, "decided")) == 1
    with ledger.write() as connection:
        attempt = {"intent": 1, "claim": "d", "claimed_at": unclear + 90, "sent_at": unclear + 90}
        connection.execute(schema.attempts.insert().values(attempt))
    set_state(ledger, 1, state="unclear")
    later = unclear + 100 + SHOWS_AFTER + 61
    assert ask_about_outcomes(ledger, now=later) == 1
    (again,) = answering.questions(ledger)
    assert say(ledger, again, "not_filed", later + 60)
    assert row(ledger, 1).state == "planned"


def test_an_answer_whose_process_died_half_way_is_given_again(ledger, unclear):
    (asked,) = asked_about(ledger, unclear)
    resolve_not_filed(ledger, row(ledger, 1).reference, reason="then killed", now=unclear + 60)

    assert say(ledger, asked, "not_filed", unclear + 61)

    assert len(events(ledger, "resolved")) == len(events(ledger, "decided")) == 1


def test_what_settled_itself_takes_no_answer(ledger, unclear):
    (asked,) = asked_about(ledger, unclear)
    set_state(ledger, 1, state="accepted", declaration_id=5, period_id=5)

    for option in ("not_filed", "keep"):
        with pytest.raises(DecisionRefused, match="is accepted by now"):
            say(ledger, asked, option, unclear + 60)
    assert list(answering.questions(ledger)) == []
    assert askings.collect(ledger, "run 1/collect", now=unclear + 60) == []


def test_what_payroll_wishes_otherwise_is_never_sent_again(ledger, unclear):
    (asked,) = asked_about(ledger, unclear)
    plan(ledger, people.employment(status="withdrawn"), now=unclear + 30)

    with pytest.raises(DecisionRefused, match="payroll has changed"):
        say(ledger, asked, "not_filed", unclear + 60)

    assert row(ledger, 1).state == "unclear"


def test_an_unknown_letter_is_what_a_person_says_it_is(ledger, unclear):
    set_state(ledger, 1, declaration_id=5, result="R")
    (asked,) = asked_about(ledger, unclear)

    say(ledger, asked, "accepted", unclear + 60)

    assert (asked.kind, row(ledger, 1).state) == ("unread", "accepted")


# --- put together ---


def test_an_employer_is_asked_once_a_day(ledger, warned):
    first = askings.collect(ledger, "run 1/collect", now=START + 60)
    retried = askings.collect(ledger, "run 1/collect", now=START + 90)
    plan(ledger, people.employment(employment_id="E-2", worker={"ssin": people.ssin(2)}), now=START + 90)
    set_state(ledger, 2, state="accepted", declaration_id=7, period_id=656310000103)
    set_state(ledger, 2, answered_at=START + 90)
    plan(
        ledger,
        people.employment(employment_id="E-2", worker={"ssin": people.ssin(2)}, status="withdrawn"),
        now=START + 6 * DAY,
    )
    second = askings.collect(ledger, "run 2/collect", now=START + 6 * DAY)
    same_day = askings.collect(ledger, "run 3/collect", now=START + 6 * DAY + 60)

    assert [one.employer for one in first] == [people.EMPLOYER]
    assert retried == first
    assert [one.reference for one in second] != [one.reference for one in first]
    assert same_day == []
    assert [one.reference for one in askings.still_open(ledger, first[0], now=START + 60)] == [
        warned.reference
    ]


def test_what_would_be_too_late_tomorrow_is_asked_the_same_day(ledger, nsso, warned):
    askings.collect(ledger, "run 1/collect", now=START + 60)
    soon = {"start_date": "2027-01-15", "end_date": "2027-01-15", "start_hour": "1700", "end_hour": "2000"}
    worker = {"ssin": people.ssin(991)}
    plan(
        ledger, people.employment(**{**FLEXI, **soon, "worker": worker}, employment_id="E-2"), now=START + 90
    )
    settle(ledger, nsso, START + 90)
    ask_about_outcomes(ledger, now=START + 120)

    (again,) = askings.collect(ledger, "run 2/collect", now=START + 120)

    assert again.answer_by == dt.datetime(2027, 1, 15, 17, tzinfo=BRUSSELS).timestamp()


def test_silence_is_an_event_and_changes_no_row(ledger, warned):
    (asking,) = askings.collect(ledger, "run 1/collect", now=START + 60)
    late = asking.answer_by + 1

    askings.end(ledger, asking, [warned], now=late)
    askings.end(ledger, asking, [warned], now=late + 1)

    assert events(ledger, "unanswered") == [f"{warned.reference} warned: nobody answered in time, keep holds"]
    assert next(answering.questions(ledger)).holds(late) == "keep"
    assert askings.collect(ledger, "run 2/collect", now=late) == []
    assert plan(ledger, now=late).recorded == {}


def test_a_flexi_period_that_a_person_cancelled_is_not_declared_again_as_a_gap(ledger, nsso):
    hours = {"start_hour": None, "end_hour": None}
    wish = {**FLEXI, **hours, "start_date": "2027-01-20", "end_date": "2027-02-10"}
    longer = people.employment(**{**wish, "end_date": "2027-03-10"})
    later = START + 10 * DAY
    plan(ledger, people.employment(**wish))
    settle(ledger, nsso)
    plan(ledger, longer, now=later)
    settle(ledger, nsso, later)
    further = next(one for one in asked_about(ledger, later + 60) if "cancel" in one.options)
    say(ledger, further, "cancel", later + 120)
    plan(ledger, now=later + 180)
    settle(ledger, nsso, later + 240)

    taken = plan_exports(ledger, RUN, ROUTES, now=later + 300, scope=agenda.Scope(people.EMPLOYER))

    assert [one[0] for one in kinds(ledger)] == ["IN", "IN", "CANCEL"]
    assert any("cancelled by a person" in one.reason for one in taken.findings)
