"""The contract of every trigger, present and future, and what the one of a batch does in a triggerer."""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from contextlib import suppress

import pytest
import sqlalchemy as sa
from airflow._shared.module_loading import import_string
from airflow.triggers.base import BaseTrigger

from dimona_provider import sharing, triggers
from dimona_provider.errors import KeysRotated, UnexpectedResponse
from dimona_provider.events import FollowedEvent
from dimona_provider.ledger.schema import answers, batches, intents
from dimona_provider.operators import DimonaSubmitOperator
from dimona_provider.sharing import LOOK_UP_AFTER, shared_poller
from dimona_provider.triggers import (
    SHORTEST_RUN,
    DimonaFeedTrigger,
    DimonaFollowUpTrigger,
    DimonaResultTrigger,
)
from support.nsso import pem
from support.people import SSIN, item
from support.served import closed_port

EXAMPLES = [
    DimonaResultTrigger("xAb3_-9", "dimona_default", 1_800_001_200.25),
    DimonaFollowUpTrigger(1_800_003_600.25),
    DimonaFeedTrigger("payroll_feed"),
]
ARGUMENTS = {
    "batch": str, "dimona_conn_id": str, "until": float, "conn_id": str, "every": float, "again_after": float
}  # fmt: skip
PAYLOAD = FollowedEvent("xAb3_-9", 2, 1).to_payload()


# --- what crosses Airflow's database ---


def test_every_trigger_has_an_example():
    defined = {
        cls
        for _, cls in inspect.getmembers(triggers, inspect.isclass)
        if issubclass(cls, BaseTrigger) and cls.__module__ == triggers.__name__
    }

    assert {type(trigger) for trigger in EXAMPLES} == defined


@pytest.mark.parametrize("trigger", EXAMPLES, ids=lambda trigger: type(trigger).__name__)
def test_a_trigger_survives_the_database(trigger):
    path, kwargs = trigger.serialize()

    rebuilt = import_string(path)(**json.loads(json.dumps(kwargs)))

    assert type(rebuilt) is type(trigger)
    assert rebuilt.serialize() == (path, kwargs)
    assert set(kwargs) == set(inspect.signature(type(trigger)).parameters), "a parameter is not serialized"


@pytest.mark.parametrize("trigger", EXAMPLES, ids=lambda trigger: type(trigger).__name__)
def test_trigger_arguments_are_references_and_instants(trigger):
    _, kwargs = trigger.serialize()

    assert kwargs
    assert all(type(value) is ARGUMENTS[name] for name, value in kwargs.items())


@pytest.mark.parametrize("trigger", EXAMPLES, ids=lambda trigger: type(trigger).__name__)
def test_killing_a_trigger_has_nothing_to_cancel_with(trigger):
    assert type(trigger).on_kill is BaseTrigger.on_kill


def test_an_event_is_a_reference_counts_and_a_problem():
    assert {name: type(value) for name, value in PAYLOAD.items()} == {
        "batch": str,
        "answered": int,
        "open": int,
        "problem": type(None),
        "retryable": bool,
    }
    assert FollowedEvent.from_payload(json.loads(json.dumps(PAYLOAD))) == FollowedEvent("xAb3_-9", 2, 1)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(None, id="nothing"),
        pytest.param({}, id="empty"),
        pytest.param([], id="a list"),
        pytest.param("success", id="a text"),
        pytest.param(True, id="a truth"),
        *(
            pytest.param({k: v for k, v in PAYLOAD.items() if k != name}, id=f"without {name}")
            for name in PAYLOAD
        ),
        pytest.param({**PAYLOAD, "status": "success"}, id="a member more"),
        pytest.param({**PAYLOAD, "batch": 1}, id="batch is a number"),
        pytest.param({**PAYLOAD, "batch": None}, id="no batch"),
        pytest.param({**PAYLOAD, "answered": "2"}, id="answered is a text"),
        pytest.param({**PAYLOAD, "answered": True}, id="answered is a truth"),
        pytest.param({**PAYLOAD, "open": 1.0}, id="open is a fraction"),
        pytest.param({**PAYLOAD, "problem": False}, id="problem is a truth"),
        pytest.param({**PAYLOAD, "retryable": 1}, id="retryable is a number"),
        pytest.param({**PAYLOAD, "retryable": None}, id="retryable is nothing"),
    ],
)
def test_any_other_event_is_refused(payload):
    with pytest.raises(UnexpectedResponse):
        FollowedEvent.from_payload(payload)


# --- in a triggerer ---


@pytest.fixture
def at_once(monkeypatch):
    """Let triggers fire as soon as they can; one test waits for real."""
    monkeypatch.setattr(triggers, "SHORTEST_RUN", 0.0)


