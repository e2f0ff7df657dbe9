"""
Killing, clearing, marking and retrying tasks: nothing of it files anything twice or cancels anything.

One real Airflow is shared by all tests. Each has employments and a run of `dimona_declare` of its own; what
is done to the run's tasks goes through the public REST API, or is a SIGKILL. With ``SLOW_SHARE`` below 1 only
the cases run in which most can go wrong.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from dimona_provider.ledger.schema import attempts, intents
from include.dimona_simulator import read_journal
from support import people
from support.hands import Hands
from support.live import Live, live_airflow
from support.statsd import StatsD, statsd
from support.waiting import wait_until

pytestmark = pytest.mark.slow
full = pytest.mark.skipif(
    float(os.environ.get("SLOW_SHARE", "1")) < 1, reason="SLOW_SHARE below 1 runs the short form"
)

PLAN, SUBMIT, WAIT, SETTLE, REPORT = TASKS = (
    "plan", "declare.submit", "declare.wait", "declare.settle", "report",
)  # fmt: skip
EACH = 2
"""Employments of one case."""
LONG_AGO = 200.0
"""Seconds after which others may call unclear what a sender claimed."""
_numbers = itertools.count(1)


@dataclass(slots=True)
class Case:
    """One run of `dimona_declare` with employments of its own."""

    live: Live
    hands: Hands
    employments: dict[str, str] = field(default_factory=dict)
    """Payroll's id -> the worker's SSIN."""

    def wait_for(self, task_id: str, *states: str) -> None:
        self.live.wait_for_task(self.hands.run, task_id, states)

    def end(self) -> str:
        """Let the NSSO answer, and the run come to its end; gives the run's state."""
        self.live.gateway.holds_posts = self.live.gateway.hides_answers = False
        return self.live.wait_for_end(self.hands.run)

    def is_sending(self) -> None:
        """Wait until the NSSO has the declarations, and their sender waits for its answers."""
        wait_until(lambda: self.live.gateway.held == EACH, seconds=40)

    def lets_the_sender_go(self) -> None:
        """Wait until the sender is gone, and let its claims run out."""
        wait_until(lambda: self.live.gateway.held == 0, seconds=30)
        self.live.gateway.holds_posts = False
        older = intents.c.claimed_until - LONG_AGO
        with self.live.ledger.write() as connection:
            connection.execute(
                intents.update().where(intents.c.state == "sending").values(claimed_until=older)
            )

    def states(self) -> Counter[str]:
        """Count the states of the intents."""
        of_case = sa.select(intents.c.state).where(intents.c.employment.in_(self.employments))
        with self.live.ledger.read() as connection:
            return Counter(str(state) for state in connection.scalars(of_case))

    def assert_filed_once(self, state: str = "accepted") -> None:
        """Each declaration reached the NSSO once, and the ledger says what became of it."""
        posts = self.live.gateway.posts_by_worker()
        assert {ssin: posts[ssin] for ssin in self.employments.values()} == dict.fromkeys(
            self.employments.values(), 1
        )
        assert self.states() == {state: EACH}

    def assert_tried_again(self, *task_ids: str) -> None:
        """What was done to these tasks did begin them anew."""
        tries = self.hands.tries()
        assert {task_id: tries[task_id] for task_id in task_ids if tries[task_id] < 2} == {}

    def assert_reported(self) -> None:
        """Each task ended well in the end, and the report counts what this run declared."""
        run = self.hands.run
        for task_id in TASKS:
            task = self.live.task(run, task_id)
            assert task is not None
            assert task.state == "success", task_id
        assert self.live.stack.api.xcom(run.dag_id, run.run_id, REPORT)["declarations"] == EACH


def _hurried(text: str) -> str:
    """Let a retry come at once, and the clock never."""
    return text.replace("timedelta(minutes=1)", "timedelta(seconds=2)").replace("17 * * * *", "17 3 1 1 *")


@pytest.fixture(scope="module")
def metrics() -> Iterator[StatsD]:
    with statsd() as server:
        yield server


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, metrics: StatsD) -> Iterator[Live]:
    with live_airflow(
        tmp_path_factory.mktemp("kill"),
        change={"dimona_declare.py": _hurried},
        settings={
            **metrics.settings(),
            # How soon a running task learns that it was marked or cleared.
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            # How soon a killed worker is missed.
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
        },
    ) as running:
        yield running


def _begin(live: Live) -> Case:
    tomorrow = (dt.datetime.now(ZoneInfo("Europe/Brussels")) + dt.timedelta(days=1)).date().isoformat()
    numbers = list(itertools.islice(_numbers, EACH))
    live.stage(
        [
            people.employment(
                employment_id=f"K-{number}", worker={"ssin": people.ssin(number)}, start_date=tomorrow
            )
            for number in numbers
        ]
    )
    run = live.stack.api.trigger("dimona_declare")
    return Case(live, Hands(live, run), {f"K-{number}": people.ssin(number) for number in numbers})


