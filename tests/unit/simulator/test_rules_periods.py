"""Duplicates and overlaps, and what follows an IN."""

import pytest


def out(period, end="2026-04-30"):
    return {"dimonaOut": {"periodId": period, "endDate": end}}


def update(period, **changes):
    return {"dimonaUpdate": {"periodId": period, **changes}}


def cancel(period):
    return {"dimonaCancel": {"periodId": period}}


FLEXI_NIGHT = {"startHour": "2200", "endHour": "2359"}


@pytest.mark.parametrize(
    ("first", "second", "codes"),
    [
        pytest.param(("OTH", {}), ("OTH", {}), ["90373-333"], id="the same again"),
        pytest.param(
            ("OTH", {}), ("OTH", {"startDate": "2026-04-01"}), ["90373-334"], id="inside an open one"
        ),
        pytest.param(
            ("OTH", {"endDate": "2026-03-20"}),
            ("OTH", {"startDate": "2026-03-20"}),
            ["90373-334"],
            id="sharing one day",
        ),
        pytest.param(
            ("OTH", {"endDate": "2026-03-20"}), ("OTH", {"startDate": "2026-03-21"}), [], id="one after"
        ),
        pytest.param(("STU", {}), ("STU", {}), [], id="students may be declared twice"),
        pytest.param(("OTH", {}), ("STU", {}), ["90373-334"], id="a student who works already"),
        pytest.param(("FLX", {}), ("FLX", FLEXI_NIGHT), [], id="two flexi shifts of one day"),
        pytest.param(("FLX", {}), ("FLX", {}), ["90373-333"], id="the same flexi shift"),
        pytest.param(
            ("FLX", {}), ("FLX", {"startHour": "2100"}), ["90373-334"], id="overlapping flexi shifts"
        ),
    ],
)
def test_a_second_in_for_the_same_worker_and_employer(nsso, first, second, codes):
    nsso.accepted(first[0], **first[1])

    result, found = nsso.outcome(nsso.body(second[0], **second[1]))

    assert (result, found) == ("B" if codes else "A", codes)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"employer": "0999991113"}, id="employer"),
        pytest.param({"ssin": "01410199955"}, id="worker"),
    ],
)
def test_another_employer_or_worker_is_no_duplicate(nsso, other):
    nsso.accepted()

    assert nsso.outcome(nsso.body(**other)) == ("A", [])


def test_declarations_are_judged_in_filing_order_before_any_is_processed(nsso, clock):
    first, second = nsso.file(nsso.body()), nsso.file(nsso.body())
    clock.advance(46)

    results = [nsso.get(number).json()["declarationStatus"]["result"] for number in (first, second)]

    assert results == ["A", "B"]


def test_after_a_cancel_the_same_in_is_accepted_again(nsso):
    nsso.outcome(cancel(nsso.accepted()))

    assert nsso.outcome(nsso.body()) == ("A", [])


@pytest.mark.parametrize("follow_up", [out, cancel, lambda number: update(number, endDate="2026-05-01")])
def test_a_follow_up_needs_a_period_that_exists(nsso, follow_up):
    assert nsso.outcome(follow_up(656309292174)) == ("B", ["00913-354"])


@pytest.mark.parametrize("follow_up", [out, cancel])
def test_a_refused_in_made_no_period_to_work_on(nsso, clock, follow_up):
    refused = nsso.file(nsso.body(endDate="2026-01-01"))
    clock.advance(46)

    assert nsso.outcome(follow_up(refused)) == ("B", ["00913-357"])


@pytest.mark.parametrize("follow_up", [out, cancel, lambda number: update(number, startDate="2026-03-17")])
def test_a_cancelled_period_takes_nothing_more(nsso, follow_up):
    period = nsso.accepted()
    assert nsso.outcome(cancel(period)) == ("A", [])

    assert nsso.outcome(follow_up(period)) == ("B", ["00913-355"])