@pytest.fixture
def filed(execute, age):
    """Give what files a batch that has its first looks now."""

    def file(count=3, *, first=1, task_id="submit", older=20.0, **where):
        source = [item(number) for number in range(first, first + count)]
        operator = DimonaSubmitOperator(task_id=task_id, source=lambda: source, **where)
        reference = execute(operator)
        age(reference, older)
        return reference

    return file


def trigger(batch, *, seconds=60.0, conn_id="dimona_default"):
    path, kwargs = DimonaResultTrigger(batch, conn_id, time.time() + seconds).serialize()
    return import_string(path)(**json.loads(json.dumps(kwargs)))


async def fire(one):
    events = [event async for event in one.run()]
    assert len(events) == 1
    return FollowedEvent.from_payload(json.loads(json.dumps(events[0].payload)))


def answered(ledger):
    with ledger.read() as connection:
        rows = connection.execute(
            sa.select(answers.c.declaration_id, answers.c.result).order_by(answers.c.declaration_id)
        )
        return [tuple(row) for row in rows]


def everything_closed():
    """Tell that nothing is left of what triggers share."""
    return all(not loop.shared for loop in sharing._loops.values())


def test_answers_are_in_the_ledger_and_the_event_counts_them(filed, ledger, nsso, at_once):
    batch = filed(3)

    event = asyncio.run(fire(trigger(batch)))

    assert event == FollowedEvent(batch, answered=3, open=0)
    assert [result for _, result in answered(ledger)] == ["A"] * 3
    assert everything_closed()


def test_the_event_never_comes_within_six_seconds(filed):
    batch = filed(1)
    began = time.monotonic()

    asyncio.run(fire(trigger(batch)))

    assert time.monotonic() - began >= SHORTEST_RUN == 6.0


def test_a_trigger_never_sends_a_declaration_and_changes_no_intent(filed, nsso, ledger, at_once):
    batch = filed(3)
    sent = len(nsso.posts)
    with ledger.write() as connection:
        connection.execute(intents.update().where(intents.c.declaration_id.is_not(None)).values(filed_at=0.0))
        before = connection.execute(sa.select(intents)).all()

    asyncio.run(fire(trigger(batch, seconds=1.0)))

    with ledger.read() as connection:
        assert connection.execute(sa.select(intents)).all() == before
    assert len(nsso.posts) == sent


def test_what_has_no_answer_in_time_is_counted_as_open(filed, nsso, ledger, at_once):
    batch = filed(2)
    nsso.answer_with("GET", "", 404, 404, 404, 404, 404, 404, 404, 404)

    event = asyncio.run(fire(trigger(batch, seconds=1.5)))

    assert event == FollowedEvent(batch, answered=0, open=2)
    assert answered(ledger) == []


def test_an_ended_triggerer_is_continued_by_the_next(filed, nsso, ledger, at_once):
    batch = filed(6)
    reached = []

    async def die_midway():
        running = asyncio.ensure_future(fire(trigger(batch)))

        def count():
            reached.append(1)
            if len(reached) == 3:
                loop.call_soon_threadsafe(running.cancel)

        loop = asyncio.get_running_loop()
        nsso.before["GET", ""] = count
        with suppress(asyncio.CancelledError):
            await running
        nsso.before.clear()

    asyncio.run(die_midway())
    before = answered(ledger)

    assert everything_closed()
    asyncio.run(fire(trigger(batch)))

    final = answered(ledger)
    assert len(before) < 6
    assert [result for _, result in final] == ["A"] * 6
    assert len({declaration for declaration, _ in final}) == 6
    assert len(nsso.posts) == 6


def test_a_trigger_that_runs_again_after_its_end_adds_nothing(filed, ledger, at_once):
    batch = filed(2)
    asyncio.run(fire(trigger(batch)))
    before = answered(ledger)

    event = asyncio.run(fire(trigger(batch)))

    assert event == FollowedEvent(batch, answered=0, open=0)
    assert answered(ledger) == before


def test_two_triggers_of_one_batch_insert_each_answer_once(filed, ledger, at_once):
    batch = filed(3)

    async def both():
        await asyncio.gather(fire(trigger(batch)), fire(trigger(batch)))

    asyncio.run(both())

    assert len(answered(ledger)) == 3


# --- failures become events ---


def drop_answers(ledger):
    with ledger.write() as connection:
        connection.execute(sa.text("DROP TABLE answers"))


def test_a_failing_ledger_is_a_problem_that_may_be_retried(filed, ledger, at_once):
    batch = filed(1)
    drop_answers(ledger)

    event = asyncio.run(fire(trigger(batch)))

    assert "the ledger's database failed" in event.problem
    assert event.retryable
    assert everything_closed()


def test_an_unknown_batch_is_a_problem_that_no_retry_cures(ledger, at_once):
    event = asyncio.run(fire(trigger("nothing")))

    assert "knows no batch" in event.problem
    assert not event.retryable


