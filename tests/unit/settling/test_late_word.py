"""What comes late: the first sender's answer, and a last look before what a person called not filed."""

from __future__ import annotations

import httpx
import pytest

from dimona_provider.domain.outcome import State
from dimona_provider.ledger import claims, decisions, lateness
from dimona_provider.ledger.schema import intents
from dimona_provider.upkeep import sweep
from support.ledgers import set_state, still_claimed
from support.people import in_body, item, ssin
from support.world import World

LOST = httpx.ReadTimeout("x")
ARRIVED = ("after", httpx.ReadTimeout("x"))
LATER = 1300.0
STUDENT = {
    "startDate": "2027-02-01",
    "endDate": "2027-03-31",
    "plannedHoursNumber": 40,
    "features": {"jointCommissionNumber": "XXX", "workerType": "STU"},
}


def not_filed(world: World) -> None:
    """Decide as a person would who does not see the first declaration."""
    reference = world.intents()[0].reference
    decisions.resolve_not_filed(world.ledger, reference, reason="not there", now=world.clock.now())


@pytest.fixture
def planned_again(world: World) -> tuple[str, str, int]:
    """Give batch, token and intent of a sender that sleeps while its declaration is planned again."""
    batch = world.plan([item(1)])
    token, (claimed,) = world.claim(batch)
    world.expire(batch)
    world.passes(LATER)
    world.accepted(item(2))
    assert world.run_settlement(batch).planned_again == 1
    return batch, token, claimed.id


def test_the_first_sender_that_reports_after_all_keeps_the_second_from_sending(
    world: World, planned_again: tuple[str, str, int]
) -> None:
    batch, token, intent = planned_again
    number = world.file_by_hand(item(1)["declaration"])

    world.report(token, intent, declaration_id=number)

    assert (world.intents()[0].state, world.intents()[0].declaration_id) == ("sent", number)
    assert world.run(batch) == 0
    world.passes(60.0)
    assert world.run_following(batch) == {"accepted": 1}


def test_a_second_attempt_that_was_not_received_changes_nothing_of_it(
    world: World, planned_again: tuple[str, str, int]
) -> None:
    batch, token, intent = planned_again
    world.wire.faults = [httpx.Response(401)] * 2
    with pytest.raises(Exception, match="401"):
        world.run(batch)
    number = world.file_by_hand(item(1)["declaration"])

    world.report(token, intent, declaration_id=number)

    assert (world.intents()[0].state, world.intents()[0].declaration_id) == ("sent", number)


def test_what_was_sent_again_by_then_is_shown_to_a_person(
    world: World, planned_again: tuple[str, str, int]
) -> None:
    batch, token, intent = planned_again
    number = world.file_by_hand(item(1)["declaration"])
    assert world.run(batch) == 1
    own = world.intents()[0].declaration_id

    world.report(token, intent, declaration_id=number)

    assert world.intents()[0].declaration_id == own
    (stuck,) = lateness.stuck(world.ledger, now=world.clock.now())
    assert (stuck.reference, f"declaration {number} was taken besides" in stuck.reason) == (
        world.intents()[0].reference,
        True,
    )
    assert lateness.stuck(world.ledger, now=world.clock.now() + 8 * 86_400) == []


def test_the_second_sender_is_stopped_before_its_post(
    world: World, planned_again: tuple[str, str, int]
) -> None:
    batch, token, intent = planned_again
    second, _ = world.claim(batch)
    number = world.file_by_hand(item(1)["declaration"])

    world.report(token, intent, declaration_id=number)

    assert still_claimed(world.ledger, [(intent, second)]) == set()
    assert (world.intents()[0].state, world.intents()[0].declaration_id) == ("sent", number)
    assert lateness.stuck(world.ledger, now=world.clock.now()) == []


def test_a_second_post_that_is_unclear_is_shown_to_a_person(
    world: World, planned_again: tuple[str, str, int]
) -> None:
    batch, token, intent = planned_again
    number = world.file_by_hand(item(1)["declaration"])
    world.wire.faults = [LOST]
    world.run(batch)

    world.report(token, intent, declaration_id=number)

    assert (world.intents()[0].state, world.intents()[0].declaration_id) == ("sent", number)
    (stuck,) = lateness.stuck(world.ledger, now=world.clock.now())
    assert "may have been taken besides" in stuck.reason


def test_what_was_read_as_filed_is_not_sent_again_and_gets_its_number(
    world: World, planned_again: tuple[str, str, int]
) -> None:
    batch, token, intent = planned_again
    number = world.file_by_hand(item(1)["declaration"])
    world.report(token, intent, declaration_id=number)
    # As an earlier version left it: the report was written down, the intent stayed planned.
    set_state(world.ledger, intent, state=State.PLANNED, claim=None, declaration_id=None, filed_at=None)

    assert claims.claim(world.ledger, batch, "another", limit=9, now=world.clock.now()) == []
    sweep(world.ledger, now=world.clock.now())

    assert (world.intents()[0].state, world.intents()[0].declaration_id) == ("sent", number)


def test_a_sender_that_reports_after_a_person_said_not_filed_is_right(world: World) -> None:
    batch = world.plan([item(1, **STUDENT)])
    token, (claimed,) = world.claim(batch)
    number = world.file_by_hand(item(1, **STUDENT)["declaration"])
    world.expire(batch)
    world.passes(1500.0)
    not_filed(world)

    world.report(token, claimed.id, declaration_id=number)

    assert world.run(batch) == 0
    world.passes(60.0)
    assert world.run_following(batch) == {"accepted": 1}


def test_what_a_person_called_not_filed_is_looked_for_before_it_is_sent(world: World) -> None:
    world = World(world.ledger, search_lag=1500.0)
    batch = world.filed([item(1, **STUDENT)], [ARRIVED])
    world.passes(1400.0)
    not_filed(world)
    assert world.run(batch) == 0  # nobody has looked yet
    world.passes(600.0)

    assert world.run_settlement(batch).adopted == 1
    assert world.run(batch) == 0
    world.passes(60.0)
    assert world.run_following(batch) == {"accepted": 1}


def test_what_is_not_there_is_sent_as_the_person_decided(world: World) -> None:
    batch = world.filed([item(1, **STUDENT)], [LOST])
    world.passes(LATER)
    not_filed(world)

    settled = world.run_settlement(batch)

    assert (settled.adopted, settled.left, settled.batches) == (0, 0, {batch})
    assert world.run(batch) == 1


def test_what_somebody_filed_by_then_is_already_true(world: World) -> None:
    world.file_by_hand(in_body(ssin(2)))
    world.accepted(item(7))
    batch = world.filed([item(1)], [LOST])
    world.passes(LATER)
    with world.ledger.read() as connection:
        reference = connection.scalar(intents.select().with_only_columns(intents.c.reference).where(
            intents.c.batch == batch
        ))  # fmt: skip
    decisions.resolve_not_filed(world.ledger, reference, reason="not there", now=world.clock.now())

    assert world.run_settlement(batch).already_true == 1


def test_a_last_look_that_fails_lets_nothing_go(world: World) -> None:
    batch = world.filed([item(1, **STUDENT)], [LOST])
    world.passes(LATER)
    not_filed(world)
    world.wire.search_faults = [httpx.Response(200, text="<html>")]

    assert world.run_settlement(batch).trouble
    assert world.run(batch) == 0