def test_out_closes_an_open_period_once(nsso):
    period = nsso.accepted()

    assert nsso.outcome(out(period)) == ("A", [])
    assert nsso.outcome(out(period)) == ("B", ["00913-356"])
    assert nsso.get(period, "periods").json()["endDate"] == "2026-04-30"


def test_out_before_the_start_is_refused(nsso):
    assert nsso.outcome(out(nsso.accepted(), "2026-03-01")) == ("B", ["00911-014"])


@pytest.mark.parametrize(
    ("worker_type", "made", "changes", "answer"),
    [
        pytest.param("OTH", {}, {}, ("B", ["90378-360"]), id="nothing sent"),
        pytest.param("OTH", {}, {"startDate": "2026-03-16"}, ("B", ["90378-444"]), id="nothing changed"),
        pytest.param("OTH", {}, {"endDate": "2026-05-01"}, ("B", ["00913-359"]), id="closing is for OUT"),
        pytest.param("OTH", {}, {"startDate": "2026-03-18"}, ("A", []), id="another start"),
        pytest.param("OTH", {}, {"startDate": "2026-03-01"}, ("W", ["90378-460"]), id="late"),
        pytest.param("OTH", {}, {"plannedHoursNumber": 4}, ("B", ["01135-005"]), id="hours not for OTH"),
        pytest.param("OTH", {"endDate": "2026-04-01"}, {"endDate": "2026-05-01"}, ("A", []), id="later end"),
        pytest.param(
            "OTH", {"endDate": "2026-04-01"}, {"endDate": "9999-12-31"}, ("A", []), id="opened again"
        ),
        pytest.param(
            "OTH", {"endDate": "2026-04-01"}, {"endDate": "2026-01-01"}, ("B", ["00911-014"]), id="reversed"
        ),
        pytest.param("STU", {}, {"plannedHoursNumber": 80}, ("A", []), id="more student hours"),
        pytest.param(
            "STU", {}, {"startDate": "2026-03-17"}, ("B", ["00910-005"]), id="a student's start stays"
        ),
        pytest.param("STU", {}, {"endDate": "2026-04-02"}, ("B", ["90378-421"]), id="a student's quarter"),
        pytest.param("STU", {}, {"endDate": "9999-12-31"}, ("B", ["00913-368"]), id="a student has an end"),
        pytest.param("FLX", {}, {"endHour": "2100"}, ("A", []), id="flexi goes home earlier"),
        pytest.param("FLX", {}, {"endDate": "2026-03-17"}, ("B", ["00911-344"]), id="flexi never ends later"),
    ],
)
def test_an_update_is_judged_by_what_the_period_is(nsso, worker_type, made, changes, answer):
    period = nsso.accepted(worker_type, **made)

    assert nsso.outcome(update(period, **changes)) == answer


def test_a_period_that_was_opened_again_shows_no_end(nsso):
    period = nsso.accepted(endDate="2026-04-01")
    nsso.outcome(update(period, endDate="9999-12-31"))

    assert "endDate" not in nsso.get(period, "periods").json()


def test_an_update_onto_another_period_is_an_overlap(nsso):
    period = nsso.accepted(endDate="2026-03-20")
    nsso.accepted(startDate="2026-03-23", endDate="2026-03-27")

    assert nsso.outcome(update(period, endDate="2026-03-24")) == ("B", ["90378-334"])


def test_employer_and_worker_sent_with_a_follow_up_must_agree_with_the_period(nsso):
    period = nsso.accepted()
    wrong = {"employer": {"enterpriseNumber": "0999991113"}, "worker": {"ssin": "01410199955"}}

    assert nsso.outcome({**wrong, **cancel(period)}) == ("B", ["00014-347", "00024-347"])


def test_a_follow_up_names_the_period_and_has_a_number_of_its_own(nsso, clock):
    period = nsso.accepted()
    number = nsso.file(out(period))
    clock.advance(46)

    shown = nsso.get(number).json()

    assert number != period
    assert shown["declarationStatus"]["period"]["id"] == period
    assert shown["worker"]["ssin"] == "93051822361"
    assert shown["dimonaOut"] == {"periodId": period, "endDate": "2026-04-30"}
