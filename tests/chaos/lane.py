"""One Airflow and one kind of ledger: works runs off one by one, and settles each beside the next."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import httpx

from include.demo.api import FINISHED, AirflowApi, DagRun
from include.demo.environment import REPOSITORY
from include.demo.errors import DemoError, StackFailed
from include.demo.health import wait as wait_healthy
from include.demo.stack import Stack
from include.dimona_simulator import Operation
from tests.chaos.kills import Kills
from tests.chaos.ledgers import Place
from tests.chaos.nsso import Nsso, fault_class, fired, unanswered
from tests.chaos.plan import RunPlan, Target
from tests.chaos.report import Outcome, last_line
from tests.chaos.settling import Settling
from tests.chaos.verdict import compare, read_claims

DECLARE, EMPLOYMENTS = "dimona_declare", "payroll_employments"
LONGEST = 420.0
"""Seconds after which a run of ``dimona_declare`` counts as stuck."""
CALM_AFTER = 30.0
"""
Seconds after the first look at an outcome, after which only searches still meet faults.

What is not answered for half a minute is asked for once a minute: each further fault would cost another one.
On a slow machine looks begin late, and would else meet none.
"""
_QUICK = {
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "5",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "30",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "30",
    # This checkout's code, also where another one is installed.
    "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'plugins'}",
}

T = TypeVar("T")
Tell = Callable[[str], None]
Where = Callable[[RunPlan, Path], Place]


class Interrupted(Exception):
    """Somebody wants the suite to end."""


@dataclass(slots=True)
class Lane:
    """Runs that share an Airflow in *directory*."""

    directory: Path
    where: Where
    today: dt.date
    tell: Tell
    stop: Event

    def work(self, plans: list[RunPlan]) -> list[Outcome]:
        """Start Airflow, work the runs off, and return what came of each."""
        dags = Path(__file__).parent / "dags"
        with Stack(self.directory / "airflow", dags, _QUICK) as stack, ThreadPoolExecutor() as beside:
            began = time.monotonic()
            self._start(stack)
            self.tell(f"Airflow for {plans[0].ledger} is ready after {time.monotonic() - began:.0f} s")
            settled = [self._run(stack, plan, beside) for plan in plans]
            return [future.result() for future in settled]

    def _start(self, stack: Stack) -> None:
        stack.start("api-server", "dag-processor")
        wait_healthy(stack, ["api-server"], 180, None)
        stack.start()
        wait_healthy(stack, tuple(stack.components), 180, None)
        ends = time.monotonic() + 120
        while not all(_patiently(partial(stack.api.has_dag, dag)) for dag in (DECLARE, EMPLOYMENTS)):
            self._check()
            if time.monotonic() > ends:
                raise StackFailed(f"the DAGs were not found: {stack.api.import_errors()}")
            time.sleep(0.5)

    def _check(self) -> None:
        if self.stop.is_set():
            raise Interrupted

    def _run(self, stack: Stack, plan: RunPlan, beside: ThreadPoolExecutor) -> Future[Outcome]:
        """Do the chaotic part of a run; the rest goes on beside the next run."""
        directory = self.directory / f"run-{plan.number}"
        directory.mkdir(parents=True)
        place = self.where(plan, directory)
        place.initialise()
        nsso = Nsso(directory, plan)
        nsso.start()
        try:
            _connect(stack, nsso, place)
            chaos = _Chaos(stack, Kills(stack, nsso, list(plan.kills)), self._check)
            began = time.monotonic()
            state = chaos.run()
            self.tell(
                f"{plan.words()}: {DECLARE} {state} after {time.monotonic() - began:.0f} s and "
                f"{chaos.kills.done.total()} kills; settling"
            )
        except BaseException:
            nsso.stop()
            raise
        return beside.submit(self._finish, plan, place, nsso, chaos.kills.done)

    def _finish(self, plan: RunPlan, place: Place, nsso: Nsso, kills: Counter[Target]) -> Outcome:
        """Settle, and hold the ledger against the truth."""
        began = time.monotonic()
        try:
            nsso.start()  # unless it runs
            nsso.leave_faults()
            with place.opened("chaos") as ledger:
                settling = Settling(ledger, nsso.settings(), plan, self.today)
                settling.run()
                claims = read_claims(ledger)
        finally:
            nsso.stop()
        wished = [str(record["employment_id"]) for record in plan.employments] + settling.later
        journal = nsso.journal()
        posts, lost_answers = unanswered(journal)
        outcome = Outcome(
            f"run {plan.number}",
            compare(wished, claims, nsso.taken()),
            kills,
            fired(journal),
            frozenset(map(fault_class, plan.faults.rules)),
            posts,
            lost_answers,
        )
        self.tell(
            f"{plan.words()}: settled after {time.monotonic() - began:.0f} s; {last_line([outcome])}  "
            f"({lost_answers} of {posts} declarations taken and not answered)"
        )
        return outcome


def _connect(stack: Stack, nsso: Nsso, place: Place) -> None:
    """Let Airflow's tasks find this run's NSSO, payroll and ledger from now on."""
    connections = {
        "dimona_default": nsso.connection(),
        "dimona_ledger": place.connection(),
        "payroll_default": {"conn_type": "http", "host": nsso.url},
    }
    for conn_id, connection in connections.items():
        _patiently(partial(_store, stack.api, {"connection_id": conn_id, **connection}))


def _store(api: AirflowApi, connection: dict[str, Any]) -> None:
    try:
        api.call("PATCH", f"/connections/{connection['connection_id']}", json=connection)
    except httpx.HTTPStatusError as error:
        if error.response.status_code != httpx.codes.NOT_FOUND:
            raise
        api.call("POST", "/connections", json=connection)


def _patiently(call: Callable[[], T], tries: int = 20) -> T:
    """Call Airflow's REST API, again when its SQLite database was locked."""
    for _ in range(tries - 1):
        with suppress(httpx.HTTPError):
            return call()
        time.sleep(1)
    return call()


