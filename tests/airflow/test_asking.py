"""The task that asks a person: what it shows, which answers it takes, and what it does without one."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowSkipException, TaskAwaitingInput

from dimona_provider.errors import UnexpectedResponse
from dimona_provider.ledger import answering, askings, plan_schema, schema, staging
from dimona_provider.operators import DimonaAskOperator, DimonaCollectOperator
from dimona_provider.operators.decisions import _body, _form
from dimona_provider.person_reply import AS_CHOSEN, KEEP_ALL, OPTIONS, choices_of, options_of, read_reply
from dimona_provider.planning.intake import plan_exports
from support import people
from support.ledgers import ROUTES, RUN, rows, set_state

USER = {"id": "7", "name": "officer"}
EARLIER = {"start_date": "2025-06-02"}


def event(button=AS_CHOSEN, chosen=None, *, user=USER, at=None, timedout=False):
    return {
        "chosen_options": [button],
        "params_input": chosen or {},
        "responded_at": at or dt.datetime.now(dt.UTC),
        "responded_by_user": user,
        "timedout": timedout,
    }


@pytest.fixture
def asking(ledger):
    """Payroll withdraws what has begun, and it is put to people."""
    now = time.time()
    for status in ("active", "withdrawn"):
        staging.stage(ledger, staging.new_export(), 1, [people.employment(status=status, **EARLIER)], now=now)
        plan_exports(ledger, RUN, ROUTES, now=now)
        set_state(ledger, 1, state="accepted", declaration_id=656310000103, period_id=656310000103)
    (reference,) = DimonaCollectOperator(task_id="collect").execute(where("collect"))
    return askings.find(ledger, reference)


@pytest.fixture
def parked(monkeypatch):
    """Give what the task asked Airflow to show: that call needs Airflow's supervisor (tests/e2e has it)."""
    shown = []
    for where in ("airflow.providers.standard.operators.hitl", "dimona_provider.operators.decisions"):
        monkeypatch.setattr(f"{where}.upsert_hitl_detail", lambda **detail: shown.append(detail))
    return shown


def ask(asking):
    return DimonaAskOperator(task_id="ask", asking=asking.reference)


def where(task_id="ask"):
    ti = SimpleNamespace(id="ti", dag_id="dag", run_id="run-1", task_id=task_id, map_index=-1, try_number=1)
    return {"ti": ti, "task_instance": ti, "run_id": "run-1"}


def answers(ledger):
    return [(one.answer, one.answered_by) for one in answering.questions(ledger, only_open=False)]


def events(ledger, what):
    return [one.detail for one in rows(ledger, schema.events) if one.what == what]


def test_it_shows_counts_deadlines_options_and_nobody(asking, parked, ledger):
    with pytest.raises(TaskAwaitingInput):
        ask(asking).execute(where())

    (shown,) = parked
    assert (shown["options"], shown["defaults"]) == (OPTIONS, [KEEP_ALL])
    assert shown["params"]["late_cancel"]["schema"]["enum"] == ["keep", "correct", "file"]
    assert "1 × late_cancel" in shown["body"]
    assert "/plugin/dimona/dimona/decisions" in shown["body"]
    assert people.EMPLOYER in shown["subject"]
    for hidden in (people.SSIN, "E-1", "656310000103"):
        assert hidden not in repr(shown)


def test_it_waits_until_the_last_deadline(asking, parked):
    with pytest.raises(TaskAwaitingInput) as waiting:
        ask(asking).execute(where())

    left = asking.answer_by - time.time()
    assert abs(waiting.value.timeout.total_seconds() - left) < 60


def test_a_person_files(asking, ledger):
    counts = ask(asking).execute_complete(where(), event(chosen={"late_cancel": "file"}))

    assert counts == {"file": 1}
    ((option, who),) = answers(ledger)
    assert option == "file"
    assert who.startswith("airflow:officer (")
    plan_exports(ledger, RUN, ROUTES, now=time.time())
    assert [one.kind for one in rows(ledger)] == ["IN", "CANCEL"]


@pytest.mark.parametrize("reply", [event(KEEP_ALL, {"late_cancel": "file"}), event(AS_CHOSEN)])
def test_a_person_keeps(asking, ledger, reply):
    assert ask(asking).execute_complete(where(), reply) == {"keep": 1}

    plan_exports(ledger, RUN, ROUTES, now=time.time())
    assert len(rows(ledger)) == 1


