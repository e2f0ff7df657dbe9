"""
What people decide, in a real Airflow: asked by its human-in-the-loop tasks, answered through its REST API.

One story is looked at by all tests: payroll's wishes are declared and changed, one run of `dimona_decisions`
asks seven employers, each answers otherwise, and `dimona_declare` starts by itself and acts on it.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import sqlalchemy as sa

from dimona_provider.ledger import plan_schema, schema
from dimona_provider.person_reply import AS_CHOSEN, KEEP_ALL
from include.demo.api import AirflowApi
from include.demo.environment import home, passwords_file
from support import people
from support.live import Live
from support.waiting import wait_until

pytestmark = pytest.mark.slow

DAG = "dimona_decisions"
LATE, BRAKE, WARNED, UNCLEAR, SILENT, REFUSED, CHANGED = EMPLOYERS = (
    "0477472701", "0999991113", "0999991212", "0999991311", "1999991233", "0999990420", "1028230781",
)  # fmt: skip
"""Each has one kind of question; of the sixth the simulated NSSO says that the mandate has expired."""
HELD = 6
LONGEST = 300.0
"""Seconds that a busy machine may take for anything."""
PARKED = 10.0
"""
Seconds after which Airflow has written down everywhere that a task waits. One that is answered sooner may be
failed, because its executor's word of the parking comes after the answer; it then asks once more.
"""
PATIENCE = 60.0
"""Seconds until the deadline of what nobody answers."""


@dataclass(slots=True)
class Story:
    """What was seen on the way."""

    live: Live
    workers: dict[str, str] = field(default_factory=dict)
    """Payroll's id -> SSIN."""
    run_id: str = ""
    index: dict[str, int] = field(default_factory=dict)
    """Employer -> map index of its task."""
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    """What Airflow answered to answers that are none."""

    def record(self, name: str, employer: str, number: int, **changes: Any) -> dict[str, Any]:
        self.workers.setdefault(name, people.ssin(number))
        return people.employment(
            employment_id=name, employer=employer, worker={"ssin": self.workers[name]}, **changes
        )

    def call(self, method: str, employer: str, body: Any = None, api: AirflowApi | None = None) -> Any:
        path = f"/dags/{DAG}/dagRuns/{self.run_id}/taskInstances/ask/{self.index[employer]}/hitlDetails"
        return (api or self.live.stack.api).call(method, path, **({"json": body} if body else {}))

    def answer(self, employer: str, button: str = AS_CHOSEN, **chosen: str) -> None:
        self.call("PATCH", employer, {"chosen_options": [button], "params_input": chosen})

    def refused(self, what: str, *answer: Any, **more: Any) -> None:
        with pytest.raises(httpx.HTTPStatusError) as caught:
            self.call("PATCH", *answer, **more)
        self.statuses[what] = caught.value.response.status_code

    def states(self) -> dict[str, str | None]:
        tasks = self.live.stack.api.task_instances(DAG, self.run_id)
        by_index = {one.map_index: one.state for one in tasks if one.task_id == "ask"}
        return {employer: by_index.get(index) for employer, index in self.index.items()}

    def filed(self, employer: str) -> Counter[tuple[str, str]]:
        """Count kinds and states of an employer's declarations."""
        query = sa.select(schema.intents.c.kind, schema.intents.c.state).where(
            schema.intents.c.employer == employer
        )
        with self.live.ledger.read() as connection:
            return Counter((row.kind, row.state) for row in connection.execute(query))

    def decisions(self, employer: str) -> list[Any]:
        query = sa.select(plan_schema.decisions).where(plan_schema.decisions.c.employer == employer)
        with self.live.ledger.read() as connection:
            return list(connection.execute(query))

    def events(self, what: str) -> list[Any]:
        with self.live.ledger.read() as connection:
            return list(connection.execute(sa.select(schema.events).where(schema.events.c.what == what)))


def _declare(story: Story, records: list[dict[str, Any]]) -> None:
    story.live.stage(records)
    run = story.live.stack.api.trigger("dimona_declare")
    assert story.live.wait_for_end(run, seconds=LONGEST) == "success"


