"""The processes of a stack: what starts each of them, and what tells that it works."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Component:
    """
    One process of a stack.

    *arguments* follow the interpreter; ``{name}`` in them stands for the port of that name.
    *health* is a path on the component's first port that answers 200, *heartbeat* the component's name
    in Airflow's own health report. *cores* are the processors that it may use, where the system can say so.
    """

    name: str
    arguments: tuple[str, ...]
    ports: tuple[str, ...] = ()
    health: str | None = None
    heartbeat: str | None = None
    cores: frozenset[int] | None = None


def _airflow(name: str, *options: str, port: str | None = None, heartbeat: str) -> Component:
    ports = () if port is None else (port,)
    return Component(name, ("-m", "airflow", name, *options), ports, heartbeat=heartbeat)


AIRFLOW = (
    _airflow(
        "api-server",
        *("--host", "127.0.0.1", "--port", "{api}", "--workers", "1"),
        port="api",
        heartbeat="metadatabase",
    ),
    # LocalExecutor: the scheduler also serves its workers' logs.
    _airflow("scheduler", port="worker_log", heartbeat="scheduler"),
    _airflow("dag-processor", heartbeat="dag_processor"),
    _airflow("triggerer", port="trigger_log", heartbeat="triggerer"),
)


def simulator(*, data: Path, client_id: str, public_key: Path, payroll: Path, seed: int = 1) -> Component:
    """Describe the process that plays the NSSO and serves the payroll's export."""
    return Component(
        name="simulator",
        arguments=(
            *("-m", "include.dimona_simulator", "--port", "{simulator}", "--data", str(data)),
            *("--seed", str(seed), "--client-id", client_id),
            *("--public-key", str(public_key), "--payroll", str(payroll)),
        ),
        ports=("simulator",),
        health="/simulator/health",
    )
