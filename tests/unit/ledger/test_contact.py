"""Imported periods, first contacts and the register of gaps, on both databases."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from dimona_provider.domain.gaps import Gap, GapKind
from dimona_provider.domain.terms import Terms
from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger import contact_schema, contacts, gaps, periods, schema
from dimona_provider.ledger.contacts import MAY_GO_ON
from dimona_provider.ledger.declared import employers
from dimona_provider.ledger.periods import Counts, SeenPeriod, imported_periods
from support.clocks import START
from support.ledgers import ENVIRONMENT, new_intent, record, rows
from support.people import EMPLOYER, OTHER_EMPLOYER

WHERE = (ENVIRONMENT, EMPLOYER)
TERMS = Terms("STU", "XXX", dt.date(2027, 1, 4), dt.date(2027, 3, 31), planned_hours=40)
GAP = Gap(GapKind.DATE, "7", "E-1", 7, "end date")


def seen(number, worker="hash", terms=TERMS, **more):
    flags = {"is_cancelled": False, "is_locked": False, "is_late": False, **more}
    return SeenPeriod(number, worker, terms, **flags)


def read(ledger, *pages, now=START, employer=EMPLOYER):
    """Read these pages of periods to the end."""
    reading = contacts.begin(ledger, ENVIRONMENT, employer, now=now)
    for number, page in enumerate(pages, 2):
        following = None if number > len(pages) else f"page={number}"
        reading = contacts.save(ledger, reading, page, following, now=now)
    contacts.complete(ledger, reading, "read", now=now)
    return reading


def known(ledger, worker="hash", employer=EMPLOYER):
    with ledger.read() as connection:
        return imported_periods(connection, ENVIRONMENT, worker, employer=employer)


def met(ledger, employer=EMPLOYER):
    with ledger.read() as connection:
        return contacts.is_met(connection, ENVIRONMENT, employer)


# --- periods ---


def test_a_period_comes_back_as_it_was_shown(ledger):
    open_one = replace(TERMS, end=None, planned_hours=None, start_hour="0900", end_hour="1700")
    read(ledger, [seen(7, is_locked=True), seen(8, terms=open_one, is_cancelled=True)])

    first, second = known(ledger)

    assert (first.period_id, first.worker_type, first.joint_committee) == (7, "STU", "XXX")
    assert (first.start_date, first.end_date, first.planned_hours) == (TERMS.start, TERMS.end, 40)
    assert (first.is_cancelled, first.is_locked, first.employments) == (False, True, ())
    assert first.seen_at == START
    assert (second.end_date, second.start_hour, second.end_hour) == (None, "0900", "1700")
    assert second.is_cancelled


def test_only_the_worker_of_the_employer_is_returned(ledger):
    read(ledger, [seen(7), seen(8, worker="other"), seen(9, worker=None)])
    read(ledger, [seen(10)], employer=OTHER_EMPLOYER)

    assert [one.period_id for one in known(ledger)] == [7]
    assert [one.period_id for one in known(ledger, employer=OTHER_EMPLOYER)] == [10]
    assert known(ledger, "nobody") == []
    assert [(one.employer, one.period_id) for one in known(ledger, employer=None)] == [
        (EMPLOYER, 7),
        (OTHER_EMPLOYER, 10),
    ]


def test_of_a_reading_that_is_not_at_its_end_nothing_is_returned(ledger):
    reading = contacts.begin(ledger, *WHERE, now=START)
    contacts.save(ledger, reading, [seen(7)], "page=2", now=START)

    assert known(ledger) == []
    assert not met(ledger)


def test_reading_again_brings_up_to_date_and_counts(ledger):
    read(ledger, [seen(7), seen(8), seen(9)])
    changed = replace(TERMS, planned_hours=41)
    read(ledger, [seen(7), seen(8, terms=changed), seen(10)], now=START + 100)

    assert periods.counts(ledger, *WHERE, since=START + 100) == Counts(shown=3, new=1, changed=1, gone=1)
    assert {one.period_id: one.planned_hours for one in known(ledger)} == {7: 40, 8: 41, 9: 40, 10: 40}


def test_a_period_on_two_pages_is_one(ledger):
    read(ledger, [seen(7)], [seen(7), seen(8)])

    assert periods.counts(ledger, *WHERE, since=START) == Counts(shown=2, new=2, changed=0, gone=0)


def test_an_employment_that_is_assigned_stays_when_it_is_read_again(ledger):
    read(ledger, [seen(7), seen(8)])
    with ledger.write() as connection:
        periods.assign(connection, *WHERE, {7: "E-1"})
    read(ledger, [seen(7, is_cancelled=True), seen(8)], now=START + 5)

    assert [one.employments for one in known(ledger)] == [("E-1",), ()]


def test_groups_hold_all_periods_of_a_worker(ledger, monkeypatch):
    monkeypatch.setattr(periods, "_MOST_VALUES", 2)
    read(ledger, [seen(number, worker=f"w{number % 3}" if number % 4 else None) for number in range(1, 25)])

    groups = [
        [(one.seen.worker_hash, one.seen.period_id) for one in some]
        for some in periods.by_worker(ledger, *WHERE)
    ]

    assert sorted(number for some in groups for _, number in some) == list(range(1, 25))
    workers = [{worker for worker, _ in some} for some in groups]
    assert [len(some) for some in workers] == [2, 2]
    assert not workers[0] & workers[1]


def test_no_row_holds_more_of_a_person_than_a_keyed_hash(ledger):
    assert {column.name for column in contact_schema.periods.columns if "worker" in column.name} == {
        "worker_hash",
        "worker_type",
    }
    assert "hash" not in repr(seen(7))


# --- readings ---


def test_a_broken_reading_is_gone_on_with(ledger):
    reading = contacts.begin(ledger, *WHERE, now=START)
    contacts.save(ledger, reading, [seen(7)], "page=2", now=START + 1)

    again = contacts.begin(ledger, *WHERE, now=START + 10)

    assert (again.next_query, again.pages, again.began_at) == ("page=2", 1, START)
    assert not again.is_at_end
    assert again.token != reading.token


def test_one_that_came_to_its_end_and_was_not_completed_reads_nothing_more(ledger):
    reading = contacts.begin(ledger, *WHERE, now=START)
    contacts.save(ledger, reading, [seen(7)], None, now=START + 1)

    assert contacts.begin(ledger, *WHERE, now=START + 10).is_at_end


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "broken long ago"])
def test_another_reading_begins_anew(ledger, ended):
    if ended:
        read(ledger, [seen(7)])
    else:
        reading = contacts.begin(ledger, *WHERE, now=START)
        contacts.save(ledger, reading, [seen(7)], "page=2", now=START)
    later = START + MAY_GO_ON + 1

    again = contacts.begin(ledger, *WHERE, now=later)

    assert (again.next_query, again.pages, again.began_at) == (None, 0, later)


def test_whoever_was_overtaken_writes_nothing_more(ledger):
    first = contacts.begin(ledger, *WHERE, now=START)
    contacts.begin(ledger, *WHERE, now=START)

    with pytest.raises(DecisionRefused, match="another import of this employer has begun"):
        contacts.save(ledger, first, [seen(7)], "page=2", now=START)
    with pytest.raises(DecisionRefused):
        contacts.complete(ledger, first, "x", now=START)

    assert rows(ledger, contact_schema.periods) == []
    assert not met(ledger)


def test_an_employer_that_was_imported_before_stays_so_while_it_is_read_again(ledger):
    read(ledger, [seen(7)])
    contacts.begin(ledger, *WHERE, now=START + 1)

    assert met(ledger)
    assert len(known(ledger)) == 1


# --- waiving ---


def test_a_person_waives_an_import_and_that_is_written_down(ledger):
    assert contacts.waive(ledger, *WHERE, "a new firm", now=START)

    assert met(ledger)
    assert not met(ledger, OTHER_EMPLOYER)
    (event,) = rows(ledger, schema.events)
    assert (event.what, event.actor, event.at) == ("import waived", "test", START)
    assert event.detail == f"employer {EMPLOYER}: a new firm"
    (row,) = rows(ledger, contact_schema.contacts)
    assert (row.waived_by, row.reason) == ("test", "a new firm")


@pytest.mark.parametrize("before", ["waived", "imported"])
def test_waiving_what_is_met_changes_nothing(ledger, before):
    if before == "waived":
        contacts.waive(ledger, *WHERE, "first", now=START)
    else:
        read(ledger, [])

    assert not contacts.waive(ledger, *WHERE, "second", now=START + 1)

    assert [one for one in rows(ledger, schema.events) if "second" in one.detail] == []


def test_one_environment_says_nothing_of_another(ledger):
    contacts.waive(ledger, "https://other.example/v2", EMPLOYER, "x", now=START)

    assert not met(ledger)


# --- the register ---


def register(ledger, *found, pending=(), now=START, employer=EMPLOYER):
    return gaps.register(ledger, ENVIRONMENT, employer, found, pending, now=now)


def entries(ledger):
    return [(one.reference, one.first_seen, one.last_seen, one.solved) for one in gaps.all_entries(ledger)]


def test_a_gap_is_seen_first_seen_last_and_solved(ledger):
    first = register(ledger, GAP)
    second = register(ledger, GAP, now=START + 10)
    third = register(ledger, now=START + 20)

    assert (first.new, first.open, first.solved) == (1, 1, 0)
    assert (second.new, second.open, second.solved) == (0, 1, 0)
    assert (third.new, third.open, third.solved) == (0, 0, 1)
    assert entries(ledger) == [("7", START, START + 10, START + 20)]
    assert list(gaps.entries(ledger)) == []


def test_one_that_comes_back_is_a_new_one(ledger):
    register(ledger, GAP)
    register(ledger, now=START + 10)
    register(ledger, GAP, now=START + 20)

    assert entries(ledger) == [("7", START, START, START + 10), ("7", START + 20, START + 20, None)]


def test_two_kinds_of_one_period_are_two_gaps(ledger):
    register(ledger, GAP, replace(GAP, kind=GapKind.HOURS))

    done = register(ledger, GAP)

    assert (done.open, done.solved) == (1, 1)


def test_the_same_gap_twice_is_one(ledger):
    assert register(ledger, GAP, GAP).new == 1


def test_what_is_pending_is_neither_found_nor_solved(ledger):
    register(ledger, GAP)

    done = register(ledger, pending={"7"}, now=START + 10)

    assert (done.new, done.open, done.solved) == (0, 1, 0)
    assert entries(ledger) == [("7", START, START, None)]


def test_another_employer_is_left_alone(ledger):
    register(ledger, GAP)
    register(ledger, employer=OTHER_EMPLOYER, now=START + 10)

    assert len(list(gaps.entries(ledger))) == 1
    assert list(gaps.entries(ledger, environments=["https://other.example"])) == []


def test_many_gaps_are_read_page_by_page(ledger, monkeypatch):
    monkeypatch.setattr(gaps, "PAGE", 3)
    many = [replace(GAP, reference=str(number), period_id=number) for number in range(10)]
    register(ledger, *many)

    assert len(list(gaps.entries(ledger))) == 10
    assert register(ledger, now=START + 1).solved == 10


# --- whose ---


def test_employers_are_those_with_declarations_or_periods(ledger):
    record(ledger, new_intent(1, employer=OTHER_EMPLOYER))
    record(ledger, new_intent(2, employer=""))
    read(ledger, [seen(7)])

    assert employers(ledger) == [(ENVIRONMENT, EMPLOYER), (ENVIRONMENT, OTHER_EMPLOYER)]
