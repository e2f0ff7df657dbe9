"""A real Airflow for a measurement: the demo's components, on PostgreSQL where its async driver is there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from bench.databases import Place, new_database, postgresql
from bench.machine import tell
from bench.nsso import Nsso
from include.demo.api import FINISHED, DagRun
from include.demo.components import AIRFLOW, Component
from include.demo.environment import REPOSITORY, home
from include.demo.errors import DemoError
from include.demo.stack import Stack

HAS_ASYNC_DRIVER = find_spec("asyncpg") is not None
"""Airflow's api-server needs it on PostgreSQL."""
DATABASES = ("postgresql", "sqlite")
DEFAULT_DATABASE = DATABASES[0] if HAS_ASYNC_DRIVER else DATABASES[1]
"""
Airflow's documentation calls SQLite a database for development: PostgreSQL is what is realistic. The ledger
is in the same place as Airflow's metadata.
"""


PARALLELISM = 8
"""Task processes at a time: more don't start any faster on two cores."""


@dataclass(frozen=True, slots=True)
class Airflow:
    """What runs: *server* is the PostgreSQL, ``None`` with SQLite; *metadata* is Airflow's own database."""

    stack: Stack
    server: sa.URL | None
    metadata: sa.Engine

    def connect(self, nsso: Nsso, place: Place, per_second: float) -> None:
        """Let Airflow's tasks and triggers find this NSSO and this ledger from now on."""
        made = {
            "dimona_default": nsso.connection(per_second),
            "dimona_ledger": place.connection(),
            "bench_http": {"conn_type": "http", "host": nsso.connection(per_second)["host"]},
        }
        for conn_id, connection in made.items():
            body = {"connection_id": conn_id, **connection}
            try:
                self.stack.api.call("PATCH", f"/connections/{conn_id}", json=body)
            except httpx.HTTPStatusError as error:
                if error.response.status_code != httpx.codes.NOT_FOUND:
                    raise
                self.stack.api.call("POST", "/connections", json=body)

    def states(self, run: DagRun) -> dict[str | None, int]:
        """Count a run's task instances by state, read where Airflow keeps them: its API costs more."""
        query = sa.text(
            "SELECT state, count(*) FROM task_instance WHERE dag_id = :d AND run_id = :r GROUP BY state"
        )
        with self.metadata.connect() as connection:
            rows = connection.execute(query, {"d": run.dag_id, "r": run.run_id})
            return {row[0]: int(row[1]) for row in rows}

    def has_ended(self, run: DagRun) -> bool:
        """Tell whether a run has ended; ``DemoError`` if it failed."""
        query = sa.text("SELECT state FROM dag_run WHERE dag_id = :d AND run_id = :r")
        with self.metadata.connect() as connection:
            state = connection.scalar(query, {"d": run.dag_id, "r": run.run_id})
        if state == "failed":
            raise DemoError(f"{run.dag_id} failed (logs: {home(self.stack.directory) / 'logs'})")
        return state in FINISHED

    def give_up(self, run: DagRun) -> None:
        """End a run, and what it waits for."""
        self.stack.api.call("PATCH", f"/dags/{run.dag_id}/dagRuns/{run.run_id}", json={"state": "failed"})

    def times(self, run: DagRun) -> tuple[float, float]:
        """Return when a run was asked for and when it ended, in epoch seconds."""
        found: dict[str, Any] = self.stack.api.call("GET", f"/dags/{run.dag_id}/dagRuns/{run.run_id}")
        return _epoch(found["queued_at"]), _epoch(found["end_date"])


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@contextmanager
def airflow(
    directory: Path,
    dags: Path,
    database: str,
    env: Mapping[str, str] | None = None,
    *,
    components: Sequence[Component] = AIRFLOW,
) -> Iterator[Airflow]:
    """Start every component with the DAGs in *dags*, wait until these are known, stop it all in the end."""
    with ExitStack() as stack:
        server = (
            stack.enter_context(postgresql(directory / "postgresql")) if database == "postgresql" else None
        )
        made: dict[str, str] = {
            "PYTHONPATH": _path(),
            "AIRFLOW__CORE__PARALLELISM": str(PARALLELISM),
            **(env or {}),
        }
        if server is not None:
            url = new_database(server, "airflow").render_as_string(hide_password=False)
            made["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = url
        running = stack.enter_context(Stack(directory / "airflow", dags, made, components))
        tell(f"starting Airflow on {database}")
        running.start("api-server", "dag-processor")
        running.wait_healthy(180, ["api-server"])
        running.start()
        running.wait_healthy(180)
        engine = sa.create_engine(running.environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
        stack.callback(engine.dispose)
        _wait_for_dags(running, dags)
        yield Airflow(running, server, engine)


def _path() -> str:
    """Return where this checkout's code is, also if another one is installed, then what the caller added."""
    mine = [str(REPOSITORY), str(REPOSITORY / "plugins")]
    added = [str(Path(part).resolve()) for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    return os.pathsep.join(dict.fromkeys([*mine, *added]))


def _wait_for_dags(stack: Stack, dags: Path) -> None:
    """Wait for the DAG of each file; they have the same names."""
    ends = time.monotonic() + 120
    for name in sorted(file.stem for file in dags.glob("*.py")):
        while not stack.api.has_dag(name):
            if time.monotonic() > ends or (errors := stack.api.import_errors()):
                raise DemoError(f"{name} was not found: {errors}")
            time.sleep(0.5)