@pytest.fixture
def begin(live: Live) -> Iterator[Callable[..., Case]]:
    """Give what begins a case; in the end nothing of it runs any more."""
    begun: list[Case] = []

    def start(*, holds_posts: bool = False, hides_answers: bool = False) -> Case:
        live.gateway.holds_posts, live.gateway.hides_answers = holds_posts, hides_answers
        begun.append(_begin(live))
        return begun[-1]

    yield start
    for case in begun:
        case.end()


@pytest.fixture(scope="module")
def finished(live: Live) -> Case:
    """Give a run that has ended well."""
    case = _begin(live)
    assert case.end() == "success"
    case.assert_filed_once()
    return case


# While submit is sending: the NSSO has the declarations, and nobody here knows yet.


def test_marking_submit_failed_while_it_sends(begin: Callable[..., Case]) -> None:
    case = begin(holds_posts=True)
    case.is_sending()

    case.hands.mark(SUBMIT, "failed")
    case.wait_for(WAIT, "deferred")
    case.lets_the_sender_go()

    assert case.end() == "failed"
    case.assert_filed_once()


def test_clearing_submit_while_wait_is_deferred_and_wait_marked_and_cleared(
    begin: Callable[..., Case],
) -> None:
    case = begin(hides_answers=True)
    case.wait_for(WAIT, "deferred")

    case.hands.clear(SUBMIT)
    case.wait_for(SUBMIT, "success")
    case.hands.mark(WAIT, "success")
    case.wait_for(REPORT, "success")
    case.hands.clear(WAIT)
    case.wait_for(WAIT, "deferred")

    assert case.end() == "success"
    case.assert_filed_once()
    case.assert_reported()


def test_killing_submit_while_it_sends_and_its_retry(begin: Callable[..., Case]) -> None:
    case = begin(holds_posts=True)
    case.is_sending()

    case.hands.kill(SUBMIT)
    case.lets_the_sender_go()

    assert case.end() == "success"
    case.assert_filed_once()
    case.assert_reported()
    case.assert_tried_again(SUBMIT)


@full
def test_marking_submit_success_while_it_sends(begin: Callable[..., Case]) -> None:
    case = begin(holds_posts=True)
    case.is_sending()

    case.hands.mark(SUBMIT, "success")
    case.live.gateway.holds_posts = False  # it still reads its answers, or is killed before

    wait_until(lambda: case.live.gateway.held == 0, seconds=30)
    case.lets_the_sender_go()
    case.end()
    posts = case.live.gateway.posts_by_worker()
    assert [posts[ssin] for ssin in case.employments.values()] == [1] * EACH
    assert set(case.states()) <= {"accepted", "unclear"}


@full
def test_clearing_submit_while_it_sends(begin: Callable[..., Case]) -> None:
    case = begin(holds_posts=True)
    case.is_sending()

    case.hands.clear(SUBMIT, downstream=True)
    case.lets_the_sender_go()

    assert case.end() == "success"
    case.assert_filed_once()
    case.assert_reported()
    case.assert_tried_again(SUBMIT)


@full
def test_a_killed_worker_whose_sender_lives_on(begin: Callable[..., Case]) -> None:
    case = begin(holds_posts=True)
    case.is_sending()

    case.hands.kill_worker_of(SUBMIT)
    wait_until(lambda: case.hands.tries()[SUBMIT] > 1, seconds=60)
    case.lets_the_sender_go()

    assert case.end() == "success"
    case.assert_filed_once()
    case.assert_reported()


@full
@pytest.mark.parametrize("state", ["failed", "success"])
def test_marking_the_run_while_submit_sends_and_clearing_it(begin: Callable[..., Case], state: str) -> None:
    case = begin(holds_posts=True)
    case.is_sending()

    case.hands.mark_run(state)
    case.lets_the_sender_go()
    case.hands.clear_run()

    assert case.end() == "success"
    case.assert_filed_once()
    case.assert_reported()


# While wait is deferred: the NSSO has not answered yet.


@full
def test_clearing_submit_with_downstream_while_wait_is_deferred(begin: Callable[..., Case]) -> None:
    case = begin(hides_answers=True)
    case.wait_for(WAIT, "deferred")

    case.hands.clear(SUBMIT, downstream=True)
    case.wait_for(SUBMIT, "success")
    case.wait_for(WAIT, "deferred")

    assert case.end() == "success"
    case.assert_filed_once()
    case.assert_reported()


@full
def test_marking_wait_failed_while_deferred_and_clearing_what_failed(begin: Callable[..., Case]) -> None:
    case = begin(hides_answers=True)
    case.wait_for(WAIT, "deferred")

    case.hands.mark(WAIT, "failed")
    assert case.live.wait_for_end(case.hands.run) == "failed"
    assert case.states() == {"sent": EACH}
    case.hands.clear_run(only_failed=True)

    assert case.end() == "success"
    case.assert_filed_once()
    case.assert_reported()


