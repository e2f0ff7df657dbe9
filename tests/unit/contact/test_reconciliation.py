"""Reconciliation against the simulated NSSO: each gap, nothing that is none, and whole or not at all."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest

from dimona_provider.domain.gaps import Wish
from dimona_provider.domain.terms import Terms
from dimona_provider.errors import DimonaError, RequestRefused
from dimona_provider.ledger import gaps, periods, retention, schema
from support.ledgers import rows, set_state
from support.people import EMPLOYER, OTHER_SSIN, SSIN, in_body, item, ssin
from support.world import ROUTE

WORKER = ssin(2)
"""Of ``item(1)``."""
GONE = httpx.ConnectError("x")
STUDENT = {
    "endDate": "2027-03-31",
    "plannedHoursNumber": 40,
    "features": {"jointCommissionNumber": "XXX", "workerType": "STU"},
}


@pytest.fixture
def declared(world):
    """Give the period of one declaration of ours."""
    world.run(world.plan([item(1)]))
    return int(world.intents()[0].period_id)


def out(period, end="2027-06-30"):
    return {"dimonaOut": {"periodId": period, "endDate": end}}


def cancel(period):
    return {"dimonaCancel": {"periodId": period}}


def ours(world, body, reference="E-1"):
    """File a declaration through the ledger."""
    world.run(world.plan([{"reference": reference, "declaration": body}]))


def test_what_we_declared_and_stands_so_is_no_gap(world, declared):
    done = world.reconcile()

    assert (done.compared, done.register.open, done.pending) == (1, 0, 0)
    assert world.open_gaps() == []


@pytest.mark.parametrize(
    ("by_hand", "gap"),
    [
        pytest.param(cancel, ("missing_in", "E-1", "cancelled at the NSSO"), id="cancelled"),
        pytest.param(out, ("date", "E-1", "end date"), id="ended"),
        pytest.param(
            lambda period: {"dimonaUpdate": {"periodId": period, "startDate": "2027-01-25"}},
            ("date", "E-1", "start date"),
            id="moved",
        ),
    ],
)
def test_what_somebody_changed_by_hand_is_a_gap(world, declared, by_hand, gap):
    world.by_hand(by_hand(declared))

    world.reconcile()

    assert world.open_gaps() == [gap]


def test_an_end_that_was_taken_back_is_a_missing_out(world, declared):
    ours(world, out(declared))
    world.by_hand({"dimonaUpdate": {"periodId": declared, "endDate": "9999-12-31"}})

    world.reconcile()

    assert world.open_gaps() == [("missing_out", "E-1", "end date")]


def test_hours_that_somebody_changed_are_a_gap(world):
    ours(world, in_body(SSIN, **STUDENT))
    (row,) = world.intents()
    world.by_hand({"dimonaUpdate": {"periodId": row.period_id, "plannedHoursNumber": 60}})

    world.reconcile()

    assert world.open_gaps() == [("hours", "E-1", "planned hours")]


def test_what_we_changed_ourselves_is_no_gap(world, declared):
    ours(world, out(declared))
    ours(world, {"dimonaUpdate": {"periodId": declared, "endDate": "2027-05-31"}})

    world.reconcile()
    assert world.open_gaps() == []
    ours(world, {"dimonaUpdate": {"periodId": declared, "endDate": "9999-12-31"}})
    world.reconcile()
    assert world.open_gaps() == []


def test_what_we_cancelled_is_no_gap_and_a_period_of_its_own_comes_after_it(world, declared):
    ours(world, cancel(declared))
    world.reconcile()
    assert world.open_gaps() == []

    ours(world, in_body(WORKER))
    world.reconcile()

    assert world.open_gaps() == []
    assert len({row.period_id for row in world.intents()}) == 2


def test_a_period_that_nobody_here_knows_is_a_gap(world, declared):
    world.by_hand(in_body(OTHER_SSIN))

    world.reconcile()

    assert world.open_gaps() == [("unknown_period", None, "no employment is known for it")]


def test_a_second_equal_student_that_somebody_filed_is_a_duplicate(world):
    ours(world, in_body(SSIN, **STUDENT))
    world.by_hand(in_body(SSIN, **STUDENT))

    world.reconcile()

    ((kind, employment, detail),) = world.open_gaps()
    assert (kind, employment) == ("duplicate", None)
    assert detail == f"says what period {world.intents()[0].period_id} says"


def test_a_refused_declaration_has_no_period_and_is_no_gap(world, declared):
    refused = {"reference": "E-2", "declaration": in_body(WORKER, endDate="2027-06-30")}
    world.run(world.plan([refused]))
    assert world.intents()[-1].state == "refused"

    world.reconcile()

    assert world.open_gaps() == []


# --- first contact ---


def test_what_was_imported_for_an_employment_is_compared_too(world):
    (period,) = world.by_hand(in_body())
    world.meet()
    with world.ledger.write() as connection:
        periods.assign(connection, ROUTE.environment, EMPLOYER, {period: "E-1"})
    world.reconcile()
    assert world.open_gaps() == []

    ours(world, out(period))
    world.reconcile()
    assert world.open_gaps() == []
    world.by_hand({"dimonaUpdate": {"periodId": period, "endDate": "2027-07-31"}})
    world.reconcile()

    assert world.open_gaps() == [("date", "E-1", "end date")]


def test_what_was_imported_for_nobody_is_a_gap(world):
    world.by_hand(in_body())
    world.meet()

    world.reconcile()

    assert [kind for kind, _, _ in world.open_gaps()] == ["unknown_period"]


def test_what_ended_before_we_came_is_none(world):
    world.by_hand(in_body(startDate="2026-03-01", endDate="2026-12-31"))
    world.meet()

    done = world.reconcile()

    assert (done.past, done.register.open) == (1, 0)


# --- what may pass by itself ---


def test_what_a_lagging_search_does_not_show_yet_is_no_gap(ledger, world):
    lagging = type(world)(ledger, search_lag=600.0)
    lagging.run(lagging.plan([item(1)]))

    done = lagging.reconcile(at_once=True)

    assert (done.compared, done.pending, done.register.open) == (0, 1, 0)
    assert lagging.reconcile().register.open == 0


def test_a_search_that_lags_longer_than_it_may_shows_a_gap_until_it_has_caught_up(ledger, world):
    lagging = type(world)(ledger, search_lag=7200.0)
    lagging.run(lagging.plan([item(1)]))

    assert lagging.reconcile().register.open == 1
    lagging.passes(7200)
    assert lagging.reconcile().register.solved == 1


@pytest.mark.parametrize("state", ["planned", "sending", "sent", "unclear", "held", "identifying"])
def test_while_a_declaration_of_it_is_open_nothing_is_said(world, declared, state):
    world.by_hand(cancel(declared))
    world.plan([{"reference": "E-1", "declaration": out(declared)}])
    set_state(world.ledger, 2, state=state)

    done = world.reconcile()

    assert (done.pending, done.register.open) == (1, 0)


def test_a_gap_stays_as_it_was_while_something_is_done_about_it(world, declared):
    world.by_hand(out(declared))
    world.reconcile()
    world.plan(
        [
            {
                "reference": "E-1",
                "declaration": {"dimonaUpdate": {"periodId": declared, "endDate": "2027-09-30"}},
            }
        ]
    )

    done = world.reconcile()

    assert (done.pending, done.register.open, done.register.solved) == (1, 1, 0)


def test_what_arrived_and_is_unclear_is_nobody_elses_period(world):
    world.wire.faults = [("after", httpx.ReadTimeout("x"))]
    world.run(world.plan([item(1)]))
    assert world.intents()[0].state == "unclear"

    assert world.reconcile().pending == 1
    assert world.open_gaps() == []


def test_a_person_who_is_being_identified_is_nobody_else(world, monkeypatch):
    # The simulated search shows no number yet either; the NSSO may be further than our last look.
    world.run(world.plan([item(1)]))
    body = in_body()
    body["worker"] = {"familyName": "Zwartewei", "givenName": "Pieternel", "birthDate": "1990-02-03"}
    world.plan([{"reference": "E-9", "declaration": body}])
    world.by_hand(in_body(OTHER_SSIN))

    assert world.reconcile().pending == 1
    assert world.open_gaps() == []


# --- whole or not at all ---


def fill(world, number=120):
    world.by_hand(*(in_body(ssin(one)) for one in range(1, number + 1)))


def test_an_employer_of_several_pages(world):
    fill(world)

    done = world.reconcile()

    assert (done.pages, done.compared, done.register.open) == (3, 120, 120)


@pytest.mark.parametrize(
    "faults",
    [
        [None, GONE, GONE, GONE],
        [None, None, httpx.Response(500), httpx.Response(500), httpx.Response(500)],
        [None, httpx.Response(200, json={"items": [{"periodId": 1}]})],
        [None, httpx.Response(403)],
    ],
    ids=["no connection", "error", "unreadable", "no mandate"],
)
def test_a_search_that_breaks_off_midway_decides_nothing(world, faults):
    fill(world)
    world.reconcile()
    before = list(gaps.all_entries(world.ledger))
    events = len(rows(world.ledger, schema.events))
    world.wire.search_faults = list(faults)  # the list of a parameter is shared by both databases

    with pytest.raises(DimonaError):
        world.reconcile()

    assert list(gaps.all_entries(world.ledger)) == before
    assert len(rows(world.ledger, schema.events)) == events


def test_more_pages_than_allowed_decide_nothing(world):
    fill(world)

    with pytest.raises(DimonaError, match="more than 2 pages"):
        world.reconcile(most_pages=2)

    assert world.open_gaps() == []


def test_an_employer_without_mandate_is_an_error(ledger, world):
    from include.dimona_simulator.settings import Registers

    closed = type(world)(ledger, registers=Registers(employers_without_mandate=frozenset({EMPLOYER})))

    with pytest.raises(RequestRefused):
        closed.reconcile()


def test_it_files_nothing(world, declared):
    world.by_hand(cancel(declared), in_body(OTHER_SSIN))
    filed = world.filed_at_the_nsso()
    intents = world.intents()

    world.reconcile()

    assert world.filed_at_the_nsso() == filed
    assert world.intents() == intents


# --- what we know ---


def test_what_a_purge_stripped_only_has_to_stand(world, declared):
    now = world.clock.now() + 1
    retention.purge(world.ledger, now, now=now)
    world.by_hand(out(declared))

    world.reconcile()
    assert world.open_gaps() == []
    world.by_hand(cancel(declared))
    world.reconcile()

    assert [kind for kind, _, _ in world.open_gaps()] == ["missing_in"]


def test_a_follow_up_without_employer_belongs_to_who_has_the_period(world, declared):
    ours(world, out(declared), "E-1")
    set_state(world.ledger, 2, employer="")

    world.reconcile()

    assert world.open_gaps() == []


def test_a_period_declared_under_another_number_of_the_employer_is_known(world, declared):
    set_state(world.ledger, 1, employer="125482497")

    world.reconcile()

    assert world.open_gaps() == []


def test_what_payroll_wishes_now_goes_before_what_was_declared(world, declared):
    start = dt.date(2027, 1, 20)
    wish = Wish("E-1", None, Terms("OTH", "XXX", start, dt.date(2027, 8, 31)))

    world.reconcile(wishes=[wish])

    assert world.open_gaps() == [("missing_out", "E-1", "end date")]


def test_the_register_and_its_events_name_no_person(world, declared):
    world.by_hand(cancel(declared), in_body(OTHER_SSIN))
    world.reconcile()

    text = str([*gaps.all_entries(world.ledger), *rows(world.ledger, schema.events)])

    hashes = [world.ledger.keys.worker_hash(number) for number in (WORKER, OTHER_SSIN)]
    assert not [word for word in (WORKER, OTHER_SSIN, *hashes, "2027-01-20") if word in text]
    assert rows(world.ledger, schema.events)[-1].detail == f"employer {EMPLOYER}: 2 gaps, 2 new, 0 solved"
