"""First contact against the simulated NSSO: read whole or not at all, matched, and done again at will."""

from __future__ import annotations

import httpx
import pytest

from dimona_provider.errors import ServiceUnavailable, UnexpectedResponse
from dimona_provider.ledger import contact_schema, contacts
from dimona_provider.ledger.periods import Counts, imported_periods
from support.ledgers import rows
from support.people import EMPLOYER, OTHER_EMPLOYER, OTHER_SSIN, SSIN, in_body, item, ssin
from support.world import ROUTE

STUDENT = {
    "endDate": "2027-03-31",
    "plannedHoursNumber": 40,
    "features": {"jointCommissionNumber": "XXX", "workerType": "STU"},
}
GONE = httpx.ConnectError("x")


def is_met(world, employer=EMPLOYER):
    with world.ledger.read() as connection:
        return contacts.is_met(connection, ROUTE.environment, employer)


def known(world, number):
    worker = world.ledger.keys.worker_hash(number)
    with world.ledger.read() as connection:
        return imported_periods(connection, ROUTE.environment, worker, employer=EMPLOYER)


def kept(world):
    return rows(world.ledger, contact_schema.periods)


def test_periods_are_read_and_kept_without_their_person(world):
    first, second = world.by_hand(in_body(), in_body(OTHER_SSIN, **STUDENT))

    done = world.meet()

    assert done.counts == Counts(shown=2, new=2, changed=0, gone=0)
    assert (done.pages, done.matched, done.unmatched, done.cancelled) == (1, 0, 2, 0)
    assert is_met(world)
    (student,) = known(world, OTHER_SSIN)
    assert (student.period_id, student.worker_type, student.planned_hours) == (second, "STU", 40)
    assert known(world, SSIN)[0].period_id == first
    assert known(world, SSIN)[0].end_date is None
    text = str(kept(world))
    assert not [word for word in (SSIN, OTHER_SSIN, "JANSSENS", "1993") if word in text]


def test_an_employer_without_periods_is_met_too(world):
    done = world.meet()

    assert done.counts == Counts(0, 0, 0, 0)
    assert is_met(world)
    assert not is_met(world, OTHER_EMPLOYER)


def test_an_employer_is_asked_for_by_its_nsso_number_too(world):
    world.meet("125482497")

    assert is_met(world, "125482497")


def test_what_we_declared_is_matched_by_its_period(world):
    world.run(world.plan([item(1), item(2)]))
    (_,) = world.by_hand(in_body(OTHER_SSIN))

    done = world.meet()

    assert (done.matched, done.unmatched) == (2, 1)
    assert {row.employment for row in kept(world)} == {"E-1", "E-2", None}


def test_what_is_planned_and_stands_already_is_matched_by_what_it_says(world):
    (period,) = world.by_hand(in_body())
    world.plan([{"reference": "E-1", "declaration": in_body()}])

    assert world.meet().matched == 1
    assert [(one.period_id, one.employments) for one in known(world, SSIN)] == [(period, ("E-1",))]


def test_what_fits_several_is_listed_and_not_guessed(world):
    world.by_hand(in_body(SSIN, **STUDENT))
    (second,) = world.by_hand(in_body(SSIN, **STUDENT))
    world.plan([{"reference": "E-1", "declaration": in_body(SSIN, **STUDENT)}])

    done = world.meet()

    assert (done.matched, done.unmatched) == (0, 0)
    assert done.ambiguous[str(second)] == ("E-1",)
    assert len(done.ambiguous) == 2
    assert {row.employment for row in kept(world)} == {None}


def test_a_cancelled_period_is_kept_and_matched_to_nothing(world):
    (period,) = world.by_hand(in_body())
    world.by_hand({"dimonaCancel": {"periodId": period}})
    world.plan([{"reference": "E-1", "declaration": in_body()}])

    done = world.meet()

    assert (done.cancelled, done.matched) == (1, 0)
    assert known(world, SSIN)[0].is_cancelled


def test_importing_again_brings_up_to_date(world):
    (period,) = world.by_hand(in_body())
    world.meet()
    world.passes(10)
    world.by_hand({"dimonaOut": {"periodId": period, "endDate": "2027-06-30"}}, in_body(OTHER_SSIN))

    done = world.meet()

    assert done.counts == Counts(shown=2, new=1, changed=1, gone=0)
    assert str(known(world, SSIN)[0].end_date) == "2027-06-30"


def test_more_than_a_page_is_read(world):
    world.by_hand(*(in_body(ssin(number)) for number in range(1, 121)))
    pages = []

    done = world.meet(progress=pages.append)

    assert done.counts.shown == 120
    assert pages == [1, 2, 3]
    assert len(kept(world)) == 120


def test_one_that_breaks_off_counts_for_nothing_and_goes_on_where_it_was(world):
    world.by_hand(*(in_body(ssin(number)) for number in range(1, 121)))
    world.wire.search_faults = [None, GONE, GONE, GONE]

    with pytest.raises(ServiceUnavailable):
        world.meet()
    assert not is_met(world)
    assert known(world, ssin(1)) == []
    before = world.searches()
    done = world.meet()

    assert is_met(world)
    assert (done.counts.shown, done.counts.new, done.pages) == (120, 120, 3)
    assert world.searches() - before == 2


def test_a_page_that_fails_once_is_asked_for_again(world):
    world.by_hand(in_body())
    world.wire.search_faults = [GONE]

    assert world.meet().counts.shown == 1


def test_too_many_pages_decide_nothing(world):
    world.by_hand(*(in_body(ssin(number)) for number in range(1, 61)))

    with pytest.raises(UnexpectedResponse, match="more than 1 pages"):
        world.meet(most_pages=1)

    assert not is_met(world)


@pytest.mark.parametrize(
    "content",
    [
        {"items": [{"periodId": 1}]},
        {"items": [{"periodId": 1, "startDate": "soon"}]},
        {"items": [{"periodId": 1, "startDate": "2027-01-04", "endDate": "later"}]},
        {"items": ["x"]},
        {"items": [], "next": "https://x.example/?page=1&pageSize=50"},
        {},
    ],
    ids=["no dates", "an odd start", "an odd end", "no object", "itself as next", "no page"],
)
def test_what_can_not_be_read_decides_nothing(world, content):
    world.wire.search_faults = [httpx.Response(200, json=content)]

    with pytest.raises(UnexpectedResponse):
        world.meet()

    assert not is_met(world)


def test_a_dry_run_counts_the_same_and_writes_nothing(world):
    world.run(world.plan([item(1)]))
    world.by_hand(*(in_body(ssin(number)) for number in range(50, 110)))

    tried = world.try_to_meet()

    assert kept(world) == []
    assert not is_met(world)
    done = world.meet()
    assert tried.line() == done.line()
    assert tried.pages == done.pages == 2
    assert (done.matched, done.unmatched) == (1, 60)


def test_a_dry_run_after_an_import_says_what_would_change(world):
    (period,) = world.by_hand(in_body())
    world.meet()
    world.by_hand({"dimonaOut": {"periodId": period, "endDate": "2027-06-30"}}, in_body(OTHER_SSIN))

    assert world.try_to_meet().counts == Counts(shown=2, new=1, changed=1, gone=0)