def test_a_missing_connection_is_a_problem_that_no_retry_cures(filed, at_once):
    event = asyncio.run(fire(trigger(filed(1), conn_id="dimona_missing")))

    assert "dimona_missing" in event.problem
    assert not event.retryable


def test_a_defect_is_a_problem_too_and_its_text_stays_out(filed, at_once, monkeypatch, logged):
    batch = filed(1)

    async def broken(*_, **__):
        raise KeyError(SSIN)

    monkeypatch.setattr(triggers, "follow_batch", broken)

    event = asyncio.run(fire(trigger(batch)))

    text = logged()
    assert "KeyError" in event.problem
    assert event.retryable
    assert "in broken" in text
    assert SSIN not in text + event.problem


def test_a_service_that_is_away_is_asked_again_and_no_problem(filed, nsso, at_once, connect, logged):
    batch = filed(1)
    connect(
        "dimona_default", {**nsso.connection(), "host": f"http://127.0.0.1:{closed_port()}/REST/dimona/v2"}
    )

    event = asyncio.run(fire(trigger(batch, seconds=2.0)))

    assert event == FollowedEvent(batch, answered=0, open=1)
    assert "can't be reached" in logged()


def test_the_log_of_a_trigger_holds_references_and_counts(filed, at_once, logged):
    batch = filed(2)
    logged()

    asyncio.run(fire(trigger(batch)))

    text = logged()
    assert f"batch {batch}: 2 answered, 0 go on to the follow-up" in text
    assert "eyJ" not in text
    assert "declarations/" not in text


# --- what triggers share ---


def test_two_triggers_share_one_client_and_one_token(filed, nsso, at_once):
    one, two = filed(2), filed(2, first=11, task_id="other")
    before = len(nsso.token_requests)

    async def both():
        await asyncio.gather(fire(trigger(one)), fire(trigger(two)))

    asyncio.run(both())

    assert len(nsso.token_requests) - before == 1
    assert everything_closed()


async def test_the_last_one_out_closes_everything(ledger, nsso):
    async with shared_poller("dimona_default") as first:
        async with shared_poller("dimona_default") as second:
            assert second is first
        first.poller.check()  # still running

    assert everything_closed()
    with pytest.raises(RuntimeError, match="not running"):
        first.poller.check()


async def test_two_connections_share_nothing(ledger, nsso, connect):
    connect("dimona_other", nsso.connection())

    async with shared_poller("dimona_default") as one, shared_poller("dimona_other") as other:
        assert one.poller is not other.poller


async def test_a_connection_is_not_looked_up_again_within_a_minute(ledger, nsso, connect):
    async with shared_poller("dimona_default") as first:
        connect("dimona_default", nsso.connection(scope="changed"))

        async with shared_poller("dimona_default") as second:
            assert second is first


async def test_a_changed_connection_is_picked_up_after_a_minute(ledger, nsso, connect):
    async with shared_poller("dimona_default") as first:
        first.looked_up_at -= LOOK_UP_AFTER
        connect("dimona_default", nsso.connection(scope="changed"))

        async with shared_poller("dimona_default") as second:
            assert second is not first
            assert second.settings.scope == "changed"
            first.poller.check()  # those that run keep what they began with

    assert everything_closed()


async def test_rotated_keys_are_read_anew_once_the_old_ones_are_refused(ledger, nsso):
    async with shared_poller("dimona_default") as first:
        with pytest.raises(KeysRotated):
            async with shared_poller("dimona_default"):
                raise KeysRotated("nothing is written with the old one")

        async with shared_poller("dimona_default") as second:
            assert second is not first
            first.poller.check()

    assert everything_closed()


async def test_a_renewed_key_is_picked_up_after_a_minute(ledger, nsso, connect):
    from cryptography.hazmat.primitives.asymmetric import rsa

    renewed = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    async with shared_poller("dimona_default") as first:
        first.looked_up_at -= LOOK_UP_AFTER
        connect("dimona_default", nsso.connection(private_key=renewed))

        async with shared_poller("dimona_default") as second:
            assert second is not first


async def test_an_unchanged_connection_keeps_its_client_token_and_budget(ledger, nsso):
    async with shared_poller("dimona_default") as first:
        first.looked_up_at -= LOOK_UP_AFTER

        async with shared_poller("dimona_default") as second:
            assert second is first


async def test_a_client_that_can_not_be_opened_leaves_nothing_behind(ledger, nsso, connect, monkeypatch):
    connect("dimona_ledger", {"conn_type": "sqlite", "host": "/dev/null/no/ledger.db"})

    with pytest.raises(Exception, match="ledger"):
        async with shared_poller("dimona_default"):
            pass

    assert everything_closed()


def test_batches_are_free_again_when_a_trigger_ends(filed, ledger, at_once):
    batch = filed(1)

    asyncio.run(fire(trigger(batch)))

    with ledger.read() as connection:
        assert connection.scalar(sa.select(batches.c.polled_until)) <= time.time()
