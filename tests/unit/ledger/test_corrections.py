"""A corrected wish takes the place of a request that the service refused, and of nothing else."""

from __future__ import annotations

import threading

import pytest

from dimona_provider.domain.outcome import State
from dimona_provider.ledger import batches, claims, open_ledger, schema, staging, switch
from dimona_provider.ledger.attempts import Attempted, Verdict, record_attempts
from dimona_provider.ledger.intents import Recorded
from dimona_provider.ledger.retention import purge
from dimona_provider.planning.intake import plan_exports, take_source
from support import people
from support.clocks import START
from support.ledgers import ROUTES, RUN, file_all, rows, set_state, states

FIRST, SECOND, THIRD = (people.employment(start_date=f"2027-0{month}-01") for month in (1, 2, 3))
STUDENT = {"worker_type": "STU", "end_date": "2027-03-01", "planned_hours": 40}
PERIOD = 656309292174


def plan(ledger, *records):
    staging.stage(ledger, staging.new_export(), 1, records, now=START)
    return plan_exports(ledger, RUN, ROUTES, now=START)


def take(ledger, *items, origin):
    return take_source(ledger, RUN, ROUTES.default, origin, items, now=START)


def answer(ledger, verdict, *, detail="HTTP 400", batch=None):
    """Let the service answer what is planned with *verdict*; gives the intents."""
    for reference in [batch] if batch else batches.assign(ledger, RUN, ROUTES, now=START):
        token = f"sender {len(rows(ledger, schema.attempts))}"
        for one in claims.claim(ledger, reference, token, limit=100, now=START):
            end = Attempted(one.id, verdict, sent_at=START, read_at=START, detail=detail)
            record_attempts(ledger, token, [end], now=START)


def hold(ledger, *records):
    """Plan what the service then refuses with HTTP 400."""
    plan(ledger, *records)
    answer(ledger, Verdict.REFUSED)


def events(ledger, intent):
    return [(one.what, one.detail) for one in rows(ledger, schema.events) if one.intent == intent]


def test_a_corrected_wish_is_planned_and_the_refused_request_ends(ledger):
    hold(ledger, FIRST)

    taken = plan(ledger, SECOND)

    old, new = rows(ledger)
    assert (taken.recorded, taken.corrected, taken.findings) == ({Recorded.NEW: 1}, 1, [])
    assert (old.state, new.state) == ("refused", "planned")
    assert old.reason == "HTTP 400; payroll corrected it"
    assert events(ledger, old.id)[-1] == (
        "corrected",
        f"payroll corrected it: {new.reference} takes its place",
    )


def test_the_same_wish_again_stays_held(ledger):
    hold(ledger, FIRST)

    taken = plan(ledger, FIRST)

    assert (taken.recorded, taken.corrected) == ({Recorded.KNOWN: 1}, 0)
    assert states(ledger) == ["held"]


@pytest.mark.parametrize(
    "corrected",
    [
        pytest.param({"worker": {"ssin": people.OTHER_SSIN}}, id="another number"),
        pytest.param({"worker": people.identity(family_name="Zwarteweg")}, id="another name"),
    ],
)
def test_a_corrected_worker_is_a_correction_too(ledger, corrected):
    worker = {"ssin": people.SSIN} if "ssin" in corrected["worker"] else people.identity()
    hold(ledger, people.employment(worker=worker))

    taken = plan(ledger, people.employment(**corrected))

    assert taken.corrected == 1
    assert states(ledger) == ["refused", "planned"]


def test_a_corrected_name_beside_the_same_number_is_a_correction_too(ledger):
    def item(name):
        body = people.in_body()
        worker = {**body["worker"], "familyName": name}
        return {"reference": "E-1", "declaration": {**body, "worker": worker}}

    batch, _ = take(ledger, item("Peeters"), origin="first")
    answer(ledger, Verdict.REFUSED, batch=batch)

    _, corrected = take(ledger, item("Pieters"), origin="second")
    _, again = take(ledger, item("Pieters"), origin="third")

    assert (corrected.corrected, again.recorded) == (1, {Recorded.KNOWN: 1})
    assert states(ledger) == ["refused", "planned"]


def test_a_correction_planned_again_adds_nothing(ledger):
    hold(ledger, FIRST)
    plan(ledger, SECOND)

    taken = plan(ledger, SECOND)

    assert (taken.recorded, taken.corrected) == ({Recorded.KNOWN: 1}, 0)
    assert states(ledger) == ["refused", "planned"]