@dataclass(slots=True)
class _Chaos:
    """The chaotic part of a run: payroll's export, ``dimona_declare``, and kills until both have ended."""

    stack: Stack
    kills: Kills
    check: Callable[[], None]
    _declare: DagRun | None = None
    _asked_since: float | None = None
    _is_calm: bool = False

    def run(self) -> str:
        """Return how ``dimona_declare`` ended."""
        api = self.stack.api
        before = {run.run_id for run in _patiently(partial(api.runs, DECLARE))}
        export = _patiently(partial(api.trigger, EMPLOYMENTS))
        ends = time.monotonic() + LONGEST
        running: list[dict[str, Any]] = []
        looked = 0.0
        while time.monotonic() < ends:
            self.check()
            if time.monotonic() - looked > 0.7:
                looked = time.monotonic()
                with suppress(httpx.TransportError, httpx.HTTPStatusError):
                    export = api.run(EMPLOYMENTS, export.run_id)
                    if export.state == "failed":
                        raise DemoError(f"{EMPLOYMENTS} failed")
                    running = self._look(before)
                    if self._is_over(export):
                        self.kills.restore()
                        return str(self._declare and self._declare.state)
            self.kills.look(running)
            self._calm_down()
            time.sleep(0.1)
        raise DemoError(f"{DECLARE} is stuck: {LONGEST:.0f} s have passed")

    def _calm_down(self) -> None:
        if self._asked_since is None and self.kills.nsso.has_been_asked:
            self._asked_since = time.monotonic()
        if self._is_calm or self._asked_since is None:
            return
        if time.monotonic() > self._asked_since + CALM_AFTER:
            with suppress(httpx.HTTPError):  # it may be down just now
                self.kills.nsso.leave_faults(Operation.SEARCH)
                self._is_calm = True

    def _look(self, before: set[str]) -> list[dict[str, Any]]:
        """Return the running tasks of the run that the export started."""
        # The clock may start a run as well, whenever the hour has come.
        started = [run for run in self.stack.api.runs(DECLARE) if run.run_id.startswith("asset_triggered")]
        new = [run for run in started if run.run_id not in before]
        if not new:
            return []
        if self._declare is None:
            self.kills.begin()
        self._declare = new[-1]
        path = f"/dags/{DECLARE}/dagRuns/{self._declare.run_id}/taskInstances"
        tasks = self.stack.api.call("GET", path, params={"limit": 100})["task_instances"]
        return [task for task in tasks if task["state"] == "running"]

    def _is_over(self, export: DagRun) -> bool:
        if export.state not in FINISHED or self._declare is None or self._declare.state not in FINISHED:
            return False
        return all(run.state in FINISHED for run in self.stack.api.runs(DECLARE))
