"""Wishes through the ledger: kept, planned, filed at the simulated NSSO's rules, and planned again."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from dimona_provider.api.wire import read_filing
from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.domain.outcome import EFFECTIVE, OPEN, State
from dimona_provider.domain.planning.differences import TIMES
from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger import (
    agenda,
    answering,
    batches,
    claims,
    history,
    intents,
    overdue,
    plan_schema,
    schema,
    staging,
)
from dimona_provider.ledger.intents import Recorded
from dimona_provider.planning import plan_run
from dimona_provider.planning.histories import stand
from dimona_provider.planning.identity import make_intent
from dimona_provider.planning.intake import plan_exports, take_source
from support import people
from support.clocks import START
from support.histories import histories
from support.ledgers import ENVIRONMENT, ROUTES, RUN, new_batch, row, rows, set_state
from support.register import FiledRegister

ONE_DATABASE = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
NOW = dt.datetime.fromtimestamp(START, BRUSSELS)


def plan(ledger, *records, now=START):
    if records:
        staging.stage(ledger, staging.new_export(), 1, records, now=now)
    return plan_exports(ledger, RUN, ROUTES, now=now)


def body(ledger, one):
    return json.loads(ledger.keys.decrypt(one.body))


def people_of(count, **changes):
    return [
        people.employment(employment_id=f"E-{number}", worker={"ssin": people.ssin(number)}, **changes)
        for number in range(1, count + 1)
    ]


def settle(ledger, nsso, now=START):
    """File what may go, as a sender would, and write the outcomes down; return the results."""
    results = []
    while True:
        states = {one.id: one.state for one in rows(ledger)}
        ready = [
            one
            for one in rows(ledger)
            if one.state == State.PLANNED and (one.depends_on is None or states[one.depends_on] in EFFECTIVE)
        ]
        if not ready:
            return results
        for one in ready:
            filed = nsso.take(body(ledger, one), dt.datetime.fromtimestamp(now, BRUSSELS))
            state = {"A": State.ACCEPTED, "W": State.WARNED}.get(filed.final.result, State.REFUSED)
            period = filed.final.period_id or one.period_id
            codes = " ".join(filed.final.anomalies)
            set_state(ledger, one.id, state=state, declaration_id=filed.id, period_id=period, anomalies=codes)
            results.append((one.kind, filed.final.result))


def kinds(ledger):
    return [(one.kind, one.state) for one in rows(ledger)]


def worker_of(ledger):
    return rows(ledger, plan_schema.employments)[0].worker_hash


def test_an_end_is_declared_once_the_start_is(ledger):
    nsso = FiledRegister()
    plan(ledger, people.employment())
    settle(ledger, nsso)

    taken = plan(ledger, people.employment(status="ended", end_date="2027-02-26"))

    (_, out) = rows(ledger)
    assert taken.recorded == {Recorded.NEW: 1}
    assert body(ledger, out)["dimonaOut"]["endDate"] == "2027-02-26"
    assert (out.subject, out.employment) == (f"period {out.period_id}", "E-1")
    assert out.file_by == dt.datetime(2027, 3, 2, tzinfo=BRUSSELS).timestamp()
    assert settle(ledger, nsso) == [("OUT", "A")]
    assert plan(ledger).recorded == {}


def test_there_and_back_again_are_three_updates(ledger):
    nsso = FiledRegister()
    for end in ("2027-03-31", "2027-04-30", "2027-03-31", "2027-04-30"):
        plan(ledger, people.employment(end_date=end))
        settle(ledger, nsso)

    assert kinds(ledger) == [("IN", "accepted"), *[("UPDATE", "accepted")] * 3]


def test_cancel_and_in_are_written_down_together_and_go_one_after_the_other(ledger):
    nsso = FiledRegister()
    plan(ledger, people.employment())
    settle(ledger, nsso)

    plan(ledger, people.employment(joint_committee="140"))

    _, cancel, declared = rows(ledger)
    assert (cancel.kind, declared.kind) == ("CANCEL", "IN")
    assert declared.depends_on == cancel.id
    assert plan(ledger).recorded == {}
    assert settle(ledger, nsso) == [("CANCEL", "A"), ("IN", "A")]
    assert plan(ledger, people.employment(joint_committee="140")).recorded == {Recorded.KNOWN: 1}


def test_what_was_withdrawn_and_comes_back_is_declared_again(ledger):
    nsso = FiledRegister()
    for status in ("active", "withdrawn", "active"):
        plan(ledger, people.employment(status=status))
        settle(ledger, nsso)

    assert kinds(ledger) == [("IN", "accepted"), ("CANCEL", "accepted"), ("IN", "accepted")]


@pytest.mark.parametrize("state", sorted(OPEN), ids=str)
def test_nothing_is_filed_beside_something_open_of_the_same_period(ledger, state):
    nsso = FiledRegister()
    plan(ledger, people.employment(end_date="2027-03-31"))
    settle(ledger, nsso)
    plan(ledger, people.employment(end_date="2027-04-30"))
    set_state(ledger, 2, state=state)

    taken = plan(ledger, people.employment(end_date="2027-05-31"))

    assert len(rows(ledger)) == 2
    assert taken.recorded == {Recorded.WAITING: 1}
    set_state(ledger, 2, state=State.PLANNED)
    settle(ledger, nsso)
    assert plan(ledger).recorded == {Recorded.NEW: 1}
    assert settle(ledger, nsso) == [("UPDATE", "A")]


def test_employments_of_one_student_in_several_exports_become_one_period(ledger):
    nsso = FiledRegister()
    student = {"worker_type": "STU", "end_date": "2027-03-01"}
    plan(ledger, people.employment(employment_id="S-1", planned_hours=20.5, **student))
    settle(ledger, nsso)
    plan(ledger, people.employment(employment_id="S-2", planned_hours=9, **student))
    settle(ledger, nsso)

    assert [body(ledger, one).get("dimonaUpdate", {}).get("plannedHoursNumber") for one in rows(ledger)] == [
        None,
        30,
    ]
    assert [(one.intent, one.employment) for one in serves(ledger)] == [(1, "S-1"), (2, "S-1"), (2, "S-2")]


def serves(ledger):
    with ledger.read() as connection:
        table = plan_schema.served
        return list(connection.execute(table.select().order_by(table.c.intent, table.c.employment)))


def test_what_is_too_early_is_planned_on_its_day_without_payroll(ledger):
    opens = dt.datetime(2027, 2, 14, tzinfo=BRUSSELS).timestamp()
    record = people.good("O17", start_date="2027-03-01")

    early = plan(ledger, record)

    assert [one.field for one in early.findings] == ["start_date"]
    assert plan(ledger, now=opens - 1).recorded == {}
    assert plan(ledger, now=opens).recorded == {Recorded.NEW: 1}


def test_a_late_withdrawal_is_asked_once_and_never_filed(ledger):
    nsso = FiledRegister()
    plan(ledger, people.employment())
    settle(ledger, nsso)
    late = START + 30 * 86_400

    taken = plan(ledger, people.employment(status="withdrawn"), now=late)
    again = plan(ledger, people.employment(status="withdrawn"), now=late + 60)

    (asked,) = rows(ledger, plan_schema.decisions)
    assert (asked.kind, asked.options.split()[0], json.loads(asked.employments)) == (
        "late_cancel",
        "keep",
        ["E-1"],
    )
    assert json.loads(ledger.keys.decrypt(asked.body))[0]["declaration"]["dimonaCancel"]["periodId"]
    assert (taken.questions, again.questions, len(rows(ledger))) == (1, 0, 1)
    assert "to be decided" in taken.findings[0].reason


def test_many_ends_at_once_are_a_question_and_new_people_go_on(ledger):
    nsso = FiledRegister()

    plan(ledger, *people_of(20))
    settle(ledger, nsso)
    new = people.employment(employment_id="E-99", worker={"ssin": people.ssin(99)})

    taken = plan(ledger, *people_of(6, status="ended", end_date="2027-02-26"), new)
    again = plan(ledger)

    assert taken.recorded[Recorded.NEW] == 1
    assert (taken.questions, again.questions) == (1, 0)
    (asked,) = rows(ledger, plan_schema.decisions)
    assert (asked.kind, len(json.loads(asked.employments))) == ("brake", 6)


def test_what_a_person_cancelled_is_listed_and_not_declared_again(ledger):
    nsso = FiledRegister()
    plan(ledger, people.employment())
    settle(ledger, nsso)
    number = rows(ledger)[0].period_id
    item = {"reference": "E-1", "declaration": {"dimonaCancel": {"periodId": number}}}
    take_source(ledger, RUN, ROUTES.default, "by hand", [item], now=START)

    assert plan(ledger).recorded == {}
    settle(ledger, nsso)
    taken = plan(ledger)

    assert [one.reason for one in taken.findings if "cancelled by a person" in one.reason]
    assert len(rows(ledger)) == 2


def test_a_period_whose_content_was_purged_is_left_alone(ledger):
    nsso = FiledRegister()
    plan(ledger, people.employment())
    settle(ledger, nsso)
    set_state(ledger, 1, body=b"")

    taken = plan(ledger, people.employment(end_date="2027-03-31"))

    assert "purged" in taken.findings[0].reason
    assert len(rows(ledger)) == 1


def test_the_last_word_of_a_page_counts(ledger):
    plan(ledger, people.employment(end_date="2027-03-31"), people.employment(end_date="2027-04-30"))

    (declared,) = rows(ledger)
    assert body(ledger, declared)["dimonaIn"]["endDate"] == "2027-04-30"


def test_what_somebody_else_wrote_down_meanwhile_is_left_to_the_unique_indexes(ledger):
    with ledger.write() as connection:
        new = make_intent(ledger, connection, ENVIRONMENT, "E-1", read_filing(people.in_body()))
        other = replace(new, subject="employment E-2")
        first = intents.record_all(ledger, connection, [new], now=START)
        second = intents.record_all(ledger, connection, [new, other], now=START)

    assert [one is None for one in (*first, *second)] == [False, True, False]
    assert [one.subject for one in rows(ledger)] == ["employment E-1", "employment E-2"]


def test_a_new_worker_costs_no_statements_of_his_own(ledger):
    statements = []
    sa.event.listen(ledger.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    workers = [(f"E-{number}", {"ssin": people.ssin(number)}) for number in range(1, 41)]
    plan(ledger, *[people.employment(employment_id=name, worker=worker) for name, worker in workers])

    assert len(rows(ledger)) == 40
    assert len(statements) < 40


@ONE_DATABASE
def test_generated_histories_end_the_same_in_the_ledger_and_at_the_nsso(ledger):
    filed, nsso = 0, FiledRegister()
    for number, (name, made) in enumerate(histories(40, seed=11)):
        ssin = people.ssin(number + 1)
        for _ in range(6):
            made.step()
            now = made.now.timestamp()
            plan(ledger, *(renamed(record, number, ssin) for record in made.records.values()), now=now)
            for _ in range(3):
                results = settle(ledger, nsso, now)
                filed += len(results)
                assert "B" not in dict(map(reversed, results)), f"{name}: {results}"
                plan(ledger, now=now)
            assert not [one for one in rows(ledger) if one.state == State.PLANNED], name
        assert standing(ledger, ssin) == at_the_nsso(nsso, ssin), name
    assert filed > 100


def renamed(record, number, ssin):
    return {**record, "employment_id": f"{number}-{record['employment_id']}", "worker": {"ssin": ssin}}


def standing(ledger, ssin):
    from dimona_provider.domain.identifiers import Ssin

    with ledger.read() as connection:
        worker = ledger.keys.worker_hash(Ssin(ssin))
        declared = history.of_workers(ledger, connection, ENVIRONMENT, [worker])
        return told(stand(declared.get(worker, ())).known)


def at_the_nsso(nsso, ssin):
    nsso.serves = dict.fromkeys(nsso.register._periods, frozenset())
    return told(nsso.known((people.EMPLOYER, people.OTHER_EMPLOYER), ssin))


def told(periods):
    return sorted(
        (one.period_id.number, one.is_cancelled, *(str(getattr(one.content, name)) for name in TIMES))
        for one in periods
    )


def routes_ahead(days):
    return replace(ROUTES, days_ahead={"dimona_default": days})


def plan_ahead(ledger, days, *records, now=START, scope=None):
    if records:
        staging.stage(ledger, staging.new_export(), 1, records, now=now)
    return plan_exports(ledger, RUN, routes_ahead(days), now=now, scope=scope)


@pytest.mark.parametrize("exports_again", [True, False])
def test_what_starts_beyond_the_window_is_filed_on_its_day(ledger, exports_again):
    record = people.employment(start_date="2027-03-01")
    opens = dt.datetime(2027, 2, 22, tzinfo=BRUSSELS).timestamp()
    again = [record] if exports_again else []

    early = plan_ahead(ledger, {"*": 7}, record)

    assert [one.field for one in early.findings] == ["start_date"]
    plan_ahead(ledger, {"*": 7}, *again, now=opens - 1)
    assert not rows(ledger)
    assert plan_ahead(ledger, {"*": 7}, *again, now=opens).recorded[Recorded.NEW] == 1
    assert kinds(ledger) == [("IN", "planned")]


def test_each_employer_has_its_own_window(ledger):
    far = {"start_date": "2027-03-01"}
    other = people.employment(
        employment_id="E-2", employer=people.OTHER_EMPLOYER, worker={"ssin": people.ssin(2)}, **far
    )

    plan_ahead(ledger, {people.EMPLOYER: 7, "*": 90}, people.employment(**far), other)

    assert [one.employment for one in rows(ledger)] == ["E-2"]


def test_a_changed_period_and_its_replacement_wait_for_no_window(ledger):
    nsso = FiledRegister()
    plan(ledger, people.employment(start_date="2027-03-01"))
    settle(ledger, nsso)

    plan_ahead(ledger, {"*": 7}, people.employment(start_date="2027-03-01", joint_committee="140"))

    assert [one.kind for one in rows(ledger)] == ["IN", "CANCEL", "IN"]


def test_a_plan_of_some_employments_leaves_the_others_to_the_next(ledger):
    some = agenda.Scope(people.EMPLOYER, frozenset({"E-2"}))
    records = [people.employment(employment_id=f"E-{n}", worker={"ssin": people.ssin(n)}) for n in (1, 2, 3)]

    plan_ahead(ledger, {}, *records, scope=some)

    assert [one.employment for one in rows(ledger)] == ["E-2"]
    plan(ledger)
    assert [one.employment for one in rows(ledger)] == ["E-2", "E-1", "E-3"]


def test_a_batch_of_some_employments_takes_no_others(ledger):
    plan(ledger, people.employment(), people.employment(employment_id="E-2", worker={"ssin": people.ssin(2)}))

    (reference,) = batches.assign(
        ledger, RUN, ROUTES, now=START, scope=agenda.Scope(employments=frozenset({"E-2"}))
    )

    assert [one.batch for one in rows(ledger)] == [None, reference]


def late_withdrawal(ledger, nsso):
    """Let payroll withdraw what has begun; return when it did, and what is asked."""
    plan(ledger, people.employment())
    settle(ledger, nsso)
    late = START + 30 * 86_400
    plan(ledger, people.employment(status="withdrawn"), now=late)
    (asked,) = answering.questions(ledger)
    return late, asked


def test_a_late_cancel_that_a_person_wants_is_filed_once(ledger):
    nsso = FiledRegister()
    late, asked = late_withdrawal(ledger, nsso)

    assert answering.answer(ledger, asked.reference, "file", reason="never came", now=late + 60)
    assert not answering.answer(ledger, asked.reference, "file", reason="never came", now=late + 61)
    taken = plan(ledger, now=late + 120)
    again = plan(ledger, now=late + 180)

    assert (taken.recorded, taken.questions, again.recorded) == ({Recorded.NEW: 1}, 0, {})
    assert kinds(ledger)[1:] == [("CANCEL", "planned")]
    assert [
        (one.what, one.actor, one.detail) for one in rows(ledger, schema.events) if one.what == "decided"
    ] == [("decided", ledger.actor, f"{asked.reference} late_cancel: file; never came")]
    settle(ledger, nsso, now=late + 240)
    assert plan(ledger, people.employment(status="withdrawn"), now=late + 300).questions == 0
    assert list(answering.questions(ledger)) == []


@pytest.mark.parametrize("option", ["keep", "correct"])
def test_what_a_person_keeps_is_not_filed_and_not_asked_again(ledger, option):
    late, asked = late_withdrawal(ledger, FiledRegister())

    answering.answer(ledger, asked.reference, option, reason="worked", now=late + 60)
    taken = plan(ledger, people.employment(status="withdrawn"), now=late + 120)

    assert (taken.recorded, taken.questions, len(rows(ledger))) == ({}, 0, 1)
    assert f"decided to {option}" in taken.findings[0].reason
    assert list(answering.questions(ledger)) == []


def test_silence_keeps_and_may_be_broken_later(ledger):
    late, asked = late_withdrawal(ledger, FiledRegister())
    after = asked.answer_by + 1

    assert (asked.holds(late), asked.holds(after)) == (None, "keep")
    assert plan(ledger, now=after).recorded == {}
    answering.answer(ledger, asked.reference, "file", reason="found out late", now=after)
    assert plan(ledger, now=after + 1).recorded == {Recorded.NEW: 1}


def test_an_old_answer_files_nothing_that_payroll_wishes_no_more(ledger):
    late, asked = late_withdrawal(ledger, FiledRegister())
    answering.answer(ledger, asked.reference, "file", reason="never came", now=late + 60)

    taken = plan(ledger, people.employment(), now=late + 120)

    assert (taken.recorded, len(rows(ledger))) == ({Recorded.KNOWN: 1}, 1)


def test_an_answer_whose_declarations_no_key_opens_stops_no_plan(ledger):
    late, asked = late_withdrawal(ledger, FiledRegister())
    answering.answer(ledger, asked.reference, "file", reason="never came", now=late + 60)
    with ledger.write() as connection:
        connection.execute(plan_schema.decisions.update().values(body=b"lost"))

    taken = plan(ledger, now=late + 120)

    assert (taken.recorded, len(rows(ledger))) == ({}, 1)
    assert "decided to file" in taken.findings[0].reason


def test_ends_that_the_brake_held_go_when_a_person_says_so(ledger):
    nsso = FiledRegister()

    plan(ledger, *people_of(20))
    settle(ledger, nsso)
    plan(ledger, *people_of(6, status="ended", end_date="2027-02-26"))
    (asked,) = answering.questions(ledger)
    answering.answer(ledger, asked.reference, "file", reason="the shop closes", now=START)

    taken = plan(ledger)
    results = settle(ledger, nsso)

    assert (taken.recorded, taken.questions) == ({Recorded.NEW: 6}, 0)
    assert results == [("OUT", "A")] * 6


@pytest.mark.parametrize(
    ("reference", "option", "said"),
    [
        ("nobody", "file", "no such question"),
        (None, "cancel", "may be answered with keep"),
        (None, "keep", "anew"),
    ],
)
def test_what_is_no_answer_changes_nothing(ledger, reference, option, said):
    late, asked = late_withdrawal(ledger, FiledRegister())
    answering.answer(ledger, asked.reference, "file", reason="never came", now=late)

    with pytest.raises(DecisionRefused, match=said):
        answering.answer(ledger, reference or asked.reference, option, reason="no", now=late + 1)

    assert [one.answer for one in answering.questions(ledger, only_open=False)] == ["file"]


# --- planned in time, and not sent in time ---


def claim_all(ledger, now):
    """Put what is planned into a batch and claim it, as a run that begins at *now* does."""
    batch = new_batch(ledger)
    for one in rows(ledger):
        if one.state == State.PLANNED:
            set_state(ledger, one.id, batch=batch)
    return claims.claim(ledger, batch, "sender", limit=100, now=now)


def test_a_cancel_that_did_not_leave_in_time_becomes_a_question(ledger):
    nsso = FiledRegister()
    plan(ledger, people.employment())
    settle(ledger, nsso)
    plan(ledger, people.employment(status="withdrawn"))
    cancel = rows(ledger)[1]
    late = cancel.file_by + 60

    assert claim_all(ledger, late) == [], "the scheduler was down until after the deadline"

    assert (row(ledger, cancel.id).state, row(ledger, cancel.id).reason) == ("refused", overdue.TOO_LATE)
    assert plan(ledger, now=late + 60).questions == 1
    (asked,) = answering.questions(ledger)
    assert (asked.kind, asked.options[0]) == ("late_cancel", "keep")
    assert claim_all(ledger, late + 90) == []
    answering.answer(ledger, asked.reference, "file", reason="never came", now=late + 120)
    assert plan(ledger, now=late + 180).recorded == {Recorded.NEW: 1}
    assert len(claim_all(ledger, late + 240)) == 1, "a person wants it"


def test_a_replacement_that_did_not_leave_in_time_is_given_up_together(ledger):
    nsso = FiledRegister()
    plan(ledger, people.employment())
    settle(ledger, nsso)
    plan(ledger, people.employment(joint_committee="140"))
    late = rows(ledger)[1].file_by + 60

    assert claim_all(ledger, late) == []

    assert [one.state for one in rows(ledger)[1:]] == ["refused", "refused"]
    assert plan(ledger, now=late + 60).questions == 1
    (asked,) = answering.questions(ledger)
    answering.answer(ledger, asked.reference, "file", reason="wrong sector", now=late + 120)
    assert plan(ledger, now=late + 180).recorded == {Recorded.NEW: 2}
    assert settle(ledger, nsso, now=late + 240) == [("CANCEL", "A"), ("IN", "W")]


STUDENT = {
    "worker_type": "STU",
    "start_date": "2027-02-01",
    "end_date": "2027-02-28",
    "planned_hours": 60,
}


def change_of(ledger, nsso, **hired):
    """Declare somebody, and plan that the end moves; return the UPDATE."""
    plan(ledger, people.employment(**hired))
    settle(ledger, nsso)
    plan(ledger, people.employment(**hired | {"end_date": "2027-02-20"}))
    update = rows(ledger)[1]
    assert (update.kind, update.state) == ("UPDATE", "planned")
    return update


def test_a_change_that_would_spoil_the_whole_period_becomes_a_question_when_it_is_late(ledger):
    nsso = FiledRegister()
    update = change_of(ledger, nsso, **STUDENT)
    late = update.file_by + 60

    assert claim_all(ledger, late) == []

    assert (row(ledger, update.id).state, row(ledger, update.id).reason) == ("refused", overdue.TOO_LATE)
    assert plan(ledger, now=late + 60).questions == 1
    (asked,) = answering.questions(ledger)
    assert asked.kind == "late_change"
    answering.answer(ledger, asked.reference, "file", reason="left early", now=late + 120)
    assert plan(ledger, now=late + 180).recorded == {Recorded.NEW: 1}
    assert len(claim_all(ledger, late + 240)) == 1, "a person wants it"


def test_a_change_that_spoils_nothing_leaves_late(ledger):
    update = change_of(ledger, FiledRegister(), start_date="2027-02-01", end_date="2027-02-28")

    (claimed,) = claim_all(ledger, update.file_by + 60)

    assert (claimed.id, claimed.leave_by) == (update.id, None)


def test_a_change_in_time_is_claimed_until_its_deadline(ledger):
    update = change_of(ledger, FiledRegister(), **STUDENT)

    (claimed,) = claim_all(ledger, update.file_by - 1)

    assert claimed.leave_by == update.file_by


def test_a_cancel_in_time_is_claimed_until_its_deadline(ledger):
    nsso = FiledRegister()
    plan(ledger, people.employment())
    settle(ledger, nsso)
    plan(ledger, people.employment(status="withdrawn"))
    until = rows(ledger)[1].file_by

    (claimed,) = claim_all(ledger, until - 1)

    assert claimed.leave_by == until


# --- what a brake held, once the rest is no longer unusual ---


def braked(ledger, nsso):
    """Let a plan hold the ends of six of twenty; return the question."""
    plan(ledger, *people_of(20))
    settle(ledger, nsso)
    plan(ledger, *people_of(6, status="ended", end_date="2027-02-26"))
    (asked,) = answering.questions(ledger)
    return asked


@pytest.mark.parametrize("option", ["keep", "correct", None])
def test_what_the_brake_held_is_not_filed_because_the_rest_was_corrected(ledger, option):
    asked = braked(ledger, FiledRegister())
    if option:
        answering.answer(ledger, asked.reference, option, reason="a wrong export", now=START + 60)

    plan(ledger, *people_of(5), now=START + 120)
    plan(ledger, now=START + 180)

    assert "OUT" not in [one.kind for one in rows(ledger)]


def test_what_the_brake_held_is_not_filed_by_a_plan_of_one_employment(ledger):
    asked = braked(ledger, FiledRegister())
    answering.answer(ledger, asked.reference, "keep", reason="a wrong export", now=START + 60)

    plan_exports(ledger, RUN, ROUTES, now=START + 120, scope=agenda.Scope(employments=frozenset({"E-1"})))

    assert "OUT" not in [one.kind for one in rows(ledger)]


def test_what_the_brake_held_goes_once_payroll_says_it_anew(ledger):
    braked(ledger, FiledRegister())

    plan(ledger, *people_of(6), now=START + 60)
    plan(ledger, *people_of(1, status="ended", end_date="2027-02-26"), now=START + 120)

    assert [one.employment for one in rows(ledger) if one.kind == "OUT"] == ["E-1"]


# --- an answer while a plan runs ---


def test_an_answer_that_comes_while_a_plan_runs_is_not_lost(ledger, monkeypatch):
    late, asked = late_withdrawal(ledger, FiledRegister())
    plan(ledger, people.employment(employment_id="E-2", worker={"ssin": people.ssin(2)}), now=late + 60)
    worker = worker_of(ledger)

    def answered_after_the_first(due):
        yield [one for one in due if one.worker_hash != worker]
        answering.answer(ledger, asked.reference, "file", reason="never came", now=late + 121)
        yield [one for one in due if one.worker_hash == worker]

    with monkeypatch.context() as patched:
        patched.setattr(plan_run, "in_slices", answered_after_the_first)
        plan_exports(ledger, RUN, ROUTES, now=late + 120, scope=agenda.Scope(people.EMPLOYER))
    plan(ledger, now=late + 180)

    assert [one.kind for one in rows(ledger) if one.employment == "E-1"] == ["IN", "CANCEL"]
