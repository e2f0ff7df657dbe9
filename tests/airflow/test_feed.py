"""The trigger that watches payroll's change feed, and the task that says how far is staged."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import httpx
import pytest
from airflow.sdk import Asset

from dimona_provider.errors import ServiceUnavailable, UnexpectedResponse
from dimona_provider.feed import Announcer, Silence, read_cursor, read_position
from dimona_provider.operators import DimonaStageOperator
from dimona_provider.triggers import DimonaFeedTrigger
from support import people
from support.served import closed_port

FEED = Asset("payroll_changes", "payroll://changes")


class Store:
    """Airflow's state store of one asset, without Airflow's supervisor (tests/e2e has it)."""

    def __init__(self):
        self.kept = {}

    async def aget(self, key):
        return self.kept.get(key)

    def set(self, key, value):
        self.kept[key] = value


@pytest.fixture
def fed(payroll, nsso, connect):
    connect("payroll_feed", {"conn_type": "http", "host": f"{nsso.url}/payroll/changes"})
    return payroll


@asynccontextmanager
async def watching(store, again_after=900.0):
    trigger = DimonaFeedTrigger("payroll_feed", 0.02, again_after)
    trigger.asset_state_store = store
    events = trigger.run()
    yield lambda seconds=5.0: asyncio.wait_for(anext(events), seconds)
    await events.aclose()


async def test_each_change_is_an_event_with_its_position_alone(fed):
    async with watching(store := Store()) as event:
        fed.put(people.employment())
        first = await event()
        fed.put(people.employment(end_date="2027-03-31"))
        second = await event()

    assert [first.payload, second.payload] == [{"cursor": 1}, {"cursor": 2}]
    assert store.kept == {}, "only what was staged is put forward"


async def test_what_is_staged_is_not_announced_again(fed):
    fed.put(people.employment())
    store = Store()
    store.kept["cursor"] = 1

    async with watching(store) as event:
        with pytest.raises(TimeoutError):
            await event(0.3)


async def test_what_was_never_staged_is_announced_again_by_a_new_trigger_and_after_a_while(fed):
    fed.put(people.employment())
    for _ in range(2):
        async with watching(Store()) as event:
            assert (await event()).payload == {"cursor": 1}
    async with watching(Store(), again_after=0.1) as event:
        assert [(await event()).payload, (await event()).payload] == [{"cursor": 1}] * 2


async def test_without_a_connection_nothing_is_watched(logged):
    async with watching(Store()) as event:
        with pytest.raises(TimeoutError):
            await event(0.3)

    assert logged().count("no connection 'payroll_feed'") <= 1


@pytest.mark.parametrize("trouble", ["status", "garbage", "silence"])
async def test_a_feed_in_trouble_ends_no_watcher(fed, nsso, connect, trouble):
    fed.put(people.employment())
    if trouble == "status":
        nsso.faults["GET", "/payroll/changes"] = [503]
    elif trouble == "garbage":
        nsso.faults["GET", "/payroll/changes"] = [200]
    else:
        connect("payroll_feed", {"conn_type": "http", "host": f"http://127.0.0.1:{closed_port()}/"})

    async with watching(Store()) as event:
        if trouble == "silence":
            with pytest.raises(TimeoutError):
                await event(0.3)
            return
        assert (await event()).payload == {"cursor": 1}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"cursor": "Peeters"}', b'{"cursor": 93051822361}'])
async def test_what_is_no_position_is_refused_and_not_repeated(body):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(UnexpectedResponse, match="no position") as caught:
            await read_position(http, "https://payroll.example/changes", None)

    assert "Peeters" not in str(caught.value)


async def test_a_refusal_is_one_sentence():
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(401))) as http:
        with pytest.raises(ServiceUnavailable, match="HTTP 401"):
            await read_position(http, "https://payroll.example/changes", 3)


@pytest.mark.parametrize("raw", [True, -1, "1.5", 10**10, None, "\u0661"])
def test_only_whole_numbers_of_ten_digits_are_positions(raw):
    with pytest.raises(UnexpectedResponse):
        read_cursor(raw)


def test_an_announcer_says_each_position_once_until_it_is_staged():
    announcer = Announcer(again_after=100)

    assert not announcer.is_due(0, None, 0), "an empty feed is no change"
    assert announcer.is_due(5, None, 0)
    assert not announcer.is_due(5, None, 99)
    assert announcer.is_due(6, None, 99)
    assert announcer.is_due(6, 5, 199)
    assert not announcer.is_due(6, 6, 999)
    assert announcer.is_due(2, 6, 1000), "a feed that was set back"


def test_a_silence_is_said_once_and_asked_less_often():
    silence, said = Silence(), []
    pauses = []
    for _ in range(12):
        silence.begins(said.append, "gone")
        pauses.append(silence.pause(2.0))

    assert said == ["gone"]
    assert (pauses[:3], pauses[-1]) == ([4.0, 8.0, 16.0], 30.0)
    silence.ends()
    assert silence.pause(2.0) == 0.0


# --- the task that stages ---


def events_of(*positions):
    extras = [{"from_trigger": True, "payload": {"cursor": one}} for one in positions]
    return {FEED: [SimpleNamespace(extra=extra) for extra in extras]}


def stage(store, pages, events):
    task = DimonaStageOperator(task_id="stage", pages=pages, feed=FEED)
    ti = SimpleNamespace(dag_id="dag", run_id="run-1", task_id="stage", map_index=-1, try_number=1)
    where = {"ti": ti, "asset_state_store": {FEED: store}, "triggering_asset_events": events}
    assert FEED in task.inlets
    return task.execute(where)


def test_staging_puts_the_newest_announced_position_forward(ledger):
    assert stage(store := Store(), lambda: iter([[people.employment()]]), events_of(4, 6, 5)) == 1

    assert store.kept == {"cursor": 6}


def test_a_run_that_no_feed_started_puts_nothing_forward(ledger):
    stage(store := Store(), lambda: iter([[people.employment()]]), {})

    assert store.kept == {}


def test_what_could_not_be_staged_is_not_put_forward(ledger):
    def breaks():
        yield [people.employment()]
        raise OSError

    store = Store()
    with pytest.raises(Exception, match=r"defect|failed"):
        stage(store, breaks, events_of(6))

    assert store.kept == {}