def test_payroll_may_go_back_to_what_it_said_before(ledger):
    hold(ledger, FIRST)
    hold(ledger, SECOND)

    back = plan(ledger, FIRST)
    again = plan(ledger, FIRST)

    assert (back.corrected, again.recorded) == (1, {Recorded.KNOWN: 1})
    assert states(ledger) == ["refused", "refused", "planned"]


def test_it_may_be_corrected_any_number_of_times(ledger):
    for wish in (FIRST, SECOND, FIRST, THIRD, SECOND, FIRST):
        hold(ledger, wish)

    assert states(ledger) == [*["refused"] * 5, "held"]


def test_what_corrected_a_deleted_one_is_known_still(ledger):
    hold(ledger, FIRST)
    corrected = people.employment(start_date=FIRST["start_date"], worker={"ssin": people.OTHER_SSIN})
    plan(ledger, corrected)
    set_state(ledger, rows(ledger)[-1].id, state=State.ACCEPTED, declaration_id=7)
    assert purge(ledger, START + 10.0, now=START + 10.0).deleted == 1

    taken = plan(ledger, corrected)

    assert taken.recorded == {Recorded.KNOWN: 1}
    assert states(ledger) == ["accepted"]


# --- what is not closed that way ---


def _forbidden(ledger):
    plan(ledger, FIRST)
    answer(ledger, Verdict.FORBIDDEN, detail="HTTP 403")


def _held_with_its_employer(ledger):
    plan(ledger, FIRST)
    (batch,) = batches.assign(ledger, RUN, ROUTES, now=START)
    claims.hold_employer(ledger, batch, people.EMPLOYER, "HTTP 403", now=START)


def _held_with_its_employer_after_a_release(ledger):
    hold(ledger, FIRST)
    switch.release_intent(ledger, rows(ledger)[0].reference, reason="cause is gone", now=START)
    claims.hold_employer(ledger, rows(ledger)[0].batch, people.EMPLOYER, "HTTP 403", now=START)


def _may_have_arrived_before(ledger):
    plan(ledger, FIRST)
    answer(ledger, Verdict.UNCLEAR)
    set_state(ledger, 1, state=State.PLANNED, claim=None)
    answer(ledger, Verdict.REFUSED, batch=rows(ledger)[0].batch)


def _sender_vanished_before(ledger):
    plan(ledger, FIRST)
    (batch,) = batches.assign(ledger, RUN, ROUTES, now=START)
    claims.claim(ledger, batch, "vanished", limit=1, now=START)
    set_state(ledger, 1, state=State.PLANNED, claim=None)
    answer(ledger, Verdict.REFUSED, batch=batch)


@pytest.mark.parametrize(
    "held",
    [
        _forbidden,
        _held_with_its_employer,
        _held_with_its_employer_after_a_release,
        _may_have_arrived_before,
        _sender_vanished_before,
    ],
)
def test_what_is_held_for_another_reason_stays_held(ledger, held):
    held(ledger)

    taken = plan(ledger, SECOND)

    assert states(ledger) == ["held"]
    assert taken.corrected == 0
    assert ["still open" in one.reason for one in taken.findings] == [True]


def test_what_a_switch_holds_back_is_not_held_and_not_closed(ledger):
    plan(ledger, FIRST)
    switch.place(ledger, "audit", employer=people.EMPLOYER, now=START)

    plan(ledger, SECOND)

    assert states(ledger) == ["planned"]


def test_another_kind_is_no_correction(ledger):
    batch, _ = take(ledger, people.item(1), origin="in")
    answer(ledger, Verdict.REFUSED, batch=batch)
    out = {"dimonaOut": {"periodId": PERIOD, "endDate": "2027-03-01"}}

    take(ledger, {"reference": "E-1", "declaration": out}, origin="out")

    assert rows(ledger)[0].state == "held"


def test_another_contract_of_a_student_takes_its_place_with_the_hours_of_both(ledger):
    hold(ledger, people.employment(employment_id="S-1", **STUDENT))

    taken = plan(ledger, people.employment(employment_id="S-2", **(STUDENT | {"planned_hours": 50})))

    assert states(ledger) == ["refused", "planned"]
    assert taken.corrected == 1


@pytest.mark.parametrize("turned", [False, True], ids=["the held one first", "the held one last"])
def test_of_two_declarations_that_a_source_yields_each_time_none_is_lost_silently(ledger, turned):
    items = [people.item(1), people.item(1, startDate="2027-02-01")]
    batch, _ = take(ledger, items[0], origin="run 0")
    answer(ledger, Verdict.REFUSED, batch=batch)

    seen = []
    for run in range(1, 5):
        batch, taken = take(ledger, *(items[::-1] if turned else items), origin=f"run {run}")
        answer(ledger, Verdict.REFUSED, batch=batch)
        seen.append((taken.corrected, len(taken.findings)))

    # They don't push each other out again and again, and the one that has to wait is listed each time.
    assert sum(corrected for corrected, _ in seen) == (1 if turned else 0)
    assert [findings for _, findings in seen] == [1] * 4
    assert len(rows(ledger)) == (2 if turned else 1)


