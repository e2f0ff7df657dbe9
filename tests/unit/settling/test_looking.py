"""What keeps a look from deciding: a search that is behind, too long or unreadable, a purge, other keys."""

from __future__ import annotations

import httpx
import pytest

from dimona_provider.errors import KeysRotated
from dimona_provider.ledger import claims, retention, rotation, settled
from dimona_provider.ledger.keys import Keyring
from dimona_provider.ledger.schema import intents
from dimona_provider.settling import evidence
from support.ledgers import set_state
from support.people import EMPLOYER, in_body, item, ssin
from support.world import World

LOST = httpx.ReadTimeout("x")
SHOWS = 60.0
LATER = 1300.0


def spoil(world: World, *employments: str) -> None:
    """Bring records under a key that nobody has."""
    body = Keyring.generate().encrypt(b"{}")
    with world.ledger.write() as connection:
        connection.execute(intents.update().where(intents.c.employment.in_(employments)).values(body=body))


def row(world: World, employment: str):
    return next(one for one in world.intents() if one.employment == employment)


def test_what_was_refused_as_known_is_compared_until_the_search_shows_it(world: World) -> None:
    world = World(world.ledger, search_lag=600.0)
    world.file_by_hand(in_body(ssin(2)))
    world.passes(30.0)
    batch = world.filed([item(1)], [])
    world.passes(SHOWS)
    assert world.run_following(batch) == {"refused": 1}
    assert world.run_settlement(batch).already_true == 0  # the search is behind

    world.passes(86_400.0)

    assert world.run_settlement().already_true == 1


def test_what_was_refused_as_known_and_is_not_so_is_compared_no_more_once_the_search_shows_it(
    world: World,
) -> None:
    world.accepted(item(1))
    twin = {"reference": "E-twin", "declaration": item(1)["declaration"]}
    world.accepted(twin)
    cancel = {
        "employer": {"enterpriseNumber": EMPLOYER},
        "dimonaCancel": {"periodId": world.intents()[0].period_id},
    }
    world.file_by_hand(cancel)
    world.passes(SHOWS)
    searches = []
    for _ in range(3):
        before = len(world.nsso.journal)
        world.run_settlement()
        searches.append(len(world.nsso.journal) - before)
        world.passes(LATER)

    assert searches[0] > 0
    assert searches[1] > 0
    assert searches[2] == 0


def test_a_purge_during_a_pass_ends_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.accepted(item(1))
    twin = {"reference": "E-twin", "declaration": item(1)["declaration"]}
    world.accepted(twin)
    world.passes(LATER)
    really = settled.note_compared

    def after_a_purge(ledger, one, *, now):
        assert retention.purge(ledger, now + 1, now=now + 10).deleted == 1
        really(ledger, one, now=now)

    monkeypatch.setattr(settled, "note_compared", after_a_purge)

    assert world.run_settlement().trouble is None
    assert len(world.intents()) == 1


def test_what_was_purged_is_not_compared(world: World) -> None:
    world.accepted(item(1))
    # As a purge leaves a student who may not be forgotten.
    set_state(world.ledger, 1, state="refused", anomalies="90373-333", body=b"")

    assert world.run_settlement().trouble is None


def test_declarations_that_no_search_can_show_do_not_hide_those_that_it_can(world: World) -> None:
    periods = [world.accepted(item(number)) for number in (11, 12, 13)]
    batch = world.filed([item(1)], [LOST])
    world.passes(LATER)
    for number, period in zip((11, 12, 13), periods, strict=True):
        out = {"dimonaOut": {"periodId": period, "endDate": "2027-06-30"}}
        world.accepted({"reference": f"E-{number}", "declaration": out})
    world.accepted(item(21))

    assert world.run_settlement(batch).planned_again == 1


def test_a_search_that_is_too_long_says_so_in_the_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MOST_PAGES", 1)
    for day in range(1, 29):
        for month in (2, 3):
            date = f"2027-{month:02d}-{day:02d}"
            world.file_by_hand(in_body(ssin(2), startDate=date, endDate=date))
    batch = world.filed([item(1), item(3)], [LOST, LOST])
    world.passes(SHOWS)

    settled_now = world.run_settlement(batch)

    assert settled_now.left == 2
    assert "can't be looked for: a search gave more than 1 pages" in row(world, "E-1").reason
    assert "may still show" in row(world, "E-3").reason


def test_a_record_that_no_key_opens_stops_no_other(world: World) -> None:
    batch = world.filed([item(1), item(2)], [LOST, LOST])
    planned = world.plan([item(4), item(5)])
    spoil(world, "E-1", "E-4")
    world.passes(LATER)
    world.accepted(item(3))

    assert world.run_settlement(batch).planned_again == 1
    assert world.run(planned) == 1

    assert [(row(world, name).state, row(world, name).reason) for name in ("E-1", "E-4")] == [
        ("unclear", "the ledger's keys don't open its record: see docs/operations.md"),
        ("held", "the ledger's keys don't open its record: see docs/operations.md"),
    ]
    assert (row(world, "E-2").state, row(world, "E-5").state) == ("planned", "sent")


def test_a_later_declaration_that_no_key_opens_is_passed_over(world: World) -> None:
    batch = world.filed([item(1)], [LOST])
    world.passes(LATER)
    world.accepted(*(item(number) for number in (2, 3, 4, 5)))
    spoil(world, "E-2", "E-3", "E-4")

    assert world.run_settlement(batch).planned_again == 1


def test_after_a_rotation_what_can_not_be_opened_is_left_to_a_process_with_new_keys(world: World) -> None:
    batch = world.plan([item(1), item(2)])
    spoil(world, "E-1")
    rotation.note_begun(world.ledger, now=world.clock.now())

    (claimed,) = claims.claim(world.ledger, batch, "one", limit=9, now=world.clock.now())
    with pytest.raises(KeysRotated):
        claims.claim(world.ledger, batch, "two", limit=9, now=world.clock.now())

    assert claimed.id == row(world, "E-2").id
    assert (row(world, "E-1").state, row(world, "E-1").claim) == ("planned", None)
