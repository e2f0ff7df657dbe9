"""Whom an employer has declared already is not declared anew: a plan begins with imported periods."""

from __future__ import annotations

import json

import pytest

from dimona_provider.domain.routes import Routes
from dimona_provider.ledger import batches, history, staging
from dimona_provider.ledger.contact_schema import periods
from dimona_provider.planning.intake import plan_exports
from support.people import EMPLOYER, OTHER_SSIN, employment, in_body
from support.world import ROUTE, RUN

ROUTES = Routes(ROUTE)
QUARTER = {"startDate": "2027-01-20", "endDate": "2027-03-31"}
STUDENT = {
    **QUARTER,
    "plannedHoursNumber": 40,
    "features": {"jointCommissionNumber": "XXX", "workerType": "STU"},
}
CONTRACT = {"worker_type": "STU", "end_date": "2027-03-31"}


def plan(world, *records):
    """Plan records of payroll; return what is new, by kind and block."""
    before = len(world.intents())
    if records:
        staging.stage(world.ledger, staging.new_export(), 1, records, now=world.clock.now())
    world.taken_in = plan_exports(world.ledger, RUN, ROUTES, now=world.clock.now())
    return [(one.kind, block(world, one)) for one in world.intents()[before:]]


def block(world, one):
    body = json.loads(world.ledger.keys.decrypt(one.body))
    return next((value for name, value in body.items() if name.startswith("dimona")), None)


def carry_out(world):
    for batch in batches.assign(world.ledger, RUN, ROUTES, now=world.clock.now()):
        world.run(batch)
    return [one.state for one in world.intents()]


def test_a_sitting_employee_is_not_declared_anew(world):
    world.by_hand(in_body(), in_body(OTHER_SSIN, **QUARTER))
    world.meet()
    records = [
        employment(),
        employment(employment_id="E-2", worker={"ssin": OTHER_SSIN}, end_date="2027-03-31"),
    ]

    assert plan(world, *records) == []
    assert world.taken_in.findings == []
    assert plan(world, *records) == []


def test_the_contracts_of_a_student_are_found_in_the_period_of_the_quarter(world):
    world.by_hand(in_body(**STUDENT))
    world.meet()
    two = [employment(**CONTRACT, employment_id=f"E-{n}", planned_hours=20) for n in (1, 2)]

    assert plan(world, *two) == []


def test_a_changed_end_is_an_out_of_the_imported_period(world):
    (period,) = world.by_hand(in_body())
    world.meet()

    ((kind, out),) = plan(world, employment(status="ended", end_date="2027-02-26"))

    assert (kind, out) == ("OUT", {"periodId": period, "endDate": "2027-02-26"})
    assert carry_out(world) == ["accepted"]
    assert plan(world, employment(status="ended", end_date="2027-02-26")) == []
    world.meet()
    assert plan(world, employment(status="changed", end_date="2027-02-26")) == []


def test_what_was_declared_since_goes_before_what_was_shown_and_what_was_before_does_not(world):
    (period,) = world.by_hand(in_body(**QUARTER))
    world.meet()
    ((_, moved),) = plan(world, employment(end_date="2027-04-30"))
    assert moved["endDate"] == "2027-04-30"
    assert carry_out(world) == ["accepted"]
    assert plan(world, employment(end_date="2027-04-30", status="changed")) == []
    world.by_hand({"dimonaUpdate": {"periodId": period, "endDate": "2027-05-31"}})

    world.meet()

    assert plan(world, employment(end_date="2027-05-31")) == []


def test_a_period_of_ours_that_is_imported_too_counts_once(world):
    plan(world, employment(worker_type="STU", end_date="2027-03-31", planned_hours=40))
    assert carry_out(world) == ["accepted"]
    world.meet()

    student = employment(**CONTRACT, planned_hours=60)
    assert [kind for kind, _ in plan(world, student)] == ["UPDATE"]
    assert carry_out(world) == ["accepted", "accepted"]
    assert plan(world, student) == []


def test_a_withdrawn_employment_cancels_its_imported_period(world):
    world.by_hand(in_body())
    world.meet()
    plan(world, employment())

    assert [kind for kind, _ in plan(world, employment(status="withdrawn"))] == ["CANCEL"]


def test_what_the_nsso_shows_cancelled_is_declared(world):
    (period,) = world.by_hand(in_body())
    world.by_hand({"dimonaCancel": {"periodId": period}})
    world.meet()

    assert [kind for kind, _ in plan(world, employment())] == ["IN"]


@pytest.mark.parametrize("hidden", ["joint_committee", "worker_type", "planned_hours"])
def test_what_the_search_does_not_show_is_no_difference(world, hidden):
    world.by_hand(in_body(**STUDENT))
    world.meet()
    with world.ledger.write() as connection:
        connection.execute(periods.update().values({hidden: None}))

    assert plan(world, employment(**CONTRACT, planned_hours=40)) == []


def test_the_brake_knows_imported_periods(world):
    world.by_hand(in_body(), in_body(OTHER_SSIN))
    world.meet()

    assert history.standing_periods(world.ledger, ROUTE.environment, EMPLOYER) == 2
    plan(world, employment(status="ended", end_date="2027-02-26"))
    carry_out(world)
    assert history.standing_periods(world.ledger, ROUTE.environment, EMPLOYER) == 2
