"""Poking and deferring are two ways to wait for the same outcomes."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from airflow._shared.module_loading import import_string
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred

from dimona_provider import sensors, triggers
from dimona_provider.domain.outcome import OUTCOMES
from dimona_provider.events import FollowedEvent
from dimona_provider.ledger.schema import answers, attempts, intents
from dimona_provider.operators import DimonaSubmitOperator
from dimona_provider.sensors import MARGIN, DimonaResultSensor
from dimona_provider.triggers import DimonaResultTrigger
from include.dimona_simulator.tables import EMPLOYER_WITHOUT_MANDATE, UNKNOWN_EMPLOYER
from support.people import SSIN, in_body, ssin


def body(worker, number, **changes):
    content = in_body(startDate="2035-01-10")
    content["worker"] = worker
    return {"reference": f"E-{number}", "declaration": {**content, **changes}}


def one_of_each():
    """Give declarations that end accepted, warned, refused, held, and accepted."""
    late = in_body(ssin(2), startDate="2020-01-10")
    return [
        body({"ssin": SSIN}, 1),
        {"reference": "E-2", "declaration": late},
        body({"ssin": ssin(3)}, 3, employer={"enterpriseNumber": UNKNOWN_EMPLOYER}),
        body({"ssin": ssin(4)}, 4, employer={"enterpriseNumber": EMPLOYER_WITHOUT_MANDATE}),
        body({"ssin": ssin(5)}, 5),
    ]


ENDS = ["accepted", "warned", "refused", "held", "accepted"]
COUNTS = {
    "declarations": 5,
    "accepted": 2,
    "warned": 1,
    "refused": 1,
    "identifying": 0,
    "unclear": 0,
    "waiting": 1,
}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    # How long a trigger holds its event back is tested in test_triggers.
    monkeypatch.setattr(triggers, "SHORTEST_RUN", 0.0)


@pytest.fixture
def filed(execute, age):
    """Give what files a batch that has its first looks now."""

    def file(items, older=20.0):
        reference = execute(DimonaSubmitOperator(task_id="submit", source=lambda: items))
        age(reference, older)
        return reference

    return file


def poke(sensor, execute):
    sensor.deferrable = False
    return execute(sensor)


def defer(sensor, execute):
    """Go the way that Airflow goes: defer, store, run the trigger, store its event, resume."""
    with pytest.raises(TaskDeferred) as deferred:
        execute(sensor)
    return resume(sensor, deferred.value)


def resume(sensor, deferred):
    path, kwargs = deferred.trigger.serialize()
    trigger = import_string(path)(**json.loads(json.dumps(kwargs)))
    event = asyncio.run(anext(trigger.run()))
    method = getattr(sensor, deferred.method_name)
    return method({"ti": SENSOR_TI}, event=json.loads(json.dumps(event.payload)))


class SENSOR_TI:  # noqa: N801 - stands for an instance
    dag_id, run_id, task_id, map_index = "dag", "run-1", "wait", -1


def wait(batch, **arguments):
    return DimonaResultSensor(task_id="wait", batch=batch, **arguments)


WAYS = pytest.mark.parametrize("way", [poke, defer], ids=["poke", "defer"])


@WAYS
def test_both_ways_end_in_the_same_states_and_counts(way, filed, execute, states, ledger):
    batch = filed(one_of_each())

    counts = way(wait(batch), execute)

    assert counts == COUNTS
    assert states() == ENDS
    with ledger.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(answers)) == 4


@WAYS
def test_what_the_service_does_not_answer_in_time_waits_and_fails_nothing(way, filed, execute, nsso, states):
    batch = filed(one_of_each()[:1], older=1198.5)
    nsso.answer_with("GET", "", *[404] * 20)

    # 20 minutes after filing there is no slot left in this run.
    counts = way(wait(batch), execute)

    assert (counts["declarations"], counts["waiting"]) == (1, 1)
    assert states() == ["sent"]


@WAYS
def test_outcomes_that_the_author_names_fail_the_task_with_their_counts(way, filed, execute, states):
    batch = filed(one_of_each())

    with pytest.raises(AirflowFailException, match="1 warned, 1 refused, which fail_on names"):
        way(wait(batch, fail_on=["refused", "warned", "identifying"]), execute)

    assert states() == ENDS


@WAYS
def test_outcomes_that_the_author_does_not_name_fail_nothing(way, filed, execute):
    batch = filed(one_of_each())

    assert way(wait(batch, fail_on=["unclear"]), execute)["refused"] == 1


def test_with_everything_answered_it_never_defers(filed, execute):
    batch = filed(one_of_each())
    poke(wait(batch), execute)

    assert execute(wait(batch)) == COUNTS


def test_an_empty_batch_never_defers(filed, execute):
    assert execute(wait(filed([])))["declarations"] == 0


def test_it_defers_with_references_instants_and_a_time_out(filed, execute):
    batch = filed(one_of_each(), older=0.0)

    with pytest.raises(TaskDeferred) as deferred:
        execute(wait(batch))

    trigger = deferred.value.trigger
    assert isinstance(trigger, DimonaResultTrigger)
    assert trigger.batch == batch
    assert 1190 < trigger.until - time.time() <= 1200
    expected = timedelta(seconds=trigger.until - time.time() + MARGIN)
    assert abs(deferred.value.timeout - expected) < timedelta(seconds=5)
    assert not deferred.value.kwargs
    assert callable(getattr(DimonaResultSensor, deferred.value.method_name))


def test_it_never_asks_the_service_before_it_defers(filed, execute, nsso):
    batch = filed(one_of_each())

    with pytest.raises(TaskDeferred):
        execute(wait(batch))

    assert not nsso.looks


# --- what it refuses ---


@pytest.mark.parametrize("deferrable", [True, False])
def test_an_unknown_outcome_in_fail_on_is_refused(deferrable, filed, execute):
    batch = filed(one_of_each()[:1])

    with pytest.raises(AirflowFailException, match=r"fail_on knows .*refused.*, not rejected"):
        execute(wait(batch, deferrable=deferrable, fail_on=["rejected", "refused"]))


@pytest.mark.parametrize("word", [word for word in OUTCOMES if word != "accepted"])
def test_every_outcome_but_success_may_be_named(word, filed, execute):
    execute(wait(filed([]), fail_on=[word]))


def test_an_unknown_batch_fails_at_once(ledger, execute):
    with pytest.raises(AirflowFailException, match="knows no batch"):
        execute(wait("nothing"))


def test_a_connection_to_elsewhere_fails_at_once(filed, execute, nsso, connect):
    batch = filed(one_of_each()[:1])
    connect("dimona_other", {**nsso.connection(), "host": "http://localhost:1/x"})

    with pytest.raises(AirflowFailException, match="was planned for"):
        execute(wait(batch, dimona_conn_id="dimona_other"))


@pytest.mark.parametrize(
    "event", [None, {}, "success", {"status": "success"}, {"batch": "b", "answered": 1, "open": 0}]
)
def test_an_odd_event_is_never_success(event, filed):
    batch = filed([])

    with pytest.raises(AirflowFailException, match="not one of DimonaResultTrigger"):
        wait(batch).execute_complete({"ti": SENSOR_TI}, event=event)


@pytest.mark.parametrize(("retryable", "fails_at_once"), [(True, False), (False, True)])
def test_a_problem_of_the_trigger_keeps_its_right_to_be_retried(retryable, fails_at_once, filed):
    event = FollowedEvent("b", 0, 0, problem="it rained", retryable=retryable).to_payload()

    with pytest.raises(AirflowException, match="it rained") as failed:
        wait(filed([])).execute_complete({"ti": SENSOR_TI}, event=event)

    assert isinstance(failed.value, AirflowFailException) is fails_at_once


@WAYS
def test_a_defect_fails_the_task_and_its_text_stays_out(way, filed, execute, monkeypatch, logged):
    batch = filed(one_of_each()[:1])

    async def broken(*_, **__):
        raise KeyError(SSIN)

    monkeypatch.setattr(sensors, "follow_batch", broken)
    monkeypatch.setattr(triggers, "follow_batch", broken)

    with pytest.raises(AirflowException, match="failed with KeyError") as failed:
        way(wait(batch), execute)

    text = logged()
    assert not isinstance(failed.value, AirflowFailException)
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__ or failed.value.__context__ is None
    assert "in broken" in text
    assert SSIN not in text + str(failed.value)


# --- what vanished and what is still identified ---


def test_a_sender_that_vanished_is_waited_for_and_its_declarations_called_unclear(
    filed, execute, ledger, states
):
    batch = filed(one_of_each()[:2])
    with ledger.write() as connection:  # 60 s lease, 15 s time-out, 30 s grace: over in a moment
        mine = intents.c.employment == "E-1"
        gone = {"state": "sending", "claim": "x", "claimed_until": time.time() - 44.5, "declaration_id": None}
        connection.execute(intents.update().where(mine).values(**gone))

    counts = poke(wait(batch), execute)

    assert (counts["unclear"], counts["warned"]) == (1, 1)
    assert states() == ["unclear", "warned"]


# --- after a submit that failed ---


@pytest.fixture
def half_filed(execute, age, nsso, ledger):
    """Give what files two of three and then fails; with *sender_ended*, killed while it sent the second."""
    items = one_of_each()

    def file(*, sender_ended=None):
        reference = execute(DimonaSubmitOperator(task_id="submit", source=lambda: items[:2]))
        nsso.answer_with("POST", "/declarations", *[429] * 50)
        with pytest.raises(AirflowException, match="HTTP 429"):
            execute(DimonaSubmitOperator(task_id="submit", source=lambda: [*items[:2], items[4]]))
        age(reference, 20.0)
        if sender_ended is not None:
            gone = {"state": "sending", "claim": "x", "declaration_id": None}
            with ledger.write() as connection:
                mine = intents.update().where(intents.c.employment == "E-2")
                connection.execute(mine.values(claimed_until=time.time() + sender_ended, **gone))
        return reference

    return file


@WAYS
def test_what_a_failed_submit_filed_is_followed_and_the_rest_waits(way, half_filed, execute, states, nsso):
    batch = half_filed()
    posts = len(nsso.posts)

    counts = way(wait(batch), execute)

    assert states() == ["accepted", "warned", "planned"]
    assert (counts["accepted"], counts["warned"], counts["waiting"]) == (1, 1, 1)
    assert len(nsso.posts) == posts, "waiting sends nothing"


@WAYS
def test_what_a_killed_submit_was_sending_becomes_unclear_while_the_rest_is_followed(
    way, half_filed, execute, states, nsso
):
    batch = half_filed(sender_ended=-44.5)  # it may be called unclear in a moment
    posts = len(nsso.posts)

    counts = way(wait(batch), execute)

    assert states() == ["accepted", "unclear", "planned"]
    assert (counts["accepted"], counts["unclear"], counts["waiting"]) == (1, 1, 1)
    assert len(nsso.posts) == posts


def test_it_waits_for_a_claim_even_with_nothing_filed(half_filed, execute, ledger, states):
    batch = half_filed(sender_ended=60.0)
    with ledger.write() as connection:
        others = intents.update().where(intents.c.employment != "E-2")
        connection.execute(others.values(state="planned", declaration_id=None))
        connection.execute(attempts.update().values(verdict="not_received", declaration_id=None))

    with pytest.raises(TaskDeferred) as deferred:
        execute(wait(batch))

    assert 100 < deferred.value.trigger.until - time.time() <= 106.5
    assert states() == ["planned", "sending", "planned"]


def test_with_nothing_sent_at_all_it_ends_at_once(execute, nsso, ledger, states):
    nsso.answer_with("POST", "/declarations", *[429] * 50)
    submit = DimonaSubmitOperator(task_id="submit", source=lambda: one_of_each()[:2])
    with pytest.raises(AirflowException, match="HTTP 429"):
        execute(submit)
    with ledger.read() as connection:
        batch = connection.scalar(sa.select(intents.c.batch).limit(1))

    counts = execute(wait(batch))

    assert (counts["declarations"], counts["waiting"]) == (2, 2)
    assert states() == ["planned", "planned"]


def test_what_is_being_identified_leaves_the_run_at_once(filed, execute, ledger, states):
    batch = filed(one_of_each()[:1])
    with ledger.write() as connection:
        row = connection.execute(sa.select(intents)).one()
        connection.execute(
            answers.insert().values(
                intent=row.id,
                environment=row.environment,
                declaration_id=row.declaration_id,
                result="S",
                anomalies="",
                body=b"",
                received_at=time.time(),
            )
        )

    assert execute(wait(batch))["identifying"] == 1
    assert states() == ["identifying"]


# --- as an operator ---


def test_the_batch_is_a_template():
    assert "batch" in DimonaResultSensor.template_fields


def test_it_may_be_retried_unless_the_author_says_otherwise():
    with DAG("d", schedule=None, default_args={"retries": 7}):
        inherited = wait("b")
        own = DimonaResultSensor(task_id="own", batch="b", retries=0)

    assert wait("b").retries >= 2
    assert inherited.retries == 7
    assert own.retries == 0


def test_killing_it_has_nothing_to_cancel_with():
    assert DimonaResultSensor.on_kill is BaseOperator.on_kill


@WAYS
def test_the_logs_name_no_person(way, filed, execute, logged):
    batch = filed(one_of_each())

    way(wait(batch), execute)

    text = logged()
    assert f"batch {batch}: declarations: 5  accepted: 2" in text
    for secret in (SSIN, ssin(2), ssin(3), "eyJ"):
        assert secret not in text
