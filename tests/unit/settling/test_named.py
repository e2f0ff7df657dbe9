"""What a person names is looked at: his own declaration counts, another one never does."""

from __future__ import annotations

import httpx
import pytest

from dimona_provider.ledger import Ledger, decisions, holding
from support.people import EMPLOYER, in_body, item, ssin
from support.world import World

LOST = httpx.ReadTimeout("x")
ARRIVED = ("after", httpx.ReadTimeout("x"))
SHOWS = 60.0
LATER = 1300.0
STUDENT = {
    "startDate": "2027-02-01",
    "endDate": "2027-03-31",
    "plannedHoursNumber": 40,
    "features": {"jointCommissionNumber": "XXX", "workerType": "STU"},
}


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def filed(world: World, items: list[object], faults: list[object]) -> str:
    batch = world.plan(items)
    world.wire.faults = faults
    world.run(batch)
    world.wire.faults = []
    world.passes(SHOWS)
    return batch


def name(world: World, number: int, row: int = 0) -> None:
    reference = world.intents()[row].reference
    decisions.resolve_filed(world.ledger, reference, number, reason="x", now=world.clock.now())
    world.passes(SHOWS)


def test_what_was_filed_by_hand_is_not_filed_again_when_its_employer_is_released(world: World) -> None:
    batch = filed(world, [item(1, **STUDENT)], [httpx.Response(403)])
    number = world.file_by_hand(item(1, **STUDENT)["declaration"])

    name(world, number)
    holding.release(
        world.ledger, dimona_conn_id="", employer=EMPLOYER, reason="mandate", now=world.clock.now()
    )
    world.run(batch)

    assert world.run_following(batch) == {"accepted": 1}
    assert world.taken() == {number}


def test_somebody_elses_declaration_does_not_count(world: World) -> None:
    other = world.file_by_hand(in_body(ssin(50), startDate="2027-02-01"))
    batch = filed(world, [item(1)], [LOST])

    name(world, other)

    assert world.run_following(batch) == {"unclear": 1}
    assert "says something else" in world.intents()[0].reason


def test_what_differs_in_a_day_does_not_count(world: World) -> None:
    other = world.file_by_hand(in_body(ssin(2), startDate="2027-01-21"))
    batch = filed(world, [item(1)], [LOST])

    name(world, other)

    assert world.run_following(batch) == {"unclear": 1}


def test_an_out_is_compared_by_its_period(world: World) -> None:
    first = filed(world, [item(1)], [])
    world.run_following(first)
    out = {
        "reference": "E-1",
        "declaration": {
            "employer": {"enterpriseNumber": EMPLOYER},
            "dimonaOut": {"periodId": world.intents()[0].period_id, "endDate": "2027-06-30"},
        },
    }
    batch = filed(world, [out], [LOST])

    name(world, world.file_by_hand(out["declaration"]), row=1)

    assert world.run_following(batch) == {"accepted": 1}


def test_his_own_declaration_counts(world: World) -> None:
    batch = filed(world, [item(1)], [LOST])

    name(world, world.file_by_hand(item(1)["declaration"]))

    assert world.run_following(batch) == {"accepted": 1}


def test_what_a_person_named_wrongly_is_never_sent_again_by_machine(world: World) -> None:
    other = world.file_by_hand(in_body(ssin(50), startDate="2027-02-01"))
    batch = filed(world, [item(1)], [LOST])
    name(world, other)
    world.run_following(batch)
    world.passes(LATER)
    filed(world, [item(7)], [])  # proves that the search has caught up
    world.run_following(world.intents()[-1].batch)

    settled = world.run_settlement(batch)

    assert (settled.planned_again, settled.left) == (0, 1)
    reason = world.intents()[0].reason
    assert "says something else" in reason
    assert "a person decides" in reason


def test_what_a_person_named_wrongly_is_found_all_the_same(world: World) -> None:
    other = world.file_by_hand(in_body(ssin(50), startDate="2027-02-01"))
    batch = filed(world, [item(1)], [ARRIVED])
    name(world, other)
    world.run_following(batch)

    settled = world.run_settlement(batch)

    assert settled.adopted == 1
    assert world.run_following(batch) == {"accepted": 1}


def test_whose_declaration_was_named_for_another_is_not_sent_again(world: World) -> None:
    filed(world, [item(1)], [LOST])
    batch = filed(world, [item(2)], [ARRIVED])
    (arrived,) = world.taken()
    name(world, arrived)  # of the second, typed for the first
    world.passes(LATER)
    later = filed(world, [item(7)], [])
    world.run_following(later)

    before = world.run_settlement(batch)
    name(world, world.file_by_hand(item(1)["declaration"]))
    after = world.run_settlement(batch)

    assert (before.planned_again, after.planned_again) == (0, 0)
    assert after.adopted == 1
    assert world.intents()[1].declaration_id == arrived
