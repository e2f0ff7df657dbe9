"""The hourly follow-up as Airflow runs it: asked by poking or deferring, reported, and told of in time."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from airflow._shared.module_loading import import_string
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred

from dimona_provider import retaining, sharing, triggers
from dimona_provider.errors import UnexpectedResponse
from dimona_provider.events import FollowedUpEvent
from dimona_provider.following.followup import PASS
from dimona_provider.ledger.schema import answers, batches, intents, looks
from dimona_provider.notifiers import DimonaDeadlineNotifier
from dimona_provider.operators import (
    DimonaAlertOperator,
    DimonaFollowUpOperator,
    DimonaFollowUpReportOperator,
    DimonaSubmitOperator,
)
from dimona_provider.sensors import MARGIN, DimonaFollowUpSensor
from dimona_provider.triggers import SHORTEST_RUN, DimonaFollowUpTrigger
from support.people import SSIN, item
from support.served import closed_port

HOUR = 3600.0
DUE = 4800.0 + 5.0
"""An age, in seconds, at which something left by its run has been due for a moment."""


class TI:
    dag_id, run_id, task_id, map_index = "dimona_follow_up", "run-1", "ask", -1


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    # How long a trigger holds its event back is tested below, once.
    monkeypatch.setattr(triggers, "SHORTEST_RUN", 0.0)


@pytest.fixture
def left_open(execute, ledger):
    """Give what files declarations that their run left open, being identified unless told otherwise."""

    def leave(count=2, *, older=DUE, state="identifying", first=1, **where):
        items = [item(number) for number in range(first, first + count)]
        submit = DimonaSubmitOperator(task_id=f"submit{first}", source=lambda: items, **where)
        batch = execute(submit)
        mine = intents.c.batch == batch
        with ledger.write() as connection:
            older_by = {"filed_at": intents.c.filed_at - older, "state": state}
            connection.execute(intents.update().where(mine).values(**older_by))
            if state == "identifying":
                for row in connection.execute(sa.select(intents).where(mine)).all():
                    said = {"intent": row.id, "declaration_id": row.declaration_id, "result": "S"}
                    when = {"environment": row.environment, "received_at": row.filed_at + 3}
                    connection.execute(answers.insert().values(**said, **when, anomalies="", body=b""))
        return batch

    return leave


def ask(**arguments):
    return DimonaFollowUpSensor(task_id="ask", **arguments)


def poke(sensor, execute):
    sensor.deferrable = False
    return execute(sensor)


def defer(sensor, execute):
    """Go the way that Airflow goes: defer, store, run the trigger, store its event, resume."""
    with pytest.raises(TaskDeferred) as deferred:
        execute(sensor)
    path, kwargs = deferred.value.trigger.serialize()
    trigger = import_string(path)(**json.loads(json.dumps(kwargs)))
    event = asyncio.run(anext(trigger.run()))
    method = getattr(sensor, deferred.value.method_name)
    return method({"ti": TI}, event=json.loads(json.dumps(event.payload)))


WAYS = pytest.mark.parametrize("way", [poke, defer], ids=["poke", "defer"])


# --- asking ---


@WAYS
@pytest.mark.parametrize("state", ["identifying", "sent"])
def test_both_ways_ask_once_and_end_in_the_same_states(
    way, state, left_open, *, execute, states, nsso, ledger
):
    left_open(2, state=state)

    counts = way(ask(), execute)

    assert counts == {"looks": 2, "answered": 2, "skipped": 0}
    assert states() == ["accepted"] * 2
    assert len(nsso.looks) == 2
    assert all(not loop.shared for loop in sharing._loops.values())
    with ledger.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(looks)) == 2
        assert connection.scalar(sa.select(batches.c.polled_until)) == 0


@WAYS
def test_a_connection_that_is_broken_stops_no_other_and_fails_the_task(
    way, left_open, *, execute, states, nsso, connect
):
    connect("dimona_other", nsso.connection())
    left_open(1)
    left_open(1, first=5, dimona_conn_id="dimona_other")
    connect("dimona_other", {**nsso.connection(), "host": "http://localhost:1/x"})

    with pytest.raises(AirflowFailException, match="dimona_other: declarations were filed with"):
        way(ask(), execute)

    assert states() == ["accepted", "identifying"]


@WAYS
def test_a_service_that_is_away_fails_nothing_and_waits_for_the_next_hour(
    way, left_open, *, execute, states, connect, nsso
):
    left_open(1)
    away = f"http://127.0.0.1:{closed_port()}"
    token_url = f"{away}/REST/oauth/v5/token"
    connect("dimona_default", nsso.connection(token_url=token_url))

    counts = way(ask(), execute)

    assert counts == {"looks": 0, "answered": 0, "skipped": 0}
    assert states() == ["identifying"]


@pytest.mark.parametrize("deferrable", [True, False])
def test_with_nothing_due_it_ends_at_once(deferrable, left_open, execute, nsso):
    left_open(1, older=30.0)

    assert execute(ask(deferrable=deferrable)) == {"looks": 0, "answered": 0, "skipped": 0}
    assert not nsso.looks


def test_it_defers_with_an_instant_and_a_time_out_and_asks_nothing_itself(left_open, execute, nsso):
    left_open(1)

    with pytest.raises(TaskDeferred) as deferred:
        execute(ask())

    trigger = deferred.value.trigger
    assert isinstance(trigger, DimonaFollowUpTrigger)
    assert abs(trigger.until - time.time() - PASS) < 10
    assert deferred.value.timeout == timedelta(seconds=PASS + MARGIN)
    assert not deferred.value.kwargs
    assert callable(getattr(DimonaFollowUpSensor, deferred.value.method_name))
    assert not nsso.looks


def test_what_came_before_a_problem_is_kept(left_open, execute, states, ledger):
    left_open(1)
    defer(ask(), execute)
    event = FollowedUpEvent(problem="it rained", retryable=True).to_payload()

    with pytest.raises(AirflowException, match="it rained") as failed:
        ask().execute_complete({"ti": TI}, event=event)

    assert not isinstance(failed.value, AirflowFailException)
    assert states() == ["accepted"]


@pytest.mark.parametrize("event", [None, {}, "success", {"looks": 1}])
def test_an_odd_event_is_never_success(event, ledger):
    with pytest.raises(AirflowFailException, match="not one of DimonaFollowUpTrigger"):
        ask().execute_complete({"ti": TI}, event=event)


@pytest.mark.parametrize(
    "change", [{"looks": True}, {"answered": 1.0}, {"latest": 1}, {"problem": 1}, {"more": 1}], ids=str
)
def test_an_event_is_read_back_as_what_it_is_or_not_at_all(change):
    payload = FollowedUpEvent(3, 2, 1, 0.5).to_payload()
    assert FollowedUpEvent.from_payload(json.loads(json.dumps(payload))) == FollowedUpEvent(3, 2, 1, 0.5)

    with pytest.raises(UnexpectedResponse):
        FollowedUpEvent.from_payload({**payload, **change})


def test_the_trigger_holds_its_event_back(ledger, monkeypatch):
    monkeypatch.setattr(triggers, "SHORTEST_RUN", SHORTEST_RUN)
    began = time.monotonic()

    event = asyncio.run(anext(DimonaFollowUpTrigger(time.time() + HOUR).run()))

    assert time.monotonic() - began >= SHORTEST_RUN >= 6
    assert FollowedUpEvent.from_payload(event.payload) == FollowedUpEvent()


def test_a_trigger_that_is_stopped_gives_its_batches_back_and_the_next_asks_the_rest(
    left_open, ledger, states, nsso
):
    left_open(2)
    left_open(1, first=5, older=DUE - 12.0)  # due in 7 s: the window is still open

    async def stop_one():
        going_on = asyncio.create_task(anext(DimonaFollowUpTrigger(time.time() + 60).run()))
        while len(nsso.looks) < 2:  # noqa: ASYNC110 - what another process sees
            await asyncio.sleep(0.05)
        going_on.cancel()
        await asyncio.gather(going_on, return_exceptions=True)

    asyncio.run(stop_one())
    with ledger.read() as connection:
        assert set(connection.scalars(sa.select(batches.c.polled_until))) == {0.0}
    event = asyncio.run(anext(DimonaFollowUpTrigger(time.time() + 60).run()))

    assert event.payload["looks"] == 1
    assert len(nsso.looks) == 3


def test_a_defect_is_a_problem_whose_text_stays_out(left_open, monkeypatch, logged):
    async def broken(*_, **__):
        raise KeyError(SSIN)

    monkeypatch.setattr(triggers, "follow_up", broken)
    left_open(1)

    event = asyncio.run(anext(DimonaFollowUpTrigger(time.time() + HOUR).run()))

    assert "KeyError" in event.payload["problem"]
    assert event.payload["retryable"]
    assert SSIN not in logged() + str(event.payload)


def test_the_logs_name_no_person(left_open, execute, logged):
    left_open(2)

    defer(ask(), execute)

    text = logged()
    assert "2 looks, the latest" in text
    for secret in (SSIN, "eyJ", "declarations/"):
        assert secret not in text


def test_it_may_be_retried_and_has_nothing_to_cancel_with():
    assert ask().retries >= 2
    assert ask(retries=0).retries == 0
    assert DimonaFollowUpSensor.on_kill is BaseOperator.on_kill


# --- settling, telling, reporting ---


def stuck(ledger, batch, state, file_by):
    with ledger.write() as connection:
        values = {"state": state, "file_by": file_by, "created_at": time.time() - 48 * HOUR}
        values["reason"] = "no answer to POST declarations"
        connection.execute(intents.update().where(intents.c.batch == batch).values(**values))


def test_settling_brings_up_to_date_and_counts_what_is_open(left_open, execute, states):
    left_open(2, state="sent")
    left_open(1, first=5)

    assert execute(DimonaFollowUpOperator(task_id="settle")) == {"sent": 2, "identifying": 1}


@pytest.mark.parametrize("state", ["unclear", "held"])
@pytest.mark.parametrize(
    ("hours", "alerts"), [(23, True), (25, False), (-1, True), (-23, True), (-25, False)]
)
def test_somebody_is_told_a_day_before_a_deadline_and_a_day_after(
    state, hours, alerts, *, left_open, ledger, execute
):
    stuck(ledger, left_open(1), state, time.time() + hours * HOUR)
    with ledger.read() as connection:
        reference = connection.scalar(sa.select(intents.c.reference))
    alert = DimonaAlertOperator(task_id="alert")

    if alerts:
        with pytest.raises(AirflowFailException, match=rf"{reference} \({state}, by 20\d\d-") as failed:
            execute(alert)
        assert "E-1" not in str(failed.value)
    else:
        execute(alert)


def test_somebody_is_told_of_what_has_no_deadline_too(left_open, ledger, execute):
    stuck(ledger, left_open(1), "unclear", None)

    with pytest.raises(AirflowFailException, match=r"\(unclear, without a deadline\)"):
        execute(DimonaAlertOperator(task_id="alert"))


class Told(DimonaDeadlineNotifier):
    def __init__(self):
        super().__init__()
        self.alerts = []

    def tell(self, alert):
        self.alerts.append(alert)


class Broken(DimonaDeadlineNotifier):
    def tell(self, alert):
        raise RuntimeError(alert)


def test_notifiers_are_called_once_before_the_alert_fails(left_open, ledger, execute):
    stuck(ledger, left_open(1), "unclear", time.time() + HOUR)
    told = Told()
    alert = DimonaAlertOperator(task_id="alert", notifiers=[Broken(), told])

    for number in (1, 2):
        with pytest.raises(AirflowFailException) as failed:
            execute(alert, try_number=number)

    assert told.alerts == [str(failed.value)]


def test_notifiers_are_left_alone_while_no_deadline_is_near(left_open, ledger, execute):
    told = Told()

    execute(DimonaAlertOperator(task_id="alert", notifiers=[told]))

    assert told.alerts == []


@pytest.mark.parametrize("state", ["sent", "identifying", "accepted", "refused", "planned"])
def test_nobody_is_told_of_what_is_not_stuck(state, left_open, ledger, execute):
    stuck(ledger, left_open(1), state, time.time() + HOUR)

    execute(DimonaAlertOperator(task_id="alert"))


def test_how_long_before_is_a_parameter_and_a_sentence_does_not_grow_for_ever(left_open, ledger, execute):
    stuck(ledger, left_open(14), "unclear", time.time() + 5 * HOUR)

    execute(DimonaAlertOperator(task_id="alert", alert_before=timedelta(hours=4)))
    with pytest.raises(AirflowFailException, match="and 4 more"):
        execute(DimonaAlertOperator(task_id="alert", alert_before=timedelta(hours=6)))


def test_the_report_lists_what_is_open_late_and_stuck_nearest_deadline_first(
    left_open, ledger, execute, logged, nsso
):
    left_open(1)
    left_open(2, first=3, older=DUE + 600.0)
    stuck(ledger, left_open(1, first=6), "held", time.time() + 9 * HOUR)
    stuck(ledger, left_open(1, first=8, state="sent", older=10.0), "unclear", time.time() - 90 * HOUR)

    counts = execute(DimonaFollowUpReportOperator(task_id="report"))

    assert counts == {"identifying": 3, "held": 1, "unclear": 1, "late": 2}
    text = logged()
    assert f"open at {nsso.base_url}: 1 held, 3 identifying, 1 unclear, 2 late" in text
    assert text.index("unclear: ") < text.index("held: ")
    assert "IN of E-6, by 20" in text
    assert "no answer to POST declarations" in text


def test_the_report_says_when_nothing_is_open(ledger, execute, logged):
    assert execute(DimonaFollowUpReportOperator(task_id="report")) == {"late": 0}
    assert "nothing is open" in logged()


@pytest.fixture
def ended(left_open, ledger):
    """Give the ids of what was accepted 40 days ago and today, and of what is open since 40 days."""
    left_open(3)
    with ledger.write() as connection:
        ids = list(connection.scalars(sa.select(intents.c.id).order_by(intents.c.id)))
        for id_, state, days in zip(ids, ("accepted", "accepted", "sent"), (40, 0, 40), strict=True):
            change = {"state": state, "changed_at": time.time() - days * 24 * HOUR}
            connection.execute(intents.update().where(intents.c.id == id_).values(**change))
    return ids


def with_content(ledger):
    with ledger.read() as connection:
        return list(
            connection.scalars(
                sa.select(intents.c.id).where(sa.func.length(intents.c.body) > 0).order_by(intents.c.id)
            )
        )


def test_nothing_is_deleted_unless_somebody_says_so(ended, ledger, execute):
    execute(DimonaFollowUpReportOperator(task_id="report"))

    assert with_content(ledger) == ended


def test_what_is_old_is_purged_once_a_day_and_what_is_open_stays(ended, ledger, execute, logged, monkeypatch):
    monkeypatch.setenv("AIRFLOW__DIMONA__RETENTION_DAYS", "30")
    report = DimonaFollowUpReportOperator(task_id="report")

    counts = execute(report)

    assert counts["sent"] == 1
    assert with_content(ledger) == ended[1:]
    assert "what ended over 30 days ago: 0 deleted, 1 stripped" in logged()
    with ledger.write() as connection:
        old = {"changed_at": time.time() - 90 * 24 * HOUR}
        connection.execute(intents.update().where(intents.c.id == ended[1]).values(**old))
    execute(report)
    assert with_content(ledger) == ended[1:]  # tomorrow
    monkeypatch.setattr(retaining, "purged_since", lambda *_: False)
    execute(report)
    assert with_content(ledger) == ended[2:]


@pytest.mark.parametrize("days", ["29", "0", "-40", "a month", "40.5", "1" * 30, "٤٠"])
def test_a_retention_that_is_none_deletes_nothing_and_fails_with_a_sentence(
    days, ended, ledger, execute, monkeypatch
):
    monkeypatch.setenv("AIRFLOW__DIMONA__RETENTION_DAYS", days)

    with pytest.raises(AirflowFailException, match="retention_days in section dimona"):
        execute(DimonaFollowUpReportOperator(task_id="report"))

    assert with_content(ledger) == ended


def test_an_empty_retention_keeps_everything(ended, ledger, execute, monkeypatch):
    monkeypatch.setenv("AIRFLOW__DIMONA__RETENTION_DAYS", "")

    execute(DimonaFollowUpReportOperator(task_id="report"))

    assert with_content(ledger) == ended
