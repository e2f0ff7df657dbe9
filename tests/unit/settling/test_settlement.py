"""Settling what is unclear: found, there already, sent once more, or left to a person - and never twice."""

from __future__ import annotations

import httpx
import pytest

from dimona_provider.ledger import Ledger
from support.people import OTHER_EMPLOYER, in_body, item, ssin
from support.world import World

LOST = httpx.ReadTimeout("x")
ARRIVED = ("after", httpx.ReadTimeout("x"))
SHOWS = 60.0
"""Seconds after which the simulator shows a declaration, whatever its timing."""
LATER = 1300.0
"""Seconds after which one that is not found may be sent again."""


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def filed(world: World, items: list[object], faults: list[object]) -> str:
    """Plan and file a batch of its own, with *faults* for its first POSTs."""
    batch = world.plan(items)
    world.wire.faults = faults
    world.run(batch)
    world.wire.faults = []
    return batch


def period_of(world: World, number: int) -> int:
    """File the IN of one worker and return its period."""
    batch = filed(world, [item(number)], [])
    world.passes(SHOWS)
    assert world.run_following(batch) == {"accepted": 1}
    return int(world.intents()[-1].period_id)


def test_what_arrived_is_found_and_adopted(world: World) -> None:
    batch = filed(world, [item(1), item(2)], [ARRIVED])
    world.passes(SHOWS)

    settled = world.run_settlement(batch)

    assert (settled.adopted, settled.left) == (1, 0)
    assert world.states(batch) == {"sent": 2}
    assert world.wire.posts == world.filed_at_the_nsso() == 2
    assert world.run_following(batch) == {"accepted": 2}
    assert {row.declaration_id for row in world.intents()} == world.taken()


def test_what_arrived_and_was_refused_is_adopted_as_refused(world: World) -> None:
    first = filed(world, [item(1)], [])
    world.passes(SHOWS)
    world.run_following(first)
    other = {"reference": "E-other", "declaration": item(1, endDate="2027-06-30")["declaration"]}
    # It overlaps with the first: 90373-334. What is filed beside it proves that it is no older one.
    batch = filed(world, [item(5), other], [None, ARRIVED])
    world.passes(SHOWS)

    assert world.run_settlement(batch).adopted == 1
    assert world.run_following(batch) == {"accepted": 1, "refused": 1}
    assert world.intents()[-1].anomalies == "90373-334"


def test_what_does_not_show_yet_is_left_alone(ledger: Ledger) -> None:
    world = World(ledger, search_lag=600.0)
    batch = filed(world, [item(1)], [ARRIVED])

    settled = world.run_settlement(batch)

    assert (settled.adopted, settled.planned_again, settled.left) == (0, 0, 1)
    assert world.states(batch) == {"unclear": 1}
    assert "may still show" in world.intents()[0].reason


def test_what_never_arrived_is_sent_once_more_when_the_search_has_caught_up(world: World) -> None:
    batch = filed(world, [item(1)], [LOST])
    world.passes(LATER)
    assert world.run_settlement(batch).planned_again == 0  # nothing later shows: the search may be behind
    later = filed(world, [item(2)], [])
    world.passes(SHOWS)
    world.run_following(later)

    settled = world.run_settlement(batch)

    assert (settled.planned_again, settled.left) == (1, 0)
    assert settled.batches == {batch}
    assert world.run(batch) == 1
    world.passes(SHOWS)
    assert world.run_following(batch) == {"accepted": 1}
    assert world.filed_at_the_nsso() == 2


def test_a_search_that_is_behind_decides_nothing(world: World) -> None:
    world = World(world.ledger, search_lag=7200.0)
    batch = filed(world, [item(1)], [ARRIVED])
    world.passes(LATER)
    later = filed(world, [item(2)], [])
    world.passes(SHOWS)
    world.run_following(later)
    world.passes(LATER)

    settled = world.run_settlement(batch)

    assert (settled.planned_again, settled.left) == (0, 1)
    assert "no later declaration" in world.intents()[0].reason


def test_an_employer_that_files_all_the_time_is_settled_by_what_shows_already(ledger: Ledger) -> None:
    world = World(ledger, search_lag=120.0)
    batch = filed(world, [item(1)], [LOST])
    world.passes(LATER)
    world.run_following(filed(world, [item(2)], []))
    world.passes(300.0)
    for number in range(3, 8):  # fresher than the search
        world.run_following(filed(world, [item(number)], []))

    assert world.run_settlement(batch).planned_again == 1


