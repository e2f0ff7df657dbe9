"""A real Airflow with the shipped DAGs, its ledger, and a simulated NSSO behind a gateway."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dimona_provider.ledger import Ledger, open_ledger, staging
from dimona_provider.ledger.keys import read_keys
from dimona_provider.ledger.setup import initialise
from include.demo import sample
from include.demo.api import FINISHED, DagRun, TaskInstance
from include.demo.components import AIRFLOW
from include.demo.connections import CLIENT_ID, DIMONA, PAYROLL
from include.demo.environment import REPOSITORY, home
from include.demo.stack import Stack
from include.dimona_simulator import Settings, Simulator
from include.payroll.routes import payroll_routes
from include.payroll.store import PayrollStore
from support.dags import FOLDER
from support.gateway import Gateway
from support.served import AT_ONCE, listening
from support.waiting import wait_until

Change = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Live:
    """What runs, and where it keeps things."""

    stack: Stack
    gateway: Gateway
    ledger: Ledger
    payroll: PayrollStore

    @property
    def directory(self) -> Path:
        return self.stack.directory

    @property
    def simulator_folder(self) -> Path:
        return self.directory / "simulator"

    def stage(self, records: list[dict[str, Any]]) -> None:
        """Put an export of payroll where ``plan`` finds it."""
        staging.stage(self.ledger, staging.new_export(), 1, records, now=time.time())

    def task(self, run: DagRun, task_id: str) -> TaskInstance | None:
        """Give the one instance of a task, also of a mapped one; ``None`` while it is not expanded."""
        found = [
            one for one in self.stack.api.task_instances(run.dag_id, run.run_id) if one.task_id == task_id
        ]
        return next((one for one in found if one.map_index >= 0 or len(found) == 1), None)

    def wait_for_task(
        self, run: DagRun, task_id: str, states: Collection[str | None], seconds: float = 60
    ) -> TaskInstance:
        """Wait until a task is in one of *states*."""
        wait_until(lambda: _state(self.task(run, task_id)) in states, seconds=seconds)
        task = self.task(run, task_id)
        assert task is not None
        return task

    def wait_for_end(self, run: DagRun, seconds: float = 90) -> str:
        """Wait until a run has ended; gives its state."""
        api = self.stack.api
        wait_until(lambda: api.run(run.dag_id, run.run_id).state in FINISHED, seconds=seconds)
        return api.run(run.dag_id, run.run_id).state


def _state(task: TaskInstance | None) -> str | None:
    return task.state if task is not None else "not expanded"


@contextmanager
def live_airflow(
    directory: Path,
    *,
    dags: Mapping[str, str] | None = None,
    change: Mapping[str, Change] | None = None,
    settings: Mapping[str, str] | None = None,
    path: Sequence[Path] = (),
    feed: bool = False,
) -> Iterator[Live]:
    """
    Start everything in *directory*, and stop it in the end.

    The DAG folder is a copy of ours: *dags* (name -> source) are a team's own files in it, *change* (name ->
    function) edits one of ours. *settings* are added to the environment of Airflow's components, *path* to
    where they find modules. With *feed* payroll's change feed is watched.
    """
    sample.ensure_keys(directory)
    public_key = (directory / "keys" / "certificate.pem").read_text(encoding="utf-8")
    folder = _copy_of_dags(directory / "dags", dags or {}, change or {})
    payroll = PayrollStore(directory / "payroll.db")
    (directory / "simulator").mkdir()
    with ExitStack() as stack:
        simulator = stack.enter_context(
            Simulator({CLIENT_ID: public_key}, Settings(timing=AT_ONCE), folder=directory / "simulator")
        )
        gateway = stack.enter_context(listening(lambda url: Gateway(url, simulator, payroll_routes(payroll))))
        dimona = gateway.connection(CLIENT_ID, private_key_path=str(private_key(directory)))
        env = {
            DIMONA: json.dumps(dimona),
            PAYROLL: json.dumps({"conn_type": "http", "host": gateway.url}),
            # This repository's package, whichever is installed.
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "plugins"), *map(str, path)]),
        }
        if feed:
            at = {"conn_type": "http", "host": f"{gateway.url}/payroll/changes"}
            env["AIRFLOW_CONN_PAYROLL_FEED"] = json.dumps(at)
        airflow = stack.enter_context(Stack(directory, folder, {**env, **(settings or {})}, AIRFLOW))
        stack.callback(kill, airflow)  # an orderly stop takes ten seconds, and test_demo sees to it
        ledger = _new_ledger(directory)
        stack.callback(ledger.close)
        # Scheduler and triggerer call the api-server from their first second on.
        airflow.start("api-server", "dag-processor")
        airflow.wait_healthy(180, ["api-server"])
        airflow.start()
        airflow.wait_healthy(180)
        wait_until(lambda: airflow.api.has_dag("dimona_declare"), seconds=60)
        yield Live(airflow, gateway, ledger, payroll)


def private_key(directory: Path) -> Path:
    """Give the file of the client's key."""
    return directory / "keys" / "private.pem"


def _copy_of_dags(folder: Path, dags: Mapping[str, str], change: Mapping[str, Change]) -> Path:
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in dags.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name, edit in change.items():
        before = (folder / name).read_text(encoding="utf-8")
        after = edit(before)
        assert after != before, f"{name} is not what this test thinks it is"
        (folder / name).write_text(after, encoding="utf-8")
    return folder


def _new_ledger(directory: Path) -> Ledger:
    """Make the ledger where the components look for it."""
    place = home(directory) / "dimona"
    keys = place / "ledger-keys.json"
    url = sa.URL.create("sqlite", database=str(place / "ledger.db"))
    initialise(url, lambda: read_keys(keys), keys, now=time.time())
    return open_ledger(url, read_keys(keys), actor="test")


def kill(stack: Stack) -> None:
    """Kill every process of a stack."""
    for record in stack.records():
        stack.kill_component(record.name)