def _wishes(story: Story, today: dt.date) -> dict[str, list[dict[str, Any]]]:
    past, soon = (str(today + dt.timedelta(days=days)) for days in (-3, 1))
    hours = {"end_date": soon, "start_hour": "1900", "end_hour": "2200"}
    flexi = {"worker_type": "FLX", "joint_committee": "302", **hours}
    return {
        LATE: [story.record("P-late", LATE, 1, start_date=past)],
        BRAKE: [story.record(f"P-brake-{n}", BRAKE, 10 + n, start_date=soon) for n in range(HELD)],
        WARNED: [story.record("P-flexi", WARNED, 990, start_date=soon, **flexi)],
        UNCLEAR: [story.record("P-unclear", UNCLEAR, 2, start_date=soon)],
        SILENT: [story.record("P-silent", SILENT, 3, start_date=past)],
        REFUSED: [story.record("P-refused", REFUSED, 4, start_date=soon)],
        CHANGED: [story.record("P-changed", CHANGED, 5, start_date=past)],
    }


def _lose_the_answer(story: Story) -> None:
    """Make the ledger what it is when a sender dies with its answer, an hour ago."""
    with story.live.ledger.write() as connection:
        lost = dict.fromkeys(("declaration_id", "period_id", "result", "answered_at", "filed_at"))
        number = connection.scalar(
            schema.intents.update()
            .where(schema.intents.c.employment == "P-unclear")
            .values(state="unclear", **lost)
            .returning(schema.intents.c.id)
        )
        attempts = schema.attempts.c
        ended = {"verdict": "unclear", "declaration_id": None, "read_at": None}
        earlier = {"claimed_at": attempts.claimed_at - 3600, "sent_at": attempts.sent_at - 3600}
        connection.execute(schema.attempts.update().where(attempts.intent == number).values(ended | earlier))
        connection.execute(schema.answers.delete().where(schema.answers.c.intent == number))


def _ask(story: Story) -> None:
    api = story.live.stack.api
    story.run_id = api.trigger(DAG).run_id

    def waiting() -> list[int]:
        tasks = api.task_instances(DAG, story.run_id)
        return [one.map_index for one in tasks if one.task_id == "ask" and one.state == "awaiting_input"]

    wait_until(lambda: len(waiting()) == len(EMPLOYERS), seconds=LONGEST)
    for index in waiting():
        story.index["?"] = index
        shown = story.call("GET", "?")
        employer = next(one for one in EMPLOYERS if one in shown["subject"])
        story.index[employer], story.shown[employer] = index, shown
    del story.index["?"]
    time.sleep(PARKED)


def _guest(live: Live) -> AirflowApi:
    """Log in as somebody who may look and not decide."""
    file = passwords_file(live.directory)
    file.write_text(json.dumps({**json.loads(file.read_text()), "guest": "guest"}))
    return AirflowApi(live.stack.url, "guest", "guest")


def _answer_all(story: Story, again: list[dict[str, Any]]) -> None:
    guest = _guest(story.live)
    said = {"chosen_options": [AS_CHOSEN], "params_input": {"late_cancel": "file"}}
    story.refused("without rights", LATE, said, api=guest)
    guest.close()
    story.refused("no such option", LATE, {**said, "chosen_options": ["Cancel everybody"]})
    story.answer(LATE, late_cancel="cancel")  # no option of that question: it is asked again

    story.answer(BRAKE, brake="file")
    story.answer(WARNED, warned="cancel")
    story.answer(UNCLEAR, unclear="not_filed")
    story.answer(REFUSED, refused="again")
    story.live.stage(again)
    story.answer(CHANGED, late_cancel="file")

    wait_until(lambda: _is_open_again(story), seconds=LONGEST)
    time.sleep(PARKED)
    story.answer(LATE, late_cancel="file")
    story.refused("a second answer", LATE, {**said, "chosen_options": [KEEP_ALL]})


def _is_open_again(story: Story) -> bool:
    return story.states()[LATE] == "awaiting_input" and not story.call("GET", LATE)["response_received"]


@pytest.fixture(scope="module")
def story(shared_airflow: tuple[Callable[[], Live], Callable[[], None]]) -> Story:
    start, _ = shared_airflow
    story = Story(start())
    today = dt.datetime.now(ZoneInfo("Europe/Brussels")).date()
    wishes = _wishes(story, today)
    _declare(story, [one for some in wishes.values() for one in some])
    _lose_the_answer(story)
    withdrawn = [
        {**one, "status": "withdrawn"}
        for employer in (LATE, BRAKE, SILENT, CHANGED)
        for one in wishes[employer]
    ]
    _declare(story, withdrawn)
    with story.live.ledger.write() as connection:
        of_silent = plan_schema.decisions.c.employer == SILENT
        soon = time.time() + PATIENCE
        connection.execute(plan_schema.decisions.update().where(of_silent).values(answer_by=soon))
    _ask(story)
    _answer_all(story, wishes[CHANGED])
    ended = dict.fromkeys(EMPLOYERS, "success") | {SILENT: "skipped"}
    wait_until(lambda: story.states() == ended, seconds=LONGEST)
    # No clock starts it here: the answers do.
    wait_until(lambda: story.filed(LATE)["CANCEL", "accepted"] == 1, seconds=LONGEST)
    wait_until(lambda: not _is_under_way(story), seconds=LONGEST)
    return story