@pytest.mark.parametrize(
    ("worker_type", "block"),
    [
        ("STU", {"endDate": "2027-03-31", "plannedHoursNumber": 40}),
        ("FLX", {"endDate": "2027-01-20", "startHour": "0900", "endHour": "1700"}),
        ("EXT", {"endDate": "2027-01-20", "startHour": "0900", "endHour": "1700"}),
    ],
)
def test_what_may_exist_twice_is_never_sent_again(
    world: World, worker_type: str, block: dict[str, object]
) -> None:
    committee = "302" if worker_type == "EXT" else "XXX"
    features = {"jointCommissionNumber": committee, "workerType": worker_type}
    batch = filed(world, [item(1, features=features, **block)], [LOST])
    world.passes(LATER)
    world.run_following(filed(world, [item(2)], []))
    world.passes(SHOWS)
    world.run_following(world.intents()[-1].batch)

    settled = world.run_settlement(batch)

    assert (settled.planned_again, settled.left) == (0, 1)
    assert "a person decides" in world.intents()[0].reason
    assert world.run(batch) == 0


def test_after_its_deadline_a_declaration_is_left_to_a_person(world: World) -> None:
    batch = filed(world, [item(1)], [LOST])
    world.passes(40 * 86_400)
    later = filed(world, [item(2, startDate="2027-03-20")], [])
    world.passes(SHOWS)
    world.run_following(later)

    assert world.run_settlement(batch).planned_again == 0
    assert "deadline has passed" in world.intents()[0].reason


def test_what_somebody_else_filed_is_already_true(world: World) -> None:
    world.file_by_hand(in_body(ssin(2)))
    known = filed(world, [item(7)], [])  # a later number is known when our own sending begins
    batch = filed(world, [item(1)], [LOST])
    world.passes(SHOWS)
    world.run_following(known)

    settled = world.run_settlement(batch)

    assert (settled.adopted, settled.already_true) == (0, 1)
    row = next(row for row in world.intents() if row.batch == batch)
    assert (row.state, row.reason, row.declaration_id) == (
        "already_true",
        "already true, filed elsewhere",
        None,
    )
    assert row.period_id is not None


def test_an_older_declaration_that_was_cancelled_proves_nothing(world: World) -> None:
    number = world.file_by_hand(in_body(ssin(2)))
    world.passes(SHOWS)
    world.file_by_hand({"dimonaCancel": {"periodId": world.period_made_by(number)}})
    world.passes(SHOWS)
    filed(world, [item(7)], [])
    batch = filed(world, [item(1)], [LOST])
    world.passes(SHOWS)

    settled = world.run_settlement(batch)

    assert (settled.adopted, settled.already_true, settled.left) == (0, 0, 1)


def test_two_equal_ones_are_matched_in_order_and_not_to_the_same_declaration(world: World) -> None:
    twin = {"reference": "E-twin", "declaration": item(1)["declaration"]}
    batch = filed(world, [item(3), item(1), twin], [None, ARRIVED, ARRIVED])
    world.passes(SHOWS)

    settled = world.run_settlement(batch)

    assert settled.adopted == 2
    _, first, second = world.intents()
    assert first.declaration_id < second.declaration_id
    world.run_following(batch)
    assert [row.state for row in world.intents()] == ["accepted", "accepted", "refused"]


def test_nothing_is_adopted_while_a_declaration_of_the_worker_is_being_sent(world: World) -> None:
    batch = filed(world, [item(1)], [ARRIVED])
    other = world.plan([{"reference": "E-twin", "declaration": item(1)["declaration"]}], origin="the other")
    world.claim(other)
    world.passes(SHOWS)

    settled = world.run_settlement(batch)

    assert (settled.adopted, settled.left) == (0, 1)
    assert "being sent" in world.intents()[0].reason


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(httpx.Response(500), id="500"),
        pytest.param(httpx.Response(200, text="<html>"), id="no JSON"),
        pytest.param(httpx.Response(200, json={"items": [{"nothing": 1}]}), id="an item without an id"),
        pytest.param(httpx.Response(200, json={}), id="no page"),
        pytest.param(httpx.ReadTimeout("x"), id="time-out"),
        pytest.param(httpx.Response(403), id="403"),
    ],
)
def test_an_incomplete_search_decides_nothing(world: World, fault: object) -> None:
    batch = filed(world, [item(1)], [LOST])
    world.passes(LATER)
    later = filed(world, [item(2)], [])
    world.passes(SHOWS)
    world.run_following(later)
    world.wire.search_faults = [None, *[fault] * 9]  # the first one shows that the search has caught up

    settled = world.run_settlement(batch)

    assert (settled.planned_again, settled.left) == (0, 1)
    assert settled.trouble
    assert "Peeters" not in settled.trouble


