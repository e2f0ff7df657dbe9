"""One Airflow and one kind of ledger: works runs off one after the other, and settles each beside the next."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import httpx

from include.demo.api import FINISHED, DagRun
from include.demo.environment import REPOSITORY
from include.demo.errors import DemoError, StackFailed
from include.demo.health import wait as wait_healthy
from include.demo.stack import Stack
from tests.chaos.kills import Kills
from tests.chaos.ledgers import Place
from tests.chaos.nsso import Nsso
from tests.chaos.nsso import fault_class, fired, unanswered
from tests.chaos.plan import RunPlan, Target
from tests.chaos.settling import Settling
from tests.chaos.verdict import Verdict, compare, read_claims

DECLARE, EMPLOYMENTS = "dimona_declare", "payroll_employments"
LONGEST = 420.0
"""Seconds after which a run of ``dimona_declare`` counts as stuck."""
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

Tell = Callable[[str], None]
Where = Callable[[RunPlan, Path], Place]


class Interrupted(Exception):
    """Somebody wants the suite to end."""


@dataclass(slots=True)
class Ran:
    """What came of one run."""

    plan: RunPlan
    kills: Counter[Target]
    state: str
    """How the run of ``dimona_declare`` ended; failing is allowed, for another takes over what is left."""
    verdict: Verdict = field(default_factory=Verdict)
    faults: Counter[str] = field(default_factory=Counter)
    wanted_faults: frozenset[str] = frozenset()
    posts: int = 0
    unanswered: int = 0


@dataclass(slots=True)
class Lane:
    """Runs that share an Airflow in *directory*."""

    directory: Path
    where: Where
    today: dt.date
    tell: Tell
    stop: Event

    def work(self, plans: list[RunPlan]) -> list[Ran]:
        """Start Airflow, work the runs off, and return what came of each."""
        dags = Path(__file__).parent / "dags"
        with Stack(self.directory / "airflow", dags, _QUICK) as stack, ThreadPoolExecutor() as beside:
            began = time.monotonic()
            self._start(stack)
            self.tell(f"Airflow for {plans[0].ledger} is ready after {time.monotonic() - began:.0f} s")
            settled: list[Future[Ran]] = []
            try:
                for plan in plans:
                    settled.append(self._run(stack, plan, beside))
            except BaseException:
                self.stop.set()
                raise
            return [future.result() for future in settled]

    def _start(self, stack: Stack) -> None:
        stack.start("api-server", "dag-processor")
        wait_healthy(stack, ["api-server"], 180, None)
        stack.start()
        wait_healthy(stack, tuple(stack.components), 180, None)
        ends = time.monotonic() + 120
        while not all(stack.api.has_dag(dag) for dag in (DECLARE, EMPLOYMENTS)):
            self._check()
            if time.monotonic() > ends:
                raise StackFailed(f"the DAGs were not found: {stack.api.import_errors()}")
            time.sleep(0.5)

    def _check(self) -> None:
        if self.stop.is_set():
            raise Interrupted

    def _run(self, stack: Stack, plan: RunPlan, beside: ThreadPoolExecutor) -> Future[Ran]:
        """Do the chaotic part of a run; the rest goes on beside the next run."""
        directory = self.directory / f"run-{plan.number}"
        directory.mkdir(parents=True)
        place = self.where(plan, directory)
        place.make()
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
        return beside.submit(self._finish, plan, place, nsso, Ran(plan, chaos.kills.done, state))

    def _finish(self, plan: RunPlan, place: Place, nsso: Nsso, ran: Ran) -> Ran:
        """Settle, and hold the ledger against the truth."""
        began = time.monotonic()
        try:
            nsso.end_faults()
            with place.opened("chaos") as ledger:
                settling = Settling(ledger, nsso.settings(), plan, self.today)
                settling.run()
                claims = read_claims(ledger)
        finally:
            nsso.stop()
        wished = [str(record["employment_id"]) for record in plan.employments] + settling.later
        ran.verdict = compare(wished, claims, nsso.taken())
        ran.faults = fired(nsso.journal())
        ran.wanted_faults = frozenset(map(fault_class, plan.faults.rules))
        ran.posts, ran.unanswered = unanswered(nsso.journal())
        found = ran.verdict
        self.tell(
            f"{plan.words()}: settled after {time.monotonic() - began:.0f} s; intents {found.intents}, "
            f"lost {len(found.lost)}, twice {len(found.twice)}, unclear {found.unclear}, "
            f"kills {ran.kills.total()}, faults {ran.faults.total()}, "
            f"{ran.unanswered} of {ran.posts} POSTs accepted and unanswered"
        )
        return ran


def _connect(stack: Stack, nsso: Nsso, place: Place) -> None:
    """Let Airflow's tasks find this run's NSSO, payroll and ledger from now on."""
    connections = {
        "dimona_default": nsso.connection(),
        "dimona_ledger": place.connection(),
        "payroll_default": {"conn_type": "http", "host": nsso.url},
    }
    for conn_id, connection in connections.items():
        body = {"connection_id": conn_id, **connection}
        try:
            stack.api.call("PATCH", f"/connections/{conn_id}", json=body)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.NOT_FOUND:
                raise
            stack.api.call("POST", "/connections", json=body)


@dataclass(slots=True)
class _Chaos:
    """The chaotic part of a run: payroll's export, ``dimona_declare``, and kills until both have ended."""

    stack: Stack
    kills: Kills
    check: Callable[[], None]
    _declare: DagRun | None = None

    def run(self) -> str:
        """Return how ``dimona_declare`` ended."""
        api = self.stack.api
        before = {run.run_id for run in api.runs(DECLARE)}
        export = api.trigger(EMPLOYMENTS)
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
            time.sleep(0.1)
        raise DemoError(f"{DECLARE} is stuck: {LONGEST:.0f} s have passed")

    def _look(self, before: set[str]) -> list[dict[str, Any]]:
        """Return the running tasks of the run that the export started."""
        new = [run for run in self.stack.api.runs(DECLARE) if run.run_id not in before]
        if not new:
            return []
        if self._declare is None:
            self.kills.begin()
        self._declare = new[-1]
        path = f"/dags/{DECLARE}/dagRuns/{self._declare.run_id}/taskInstances"
        tasks = self.stack.api.call("GET", path, params={"limit": 100})["task_instances"]
        return [task for task in tasks if task["state"] == "running"]

    def _is_over(self, export: DagRun) -> bool:
        active = [run for run in self.stack.api.runs(DECLARE) if run.state not in FINISHED]
        return export.state in FINISHED and self._declare is not None and not active