def test_what_was_corrected_is_listed_and_not_filed_beside_its_correction(ledger):
    first, _ = take(ledger, people.item(1), origin="first")
    answer(ledger, Verdict.REFUSED, batch=first)
    second, _ = take(ledger, people.item(1, startDate="2027-02-01"), origin="second")
    file_all(ledger, second)
    set_state(ledger, rows(ledger)[-1].id, state=State.ACCEPTED, period_id=PERIOD)

    _, stale = take(ledger, people.item(1), origin="first")

    assert stale.recorded == {Recorded.CORRECTED: 1}
    assert ["HTTP 400" in one.reason for one in stale.findings] == [True]
    assert states(ledger) == ["refused", "accepted"]


def test_a_correction_that_would_not_be_filed_leaves_it_held(ledger):
    plan(ledger, FIRST)
    set_state(ledger, 1, state=State.REFUSED, declaration_id=1)
    hold(ledger, SECOND)
    noted = len(rows(ledger, schema.events))

    taken = plan(ledger, FIRST)  # the NSSO itself refused it before

    assert states(ledger) == ["refused", "held"]
    assert (taken.corrected, len(taken.findings)) == (0, 1)
    assert rows(ledger)[-1].reason == "HTTP 400"
    assert len(rows(ledger, schema.events)) == noted


# --- at the same moment ---


def together(ledger, ledger_url, *works):
    """Run each of *works* in a thread, on a ledger of its own; give what they returned."""
    opened = [open_ledger(ledger_url, ledger.keys, actor=str(number)) for number in range(len(works))]
    start, results = threading.Barrier(len(works)), {}

    def run(number):
        start.wait()
        results[number] = works[number](opened[number])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in opened:
        one.close()
    return [results[number] for number in range(len(works))]


def _release(reference):
    return lambda ledger: switch.release_intent(ledger, reference, reason="cause is gone", now=START)


def test_a_person_who_releases_it_at_the_same_moment_wins_or_loses(ledger, ledger_url):
    def wish(name, **changes):
        ssin = people.ssin(int(name.removeprefix("E-")) + 1)
        return people.employment(employment_id=name, worker={"ssin": ssin}, **changes)

    hold(ledger, *(wish(f"E-{number}") for number in range(6)))
    for old in rows(ledger):
        corrected = wish(old.employment, start_date="2027-02-01")
        staging.stage(ledger, staging.new_export(), 1, [corrected], now=START)

        released, taken = together(
            ledger,
            ledger_url,
            _release(old.reference),
            lambda own: plan_exports(own, RUN, ROUTES, now=START),
        )

        of_it = [one.state for one in rows(ledger) if one.employment == old.employment]
        assert of_it == (["planned"] if released else ["refused", "planned"])
        told = [one for one in taken.findings if one.employment == old.employment]
        assert (taken.corrected, len(told)) == ((0, 1) if released else (1, 0))


def test_whoever_releases_first_keeps_the_old_wish(ledger, monkeypatch):
    from dimona_provider.ledger import corrections

    hold(ledger, FIRST)
    found = corrections.refused_request

    def released_meanwhile(opened, connection, intent):
        held = found(opened, connection, intent)
        change = schema.intents.update().where(schema.intents.c.id == 1)
        connection.execute(change.values(state=State.PLANNED, claim=None, reason=None))
        return held

    monkeypatch.setattr(corrections, "refused_request", released_meanwhile)

    taken = plan(ledger, SECOND)

    assert states(ledger) == ["planned"]
    assert (taken.corrected, len(taken.findings)) == (0, 1)


def test_two_that_bring_the_same_correction_make_one(ledger, ledger_url):
    first, _ = take(ledger, people.item(1), origin="first")
    answer(ledger, Verdict.REFUSED, batch=first)
    corrected = people.item(1, startDate="2027-02-01")

    results = together(
        ledger, ledger_url, *(lambda own, n=n: take(own, corrected, origin=f"run {n}")[1] for n in range(3))
    )

    assert sum(one.corrected for one in results) == 1
    assert sum(one.recorded[Recorded.KNOWN] for one in results) == 2
    assert states(ledger) == ["refused", "planned"]
