"""Whose an equal declaration is: what a person filed, cancelled or was refused is never taken for ours."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from dimona_provider.ledger import decisions, holding
from dimona_provider.ledger.schema import attempts
from support.people import EMPLOYER, in_body, item, ssin
from support.world import World

LOST = httpx.ReadTimeout("x")
ARRIVED = ("after", httpx.ReadTimeout("x"))
SHOWS = 60.0
DAY = {"startDate": "2027-01-20", "endDate": "2027-01-20", "startHour": "0900", "endHour": "1700"}
FLEXI = {**DAY, "features": {"jointCommissionNumber": "XXX", "workerType": "FLX"}}


def filed_by_hand(world: World, **block: object) -> int:
    """File the IN of worker 1 beside the ledger; return its period."""
    number = world.file_by_hand(in_body(ssin(2), **block))
    world.passes(SHOWS)
    return world.period_made_by(number)


def cancelled_by_hand(world: World, period: int) -> None:
    world.file_by_hand({"dimonaCancel": {"periodId": period}})
    world.passes(SHOWS)


def set_known(world: World, **values: object) -> None:
    with world.ledger.write() as connection:
        connection.execute(attempts.update().values(**values))


@pytest.mark.parametrize("is_fresh", [True, False])
def test_what_a_person_filed_and_cancelled_is_not_ours(world: World, is_fresh: bool) -> None:  # noqa: FBT001
    if not is_fresh:
        world.accepted(item(7))
    cancelled_by_hand(world, filed_by_hand(world))
    batch = world.filed([item(1)], [LOST])
    world.passes(SHOWS)

    settled = world.run_settlement(batch)

    assert (settled.adopted, settled.already_true, settled.left) == (0, 0, 1)
    assert "a person decides" in world.intents()[-1].reason


def test_what_a_person_was_refused_is_not_ours(world: World) -> None:
    overlapping = filed_by_hand(world, endDate="2027-06-30")
    world.file_by_hand(in_body(ssin(2)))
    world.passes(SHOWS)
    cancelled_by_hand(world, overlapping)
    batch = world.filed([item(1)], [LOST])
    world.passes(SHOWS)

    assert world.run_settlement(batch).adopted == 0
    assert world.states(batch) == {"unclear": 1}


@pytest.mark.parametrize("fate", [ARRIVED, LOST])
def test_what_the_nsso_refused_since_is_refused_when_ours_would_show(world: World, fate: object) -> None:
    filed_by_hand(world, endDate="2027-06-30")  # both overlap it
    world.accepted(item(7))
    world.file_by_hand(in_body(ssin(2)))
    batch = world.filed([item(1)], [fate])
    world.passes(SHOWS)
    before = world.run_settlement(batch).adopted
    world.passes(1300.0)

    settled = world.run_settlement(batch)
    world.run_following(batch)

    assert (before, settled.adopted) == (0, 1)
    assert world.states(batch) == {"refused": 1}


def test_what_a_person_says_was_not_filed_is_sent_whatever_was_refused_by_hand(world: World) -> None:
    overlapping = filed_by_hand(world, endDate="2027-06-30")
    world.accepted(item(7))
    world.file_by_hand(in_body(ssin(2)))
    batch = world.filed([item(1)], [LOST])
    cancelled_by_hand(world, overlapping)  # so that it would be accepted now
    world.passes(1400.0)
    reference = world.intents()[-1].reference
    decisions.resolve_not_filed(world.ledger, reference, reason="refused one is mine", now=world.clock.now())

    settled = world.run_settlement(batch)
    world.run(batch)
    world.run_following(batch)

    assert settled.adopted == 0
    assert world.states(batch) == {"accepted": 1}


def test_what_was_refused_beside_what_was_cancelled_is_for_a_person(world: World) -> None:
    cancelled_by_hand(world, filed_by_hand(world))
    filed_by_hand(world, endDate="2027-06-30")
    world.file_by_hand(in_body(ssin(2)))
    batch = world.filed([item(1)], [LOST])
    world.passes(1400.0)

    assert world.run_settlement(batch).adopted == 0
    assert world.states(batch) == {"unclear": 1}


def test_what_is_doubtful_is_never_sent_again_by_itself(world: World) -> None:
    cancelled_by_hand(world, filed_by_hand(world))
    batch = world.filed([item(1)], [LOST])
    world.passes(1300.0)
    world.accepted(item(2))

    assert world.run_settlement(batch).planned_again == 0
    assert world.run(batch) == 0


def test_what_arrived_and_was_cancelled_since_is_ours_when_its_number_proves_it(world: World) -> None:
    batch = world.filed([item(5), item(1)], [None, ARRIVED])
    world.passes(SHOWS)
    cancelled_by_hand(world, world.period_made_by(max(world.taken())))

    assert world.run_settlement(batch).adopted == 1
    assert world.intents()[-1].declaration_id is not None


def test_what_stands_is_taken_before_what_was_refused(world: World) -> None:
    overlapping = filed_by_hand(world, endDate="2027-06-30")
    batch = world.filed([item(5), item(1)], [None, ARRIVED])  # refused: it overlaps
    world.passes(SHOWS)
    cancelled_by_hand(world, overlapping)
    period = filed_by_hand(world)

    world.run_settlement(batch)
    world.run_following(batch)

    assert (world.intents()[-1].state, world.intents()[-1].period_id) == ("accepted", period)


def test_a_post_that_was_refused_says_nothing_of_what_was_known_before_the_next(world: World) -> None:
    batch = world.filed([item(1)], [httpx.Response(403)])
    cancelled_by_hand(world, filed_by_hand(world))
    holding.release(world.ledger, dimona_conn_id="", employer=EMPLOYER, reason="ok", now=world.clock.now())
    world.accepted(item(7))
    world.wire.faults = [LOST]
    world.run(batch)
    world.wire.faults = []
    world.passes(SHOWS)

    settled = world.run_settlement(batch)

    assert (settled.adopted, settled.left) == (0, 1)
    assert "may still show" in world.intents()[0].reason  # the older one is not even doubtful


@pytest.mark.parametrize("stands", [True, False])
def test_a_ledger_that_did_not_write_down_what_was_known_takes_only_what_stands(
    world: World,
    stands: bool,  # noqa: FBT001
) -> None:
    period = filed_by_hand(world)
    if not stands:
        cancelled_by_hand(world, period)
    world.accepted(item(7))
    batch = world.filed([item(1)], [LOST])
    set_known(world, known_up_to=None)
    world.passes(SHOWS)

    settled = world.run_settlement(batch)

    assert (settled.adopted, settled.left) == ((1, 0) if stands else (0, 1))


@pytest.mark.parametrize("is_newer", [True, False])
@pytest.mark.parametrize("settlers", [1, 2])
def test_one_declaration_answers_one_of_two_equal_wishes(
    world: World,
    is_newer: bool,  # noqa: FBT001
    settlers: int,
) -> None:
    if not is_newer:
        filed_by_hand(world, **FLEXI)
        world.accepted(item(7))
    twin = {"reference": "E-twin", "declaration": item(1, **FLEXI)["declaration"]}
    batch = world.filed([item(1, **FLEXI), twin], [LOST, LOST])
    if is_newer:
        filed_by_hand(world, **FLEXI)
    world.passes(SHOWS)

    if settlers == 1:
        world.run_settlement(batch)
    else:
        world.settle_twice(batch)
    asyncio.run(world.settle(batch))

    counted = {"sent": 1} if is_newer else {"already_true": 1}
    assert world.states(batch) == {**counted, "unclear": 1}