@full
def test_failing_the_run_while_wait_is_deferred_and_clearing_it(begin: Callable[..., Case]) -> None:
    case = begin(hides_answers=True)
    case.wait_for(WAIT, "deferred")

    case.hands.mark_run("failed")
    case.hands.clear_run()

    assert case.end() == "success"
    case.assert_filed_once()
    case.assert_reported()


# Each task once, while its process is at work.


@full
def test_every_task_is_killed_and_comes_back_by_itself(begin: Callable[..., Case]) -> None:
    case = begin()

    for task_id in TASKS:
        with case.hands.caught(task_id) as pid:
            os.kill(pid, signal.SIGKILL)

    assert case.end() == "success"
    case.assert_filed_once()
    case.assert_reported()
    case.assert_tried_again(*TASKS)


@full
def test_every_task_is_cleared_while_it_runs(begin: Callable[..., Case]) -> None:
    case = begin(hides_answers=True)

    for task_id in (PLAN, WAIT):
        with case.hands.caught(task_id):
            case.hands.clear(task_id)
    case.wait_for(WAIT, "deferred")
    case.live.gateway.hides_answers = False
    for task_id in (SETTLE, REPORT):
        with case.hands.caught(task_id):
            case.hands.clear(task_id)

    assert case.end() == "success"
    case.assert_filed_once()
    case.assert_reported()
    case.assert_tried_again(PLAN, WAIT, SETTLE, REPORT)


@full
@pytest.mark.parametrize("state", ["failed", "success"])
def test_every_task_is_marked_while_it_runs_and_cleared(begin: Callable[..., Case], state: str) -> None:
    case = begin()

    for task_id in (PLAN, SETTLE, REPORT):
        # Killed, or not yet when its mark is cleared again.
        with case.hands.caught(task_id, until_gone=state == "failed"):
            case.hands.mark(task_id, state)
        case.live.wait_for_end(case.hands.run)
        case.hands.clear(task_id, downstream=True)

    case.end()
    case.assert_filed_once()
    case.assert_reported()
    case.assert_tried_again(PLAN, SETTLE, REPORT)


# After the run has ended well.


@pytest.mark.parametrize("downstream", [False, True], ids=["alone", "with downstream"])
@pytest.mark.parametrize("task_id", TASKS)
@full
def test_clearing_a_task_of_a_finished_run(finished: Case, task_id: str, downstream: bool) -> None:  # noqa: FBT001
    before = finished.hands.tries()

    finished.hands.clear(task_id, downstream=downstream)

    assert finished.end() == "success"
    finished.assert_filed_once()
    finished.assert_reported()
    assert finished.hands.tries()[task_id] > before[task_id]


@full
@pytest.mark.parametrize("task_id", TASKS)
def test_marking_a_task_of_a_finished_run_failed_and_clearing_it(finished: Case, task_id: str) -> None:
    before = finished.hands.tries()

    finished.hands.mark(task_id, "failed")
    finished.hands.clear(task_id)

    assert finished.end() == "success"
    finished.assert_filed_once()
    finished.assert_reported()
    assert finished.hands.tries()[task_id] > before[task_id]


@full
def test_marking_and_clearing_a_finished_run(finished: Case) -> None:
    before = finished.hands.tries()

    finished.hands.mark_run("failed")
    finished.hands.mark_run("success")
    finished.hands.clear_run()

    assert finished.end() == "success"
    finished.assert_filed_once()
    finished.assert_reported()
    assert [task_id for task_id in TASKS if finished.hands.tries()[task_id] <= before[task_id]] == []


@full
def test_workers_and_triggerer_send_metrics(begin: Callable[..., Case], metrics: StatsD) -> None:
    before = {name: metrics.total(name) for name in ("posts.filed", "declarations.accepted", "polls")}
    case = begin()

    assert case.end() == "success"
    # Workers file and fold; only the triggerer asks here.
    for name, was in before.items():
        wait_until(lambda name=name, was=was: metrics.total(name) >= was + EACH, seconds=30)  # type: ignore[misc]


def test_all_in_all_each_intent_was_filed_once_as_an_in(live: Live) -> None:
    journal = read_journal(live.simulator_folder / "journal.jsonl")
    filed = [one for one in journal if one.method == "POST" and one.path.endswith("/declarations")]
    lines = (live.simulator_folder / "declarations.jsonl").read_text().splitlines()
    declarations = [json.loads(line) for line in lines]
    with live.ledger.read() as connection:
        rows = connection.execute(sa.select(intents)).all()
        sent = connection.scalars(sa.select(attempts.c.intent)).all()

    assert Counter(one.status for one in filed) == {201: len(rows)}
    assert {kind for one in declarations for kind in one["body"] if kind.startswith("dimona")} == {"dimonaIn"}
    assert len({one["ssin"] for one in declarations}) == len(declarations) == len(rows)
    known = {row.declaration_id for row in rows if row.declaration_id is not None}
    assert known <= {one["id"] for one in declarations}
    assert len(known) == sum(row.state == "accepted" for row in rows)
    assert {row.state for row in rows} <= {"accepted", "unclear"}
    assert Counter(sent) == {row.id: 1 for row in rows}, "one attempt for each intent"
