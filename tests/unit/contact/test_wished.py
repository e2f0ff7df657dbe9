"""Reconciliation compares the NSSO with what payroll wishes, as the planner understands it."""

from __future__ import annotations

import pytest

from dimona_provider.domain.routes import Routes
from dimona_provider.ledger import answering, batches, staging
from dimona_provider.ledger.schema import intents
from dimona_provider.planning.intake import plan_exports
from dimona_provider.planning.wanting import wished
from support.people import EMPLOYER, OTHER_SSIN, employment, in_body
from support.world import ROUTE, RUN

ROUTES = Routes(ROUTE)
STUDENT = {"worker_type": "STU", "end_date": "2027-03-31"}
FLEXI = {"worker_type": "FLX", "end_date": "2027-06-30", "joint_committee": "302"}
EARLY = {"worker_type": "T17", "start_date": "2027-12-20", "end_date": "2027-12-20"}


def declare(world, *records):
    """Plan, file and follow what payroll exports."""
    staging.stage(world.ledger, staging.new_export(), 1, records, now=world.clock.now())
    plan_exports(world.ledger, RUN, ROUTES, now=world.clock.now())
    for batch in batches.assign(world.ledger, RUN, ROUTES, now=world.clock.now()):
        world.run(batch)
    return world.ledger


def wishes(world):
    return list(wished(world.ledger, ROUTE.environment, EMPLOYER, now=world.clock.now()))


def gaps(world):
    world.reconcile(wishes=wishes(world))
    return world.open_gaps()


def test_the_hours_of_all_contracts_are_one_wish(world):
    declare(world, employment(**STUDENT, planned_hours=20))
    two = [employment(**STUDENT, employment_id=f"E-{n}", planned_hours=20) for n in (0, 1)]
    declare(world, *two)

    (wish,) = wishes(world)
    assert (wish.employment, wish.terms.planned_hours) == ("E-1", 40)
    assert gaps(world) == []


def test_what_payroll_changed_and_nobody_filed_is_a_gap(world):
    declare(world, employment())
    (period,) = [one.period_id for one in world.intents()]
    world.by_hand({"dimonaOut": {"periodId": period, "endDate": "2027-02-26"}})

    assert gaps(world) == [("date", "E-1", "end date")]


def test_an_imported_period_that_fits_is_none(world):
    world.by_hand(in_body())
    world.meet()
    declare(world, employment())

    assert gaps(world) == []


def test_a_withdrawn_employment_whose_period_stands_is_a_gap_and_one_that_is_gone_is_none(world):
    declare(world, employment())
    declare(world, employment(status="withdrawn"))

    assert [one.is_withdrawn for one in wishes(world)] == [True]
    assert gaps(world) == []


def withdrawn_too_late(world):
    """Let payroll withdraw what has begun; return the question."""
    declare(world, employment())
    world.passes(30 * 86_400.0)
    declare(world, employment(status="withdrawn"))
    (asked,) = answering.questions(world.ledger)
    return asked


def answer(world, asked, option):
    answering.answer(world.ledger, asked.reference, option, reason="test", now=world.clock.now())


def test_what_nobody_has_decided_yet_is_a_gap_and_what_a_person_keeps_is_none(world):
    asked = withdrawn_too_late(world)
    assert [kind for kind, *_ in gaps(world)] == ["unknown_period"]

    answer(world, asked, "keep")
    declare(world)

    assert gaps(world) == []


def test_what_nobody_decided_in_time_is_kept_and_no_gap(world):
    asked = withdrawn_too_late(world)
    world.passes(asked.answer_by - world.clock.now() + 1)

    assert gaps(world) == []


def test_what_payroll_is_to_correct_stays_a_gap(world):
    answer(world, withdrawn_too_late(world), "correct")
    declare(world)

    assert [kind for kind, *_ in gaps(world)] == ["unknown_period"]


def test_a_new_wish_after_a_kept_one_is_compared_again(world):
    answer(world, withdrawn_too_late(world), "keep")
    declare(world, employment(end_date="2027-12-31"))
    assert gaps(world) == []
    (period,) = {one.period_id for one in world.intents()}

    world.by_hand({"dimonaUpdate": {"periodId": period, "endDate": "2027-11-30"}})

    assert gaps(world) == [("date", "E-1", "end date")]


@pytest.mark.parametrize(
    "changes",
    [FLEXI, {"worker_type": "T17", "start_date": "2027-12-20", "end_date": "2027-12-20"}],
    ids=["several periods", "early"],
)
def test_what_can_not_be_compared_is_left_out(world, changes):
    declare(world, employment(**changes))

    assert wishes(world) == []


def test_what_the_nsso_refused_is_told_by_its_run_and_no_gap(world):
    declare(world, employment())
    with world.ledger.write() as connection:
        connection.execute(intents.update().values(state="refused", period_id=None))

    assert wishes(world) == []


def test_who_is_still_to_be_planned_is_left_out(world):
    declare(world, employment())
    staging.stage(world.ledger, staging.new_export(), 1, [employment(joint_committee="140")], now=0.0)
    plan_exports(world.ledger, RUN, ROUTES, now=world.clock.now())
    staging.stage(world.ledger, staging.new_export(), 1, [employment(joint_committee="118")], now=0.0)
    plan_exports(world.ledger, RUN, ROUTES, now=world.clock.now())

    assert wishes(world) == []


def test_an_import_finds_the_employment_that_payroll_wishes(world):
    world.by_hand(in_body(endDate="2027-03-31"), in_body(OTHER_SSIN))
    staging.stage(world.ledger, staging.new_export(), 1, [employment(end_date="2027-03-31")], now=0.0)
    plan_exports(world.ledger, RUN, ROUTES, now=world.clock.now())
    with world.ledger.write() as connection:  # so that no declaration says so
        connection.execute(intents.update().values(state="refused"))

    done = world.meet()

    assert (done.matched, done.unmatched) == (1, 1)