def _is_under_way(story: Story) -> bool:
    with story.live.ledger.read() as connection:
        staged = sa.select(schema.staged_pages.c.id)
        unfinished = sa.select(schema.intents.c.id).where(schema.IS_OPEN)
        return any(connection.scalar(one.limit(1)) is not None for one in (staged, unfinished))


def test_a_late_cancel_is_filed_because_a_person_said_so(story: Story) -> None:
    (decision,) = story.decisions(LATE)

    assert story.filed(LATE) == {("IN", "warned"): 1, ("CANCEL", "accepted"): 1}
    assert decision.answer == "file"
    assert decision.answered_by.startswith("airflow:admin (dimona_decisions/")


def test_what_the_brake_held_is_filed_because_a_person_said_so(story: Story) -> None:
    (decision,) = story.decisions(BRAKE)

    assert (decision.kind, len(json.loads(decision.employments))) == ("brake", HELD)
    assert story.filed(BRAKE) == {("IN", "accepted"): HELD, ("CANCEL", "accepted"): HELD}


def test_a_warned_flexi_job_is_cancelled_in_time_and_not_declared_again(story: Story) -> None:
    assert story.shown[WARNED]["params"]["warned"]["schema"]["enum"][-1] == "cancel"
    assert story.filed(WARNED) == {("IN", "warned"): 1, ("CANCEL", "accepted"): 1}


def test_what_a_person_believes_not_filed_is_looked_for_and_never_filed_twice(story: Story) -> None:
    posts = story.live.gateway.posts_by_worker()

    assert story.filed(UNCLEAR) == {("IN", "accepted"): 1}
    assert posts[story.workers["P-unclear"]] == 1


def test_what_was_refused_for_a_mandate_is_filed_once_more(story: Story) -> None:
    assert story.filed(REFUSED) == {("IN", "refused"): 2}


def test_nobody_s_answer_keeps(story: Story) -> None:
    (decision,) = story.decisions(SILENT)
    (said,) = story.events("unanswered")

    assert story.filed(SILENT) == {("IN", "warned"): 1}
    assert (decision.answer, decision.answered_at) == (None, None)
    assert said.detail.startswith(f"{decision.reference} late_cancel: nobody answered in time")


def test_what_payroll_changed_between_question_and_answer_is_not_done(story: Story) -> None:
    assert story.filed(CHANGED) == {("IN", "warned"): 1}


def test_answers_that_are_none_are_refused_or_asked_again(story: Story) -> None:
    assert story.statuses == {"without rights": 403, "no such option": 400, "a second answer": 409}


def test_each_answer_and_who_gave_it_is_an_event_of_the_ledger(story: Story) -> None:
    decided = story.events("decided")

    assert Counter(one.detail.split(": ")[1].split(";")[0] for one in decided) == {
        "file": 3,
        "cancel": 1,
        "not_filed": 1,
        "again": 1,
    }
    assert {one.actor.split(" ")[0] for one in decided} == {"airflow:admin"}


def test_an_employer_is_asked_again_on_the_same_day_only_for_what_can_not_wait(story: Story) -> None:
    run = story.live.stack.api.trigger(DAG)
    story.live.wait_for_task(run, "collect", ["success"], seconds=LONGEST)

    references = story.live.stack.api.xcom(DAG, run.run_id, "collect")

    query = sa.select(plan_schema.askings.c.employer).where(plan_schema.askings.c.reference.in_(references))
    with story.live.ledger.read() as connection:
        # Refused once more, and to be filed by midnight.
        assert list(connection.scalars(query)) == [REFUSED]


def test_what_airflow_keeps_of_questions_and_answers_names_nobody(story: Story) -> None:
    with closing(
        sqlite3.connect(f"file:{home(story.live.directory) / 'airflow.db'}?mode=ro", uri=True)
    ) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = "\n".join(repr(db.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names)  # noqa: S608

    assert LATE in kept, "the search looks where questions are"
    assert [name for name, ssin in story.workers.items() if ssin in kept or name in kept] == []
