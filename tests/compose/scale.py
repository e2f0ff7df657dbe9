"""``python -m tests.compose.scale``: one payroll with more and fewer workers and triggerers, as a table."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from include.demo.api import AirflowApi, DagRun
from include.deployment.places import AUTHORITIES, DEMO_KEYS, EXAMPLE
from include.deployment.setting_up import ADMIN
from include.dimona_simulator import JournalEntry, read_journal
from tests.compose.ordeal import Ordeal
from tests.compose.project import Project
from tests.compose.secrets_folder import make_secrets

HEADER = (
    "workers",
    "triggerers",
    "run, s",
    "sending, s",
    "worker CPU, s",
    "triggerer CPU, s",
    "scheduler CPU, s",
    "database CPU, s",
    "a worker, MiB",
    "a triggerer, MiB",
)
_USED = "cat /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || true"
app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def main(
    cells: Annotated[list[str], typer.Argument(help="WORKERSxTRIGGERERS, such as 2x1")],
    employments: Annotated[int, typer.Option(min=500, help="size of the payroll")] = 3000,
    per_second: Annotated[int, typer.Option(min=1, help="the request budget")] = 200,
    port: Annotated[int, typer.Option(help="where the UI is meanwhile")] = 18081,
) -> None:
    """Measure one run of dimona_declare in each cell, on a new stack."""
    typer.echo(f"{employments} employments, {per_second} requests a second")
    rows: list[tuple[str, ...]] = [HEADER]
    for cell in cells:
        workers, triggerers = cell.split("x")
        settings = {
            "DIMONA_WORKERS": workers,
            "DIMONA_TRIGGERERS": triggerers,
            "DIMONA_PORT": str(port),
            "DIMONA_DAGS_PAUSED": "false",
            "DIMONA_EMPLOYMENTS": str(employments),
            "DIMONA_AUTHORITIES": str(DEMO_KEYS / AUTHORITIES),
        }
        with _running(settings, per_second) as (project, directory):
            rows.append((workers, triggerers, *_measure(project, directory, port)))
        typer.echo(" ".join(rows[-1]))
    for row in [rows[0], ("---",) * len(HEADER), *rows[1:]]:
        typer.echo(f"| {' | '.join(row)} |")


@contextmanager
def _running(settings: dict[str, str], per_second: int) -> Iterator[tuple[Project, Path]]:
    directory = Path(tempfile.mkdtemp(prefix="dimona-scale-"))
    folder = make_secrets(directory, per_second)
    project = Project(f"dimona-scale-{secrets.token_hex(3)}", settings | {"DIMONA_SECRETS": str(folder)})
    try:
        project.compose("up", "--detach", "--wait")
        yield project, directory
    finally:
        project.compose("down", "--volumes", "--timeout", "10")
        shutil.rmtree(directory, ignore_errors=True)


def _measure(project: Project, directory: Path, port: int) -> tuple[str, ...]:
    api = AirflowApi(f"http://127.0.0.1:{port}", ADMIN, (EXAMPLE / "admin_password").read_text())
    services = ("worker", "triggerer", "scheduler", "postgres")
    before = [used(project, name) for name in services]
    ended = Ordeal(project, api, typer.echo, kills=False).run()
    after = [used(project, name) for name in services]
    project.compose("cp", "simulator:/opt/airflow/simulator", str(directory / "simulator"))
    journal = read_journal(directory / "simulator" / "journal.jsonl")
    spent = [late - early for late, early in zip(after, before, strict=True)]
    most = [memory(project, name) for name in ("worker", "triggerer")]
    figures = [lasted(api, ended), sending(journal), *spent, *most]
    return tuple(f"{figure:.0f}" for figure in figures)


def lasted(api: AirflowApi, run: DagRun) -> float:
    """Return the seconds from the trigger of a run to its end, by Airflow's own times."""
    data = api.call("GET", f"/dags/{run.dag_id}/dagRuns/{run.run_id}")
    return (
        datetime.fromisoformat(data["end_date"]) - datetime.fromisoformat(data["queued_at"])
    ).total_seconds()


def sending(journal: list[JournalEntry]) -> float:
    """Return the seconds from the first POST of a declaration to the last."""
    posts = [one.at for one in journal if one.method == "POST" and one.path.endswith("/declarations")]
    return max(posts, default=0.0) - min(posts, default=0.0)


def used(project: Project, service: str) -> float:
    """Return the seconds of processor time that the containers of a service have used so far."""
    names = [one.id for one in project.containers() if one.service == service and one.state == "running"]
    return sum(read_used(project.docker("exec", name, "bash", "-c", _USED)) for name in names)


def memory(project: Project, service: str) -> float:
    """Return the MiB that the largest container of a service holds."""
    names = [one.id for one in project.containers() if one.service == service and one.state == "running"]
    held = project.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", *names)
    return max(read_mebibytes(line.split()[0]) for line in held.splitlines())


def read_mebibytes(text: str) -> float:
    """
    Read an amount as Docker writes it.

    >>> read_mebibytes("405.6MiB"), read_mebibytes("1.5GiB")
    (405.6, 1536.0)
    """
    factors = {"KiB": 1 / 1024, "MiB": 1.0, "GiB": 1024.0}
    return float(text[:-3]) * factors[text[-3:]]


def read_used(text: str) -> float:
    """Read what a container's cgroup says, of version 2 or 1."""
    first = text.split()
    return float(first[1]) / 1e6 if first[0] == "usage_usec" else float(first[0]) / 1e9


if __name__ == "__main__":
    app()
