"""A check that can't fail is worthless: wrong ledgers have to be found, and right ones let through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dimona_provider.api.client import open_client
from dimona_provider.clock import SystemClock
from dimona_provider.domain.routes import Route
from dimona_provider.filing.submission import Submission
from dimona_provider.ledger import Ledger
from dimona_provider.ledger.answers import insert_answers
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.schema import answers, attempts, events, intents
from dimona_provider.planning.intake import take_source
from dimona_provider.upkeep import sweep
from include.dimona_simulator import Simulator, Taken, read_taken
from support.budgets import own_budget
from support.ledgers import received
from support.nsso import Wire, settings, simulator
from support.people import item
from support.served import AT_ONCE
from tests.chaos import ledgers
from tests.chaos.verdict import Claims, Intent, Verdict, compare, read_claims


def taken(number: int = 1, result: str | None = "A", content: str = "x") -> Taken:
    return Taken(number, "dimonaIn", result, number if result in {"A", "W"} else None, 0.0, content)


def intent(state: str = "accepted", number: int | None = 1, **changes: Any) -> Intent:
    return Intent(
        **{"employment": "E-1", "state": state, "content": "x", "declaration_id": number, **changes}
    )


def judge(intents: list[Intent], truth: list[Taken]) -> Verdict:
    return compare(["E-1"], Claims(intents), truth)


def words(verdict: Verdict) -> list[str]:
    return [line.partition(":")[0] for line in verdict.complaints()]


@pytest.mark.parametrize(
    ("intents", "truth"),
    [
        pytest.param([intent()], [taken()], id="accepted"),
        pytest.param([intent("warned")], [taken(result="W")], id="warned"),
        pytest.param([intent("refused")], [taken(result="B")], id="refused"),
        pytest.param([intent("already_true", None)], [taken(7)], id="there already, filed elsewhere"),
        pytest.param(
            [intent(), intent("already_true", 2, employment="E-2")],
            [taken(), taken(2, "B")],
            id="one employment under two ids, of which the NSSO refuses the second",
        ),
        pytest.param([intent("unclear", None, worker_type="STU")], [], id="a student who was not taken"),
        pytest.param([intent("unclear", None, worker_type="FLX")], [], id="a flexi-job that was not taken"),
        pytest.param([intent("unclear", None, has_ssin=False)], [], id="a worker without SSIN, not taken"),
        pytest.param([intent("unclear", None, is_late=True)], [], id="a late one that was not taken"),
    ],
)
def test_what_is_right_is_let_through(intents, truth):
    assert list(judge(intents, truth).complaints()) == []


@pytest.mark.parametrize(
    ("intents", "truth"),
    [
        pytest.param([], [], id="an employment that is nowhere"),
        pytest.param([intent()], [], id="accepted, but not taken"),
        pytest.param([intent()], [taken(result="B")], id="accepted, but refused"),
        pytest.param([intent("refused")], [taken()], id="refused, but accepted"),
        pytest.param([intent("refused", None)], [], id="refused, but not taken"),
        pytest.param([intent("already_true", None)], [taken(result="B")], id="there already, without effect"),
        pytest.param([intent("sent")], [], id="sent, but not taken"),
        pytest.param([intent("sent", None)], [taken()], id="sent without a number"),
    ],
)
def test_what_is_lost_is_found(intents, truth):
    assert "lost" in words(judge(intents, truth))


def test_a_declaration_of_somebody_else_is_lost_and_twice():
    verdict = judge([intent(number=2)], [taken(2, content="y")])

    assert words(verdict) == ["lost", "twice"]


@pytest.mark.parametrize(
    ("intents", "truth"),
    [
        pytest.param([intent()], [taken(), taken(2)], id="two effects"),
        pytest.param([intent(worker_type="STU")], [taken(), taken(2, "W")], id="two effects for a student"),
        pytest.param([intent()], [taken(), taken(2, "B")], id="a second POST that the NSSO refused"),
        pytest.param([intent()], [taken(), taken(2, None)], id="a second POST without an answer"),
        pytest.param(
            [intent(), intent(number=2, employment="E-2")], [taken(), taken(2)], id="two ids, two effects"
        ),
        pytest.param([intent(), intent(employment="E-2")], [taken()], id="one declaration of two intents"),
        pytest.param([intent()], [taken(), taken(2, content="y")], id="a declaration of no intent"),
    ],
)
def test_what_is_there_twice_is_found(intents, truth):
    assert words(judge(intents, truth)) == ["twice"]


@pytest.mark.parametrize(
    ("intents", "truth"),
    [
        pytest.param([intent("unclear", None)], [taken()], id="unclear, and taken"),
        pytest.param([intent("unclear", None, worker_type="STU")], [taken()], id="a student who was taken"),
        pytest.param([intent("unclear", None)], [], id="unclear, not taken, and may be filed again"),
        pytest.param([intent("planned", None)], [], id="planned"),
        pytest.param([intent("sending", None)], [], id="sending"),
        pytest.param([intent("held", None)], [], id="held"),
        pytest.param([intent("sent")], [taken()], id="sent, and nobody asked"),
    ],
)
def test_what_could_have_been_settled_is_found(intents, truth):
    assert words(judge(intents, truth)) == ["not settled"]


def test_all_employments_of_one_declaration_are_answered_by_it():
    verdict = compare(["E-1", "E-2"], Claims([intent(serves={"E-1", "E-2"})]), [taken()])

    assert list(verdict.complaints()) == []


def test_a_finding_is_an_answer_to_a_wish():
    verdict = compare(["E-1", "E-2"], Claims([intent()], {"E-2"}), [taken()])

    assert list(verdict.complaints()) == []


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    place = ledgers.in_file(tmp_path)
    place.initialise()
    with place.opened("test") as ledger:
        yield ledger


@pytest.fixture
def nsso(tmp_path: Path) -> Iterator[Simulator]:
    folder = tmp_path / "nsso"
    folder.mkdir()
    with simulator(time.time, folder, timing=AT_ONCE) as nsso:
        yield nsso


@pytest.fixture
def truth(ledger: Ledger, nsso: Simulator, tmp_path: Path) -> Path:
    """Three declarations that were filed and accepted, by our own code at the simulator; gives its folder."""

    async def file(batch: str) -> None:
        clock = SystemClock()
        async with open_client(settings(), transport=Wire(nsso)) as client:
            await Submission(ledger, client, own_budget(clock), clock).file(batch)

    route = Route("dimona_default", settings().base_url)
    items = [item(number, startDate="2026-12-01") for number in (1, 2, 3)]
    batch, _ = take_source(ledger, Run("dag", "run"), route, "task", items, now=time.time())
    asyncio.run(file(batch))
    for one in read_taken(tmp_path / "nsso"):
        row = next(row for row in _rows(ledger) if row.declaration_id == one.id)
        insert_answers(ledger, route.environment, [received(ledger, row.id, str(one.result))])
    sweep(ledger, now=time.time())
    return tmp_path / "nsso"


def _rows(ledger: Ledger) -> list[Any]:
    with ledger.read() as connection:
        return list(connection.execute(intents.select().order_by(intents.c.id)))


def _verdict(ledger: Ledger, folder: Path) -> Verdict:
    return compare(["E-1", "E-2", "E-3"], read_claims(ledger), read_taken(folder))


def test_a_real_ledger_agrees_with_the_simulator(ledger, truth):
    verdict = _verdict(ledger, truth)

    assert (verdict.intents, verdict.unclear, list(verdict.complaints())) == (3, 0, [])


def test_a_row_that_vanished_from_a_real_ledger_is_found(ledger, truth):
    first = _rows(ledger)[0]
    with ledger.write() as connection:
        for table in (answers, attempts, events):
            connection.execute(table.delete().where(table.c.intent == first.id))
        connection.execute(intents.delete().where(intents.c.id == first.id))

    verdict = _verdict(ledger, truth)

    assert verdict.lost == ["E-1 is not in the ledger"]
    assert len(verdict.twice) == 1, "and its declaration is nobody's"


def test_a_declaration_lost_by_the_simulator_is_found(ledger, truth):
    file = truth / "declarations.jsonl"
    file.write_bytes(file.read_bytes().split(b"\n", 1)[1])

    assert len(_verdict(ledger, truth).lost) == 1


def test_a_body_that_was_sent_again_is_found(ledger, truth, nsso):
    async def send_again() -> None:
        from dimona_provider.api.operations import submit

        async with open_client(settings(), transport=Wire(nsso)) as client:
            await client.run(submit(item(2, startDate="2026-12-01")["declaration"]), await client.prepare())

    asyncio.run(send_again())

    verdict = _verdict(ledger, truth)

    assert (len(verdict.lost), len(verdict.twice)) == (0, 1)


def test_an_unclear_row_that_a_search_would_settle_is_found(ledger, truth):
    last = _rows(ledger)[-1]
    with ledger.write() as connection:
        forget = intents.update().where(intents.c.id == last.id)
        connection.execute(forget.values(state="unclear", declaration_id=None, result=None))

    verdict = _verdict(ledger, truth)

    assert verdict.unclear == 1
    assert len(verdict.unsettled) == 1
    assert "a search shows declaration" in verdict.unsettled[0]