def test_a_search_of_many_pages_is_read_to_its_end(world: World) -> None:
    for day in range(1, 29):
        for month in range(2, 5):
            world.file_by_hand(
                in_body(
                    ssin(2), startDate=f"2027-{month:02d}-{day:02d}", endDate=f"2027-{month:02d}-{day:02d}"
                )
            )
    batch = filed(world, [item(1, endDate="2027-01-31")], [ARRIVED])
    world.passes(SHOWS)

    assert world.run_settlement(batch).adopted == 1


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("kind", ["dimonaOut", "dimonaUpdate", "dimonaCancel"])
def test_what_follows_a_period_is_judged_by_the_period(world: World, kind: str, arrived: bool) -> None:  # noqa: FBT001
    period = period_of(world, 1)
    block = {
        "dimonaOut": {"endDate": "2027-06-30"},
        "dimonaUpdate": {"startDate": "2027-01-21"},
        "dimonaCancel": {},
    }[kind]
    wish = {"reference": "E-1", "declaration": {kind: {"periodId": period, **block}}}
    wish["declaration"]["employer"] = {"enterpriseNumber": "0477472701"}
    batch = filed(world, [wish], [ARRIVED if arrived else LOST])
    world.passes(LATER)
    later = filed(world, [item(2)], [])
    world.passes(SHOWS)
    world.run_following(later)

    settled = world.run_settlement(batch)

    assert (settled.already_true, settled.planned_again) == ((1, 0) if arrived else (0, 1))
    if not arrived:
        assert world.run(batch) == 1
        world.passes(SHOWS)
        assert world.run_following(batch) == {"accepted": 1}


def test_refused_as_there_already_becomes_already_true_with_the_period_that_stands(world: World) -> None:
    number = world.file_by_hand(in_body(ssin(2)))
    world.passes(SHOWS)
    batch = filed(world, [item(1)], [])
    world.passes(SHOWS)
    assert world.run_following(batch) == {"refused": 1}

    settled = world.run_settlement(batch)

    assert settled.already_true == 1
    row = world.intents()[-1]
    assert (row.state, row.period_id) == ("already_true", world.period_made_by(number))
    assert row.anomalies == "90373-333"


def test_a_duplicate_of_our_own_stays_refused(world: World) -> None:
    first = filed(world, [item(1)], [])
    world.passes(SHOWS)
    world.run_following(first)
    twin = {"reference": "E-twin", "declaration": item(1)["declaration"]}
    batch = filed(world, [twin], [])
    world.passes(SHOWS)
    assert world.run_following(batch) == {"refused": 1}

    assert world.run_settlement(batch).already_true == 0
    assert world.states(batch) == {"refused": 1}


def test_what_is_refused_for_another_reason_is_compared_once_and_stays_refused(world: World) -> None:
    world.file_by_hand(in_body(ssin(2), endDate="2027-06-30"))
    world.passes(SHOWS)
    batch = filed(world, [item(1, endDate="2027-05-31")], [])
    world.passes(SHOWS)
    assert world.run_following(batch) == {"refused": 1}  # overlap

    assert world.run_settlement(batch).already_true == 0
    assert world.states(batch) == {"refused": 1}


def test_a_worker_without_ssin_is_found_by_name_and_birth(world: World) -> None:
    worker = {
        "familyName": "Zwartewei", "givenName": "Pieternel", "birthDate": "1990-02-03",
        "placeOfBirth": "Lille", "countryOfBirth": 111, "nationality": 111, "gender": "2",
        "address": {
            "street": "Rue du Test", "houseNumber": "1", "postCode": "59000",
            "municipality": {"code": 99999, "name": "Lille"}, "country": 111,
        },
    }  # fmt: skip
    body = {**in_body(), "worker": worker}
    batch = filed(world, [item(3), {"reference": "E-1", "declaration": body}], [None, ARRIVED])
    world.passes(SHOWS)

    assert world.run_settlement(batch).adopted == 1


def test_settling_twice_at_a_time_adopts_once(world: World) -> None:
    batch = filed(world, [item(n) for n in range(6)], [ARRIVED] * 6)
    world.passes(SHOWS)

    one, other = world.settle_twice(batch)

    assert one.adopted + other.adopted == 6
    assert world.states(batch) == {"sent": 6}
    assert len(world.taken()) == 6


def test_the_sender_that_still_lives_and_a_settlement_do_not_both_count(world: World) -> None:
    batch = world.plan([item(1)])
    token, (claimed,) = world.claim(batch)
    world.file_by_hand(item(1)["declaration"])
    world.expire(batch)
    assert world.run_settlement(batch).adopted == 1
    number = world.intents()[0].declaration_id

    world.report(token, claimed.id, declaration_id=number)

    assert world.states(batch) == {"sent": 1}
    assert world.intents()[0].declaration_id == number


def test_what_another_employer_filed_for_the_worker_is_not_ours(world: World) -> None:
    batch = filed(world, [item(1)], [LOST])
    world.file_by_hand(in_body(ssin(2), employer=OTHER_EMPLOYER))
    world.passes(SHOWS)

    assert world.run_settlement(batch).adopted == 0