@pytest.mark.parametrize("silence", [event(KEEP_ALL, user=None, timedout=True), event(user=None)])
def test_nobody_answers(asking, ledger, silence):
    with pytest.raises(AirflowSkipException, match="nobody answered 1 questions"):
        ask(asking).execute_complete(where(), silence)

    assert answers(ledger) == [(None, None)]
    assert len(events(ledger, "unanswered")) == 1
    assert "file" not in events(ledger, "unanswered")[0]


def test_an_answer_after_the_deadline_does_not_count(asking, ledger):
    late = dt.datetime.fromtimestamp(asking.answer_by + 1, dt.UTC)

    counts = ask(asking).execute_complete(where(), event(chosen={"late_cancel": "file"}, at=late))

    assert counts == {"too late": 1}
    assert answers(ledger) == [(None, None)]
    assert "after its deadline" in events(ledger, "overtaken")[0]


def test_what_was_answered_elsewhere_stays_so(asking, ledger):
    (one,) = answering.questions(ledger)
    answering.answer(ledger, one.reference, "keep", reason="by command", now=time.time())

    assert ask(asking).execute_complete(where(), event(chosen={"late_cancel": "file"})) == {}

    assert answers(ledger) == [("keep", "test")]


def test_what_payroll_changed_meanwhile_takes_no_answer(asking, ledger):
    staging.stage(ledger, staging.new_export(), 1, [people.employment(**EARLIER)], now=time.time())
    plan_exports(ledger, RUN, ROUTES, now=time.time())

    counts = ask(asking).execute_complete(where(), event(chosen={"late_cancel": "file"}))

    assert counts == {"overtaken": 1}
    assert answers(ledger) == [(None, None)]


BAD = {
    "no option of it": event(chosen={"late_cancel": "cancel everything of Peeters"}),
    "a kind that was not asked": event(chosen={"brake": "file"}),
    "a list": event(chosen={"late_cancel": ["file"]}),
    "no such button": event("file"),
    "two buttons": {**event(), "chosen_options": OPTIONS},
    "no buttons": {**event(), "chosen_options": []},
    "no instant": {**event(), "responded_at": "yesterday"},
    "nothing": {},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_is_no_answer_is_asked_again_and_not_repeated(asking, ledger, parked, logged, bad):
    with pytest.raises(TaskAwaitingInput):
        ask(asking).execute_complete(where(), bad)

    assert len(parked) == 1
    assert answers(ledger) == [(None, None)]
    assert "Peeters" not in logged()


def test_a_second_task_for_what_is_answered_is_skipped(asking, ledger, parked):
    ask(asking).execute_complete(where(), event(KEEP_ALL))

    with pytest.raises(AirflowSkipException, match="every question was answered"):
        ask(asking).execute(where())
    assert parked == []


def test_what_is_past_its_deadline_when_the_task_begins_is_kept(asking, ledger, parked):
    with ledger.write() as connection:
        connection.execute(plan_schema.decisions.update().values(answer_by=time.time() - 1))

    with pytest.raises(AirflowSkipException):
        ask(asking).execute(where())

    assert parked == []
    assert len(events(ledger, "unanswered")) == 1


def test_an_unknown_asking_is_one_sentence(ledger):
    with pytest.raises(AirflowException, match="no such asking"):
        DimonaAskOperator(task_id="ask", asking="nobody").execute(where())


def test_options_are_offered_if_all_of_a_kind_have_them(ledger, asking):
    (one,) = answering.questions(ledger)
    fewer = type(one)(**{name: getattr(one, name) for name in one.__slots__} | {"options": ("keep",)})

    assert choices_of([one, fewer]) == {"late_cancel": ["keep"]}
    assert list(_form([one, fewer])) == ["late_cancel"]
    assert "2 × late_cancel" in _body(asking, [one, fewer])
    with pytest.raises(UnexpectedResponse):
        read_reply(event(chosen={"late_cancel": "file"}), options_of([fewer]))


def test_it_names_the_anomaly_codes_of_what_it_asks_about(asking, ledger):
    (one,) = answering.questions(ledger)

    assert "Anomaly codes" not in _body(asking, [one])
    assert "Anomaly codes: 90256-155." in _body(asking, [replace(one, codes=("90256-155",))])
