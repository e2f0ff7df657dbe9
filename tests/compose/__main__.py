"""``python -m tests.compose``: exit with 1 when the run fails, or anything is lost, twice or left behind."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from include.demo.api import AirflowApi
from include.deployment.places import AUTHORITIES, DEMO_KEYS, EXAMPLE
from include.deployment.setting_up import ADMIN
from tests.chaos.report import Outcome, last_line
from tests.compose import metrics, rights
from tests.compose.comparing import Truth, complaints
from tests.compose.documented import RESTORE, run_documented
from tests.compose.ordeal import Ordeal, Stuck
from tests.compose.project import ComposeFailed, Project, official_images
from tests.compose.secrets_folder import make_secrets
from tests.compose.settling import settle

PER_SECOND = 30
"""A budget that makes sending last half a minute, so that the kill meets it."""
LATER = 100
"""Employments of a second run, some at each employer."""
BUILDING, STARTING = 1800.0, 480.0
"""Seconds."""
app = typer.Typer(pretty_exceptions_enable=False)


Tell = Callable[[str], None]


@app.command()
def main(
    standins: Annotated[Path | None, typer.Option(help="script that builds local stand-ins")] = None,
    employments: Annotated[int, typer.Option(min=500, help="size of the payroll")] = 1000,
    port: Annotated[int, typer.Option(help="where the UI is meanwhile")] = 18080,
) -> None:
    """Bring docker-compose.yaml up, kill a worker and a triggerer in the middle, compare both sides."""
    began = time.monotonic()

    def tell(line: str) -> None:
        typer.echo(f"[{time.monotonic() - began:5.0f} s] {line}")

    directory = Path(tempfile.mkdtemp(prefix="dimona-compose-"))
    project = _project(directory, employments, port)
    try:
        if standins is not None:
            words = [word for name, image in official_images().items() for word in (f"--{name}", image)]
            subprocess.run([str(standins), *words], check=True)
        project.compose("build", timeout=BUILDING)
        tell("the image is built")
        try:
            outcome, said = _run(project, directory, f"http://127.0.0.1:{port}", employments, tell)
        finally:
            project.compose("down", "--volumes", "--timeout", "10")
    except (ComposeFailed, Stuck) as error:
        typer.echo(str(error))
        raise typer.Exit(1) from None
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    said += [f"down -v left {one}" for one in project.left()]
    tell("down -v is done")
    for line in said:
        typer.echo(line)
    typer.echo(last_line([outcome]))
    raise typer.Exit(1 if said else 0)


def _project(directory: Path, employments: int, port: int) -> Project:
    options = directory / "airflow.env"
    options.write_text(metrics.OPTIONS, encoding="utf-8")
    settings = {
        "DIMONA_SECRETS": str(make_secrets(directory, PER_SECOND)),
        "DIMONA_AUTHORITIES": str(DEMO_KEYS / AUTHORITIES),
        "DIMONA_PORT": str(port),
        "DIMONA_EMPLOYMENTS": str(employments),
        "DIMONA_TASK_HEARTBEAT_TIMEOUT": "30",
        "DIMONA_DAGS_PAUSED": "false",
        "DIMONA_OPTIONS": str(options),
    }
    return Project(f"dimona-test-{secrets.token_hex(3)}", settings, files=metrics.FILES)


def _run(
    project: Project, directory: Path, url: str, employments: int, tell: Tell
) -> tuple[Outcome, list[str]]:
    """Do all that needs the running stack; return what came of it, and every reason to fail."""
    see_that_it_refuses(project)
    tell("without profile demo the example's secrets are refused")
    start(project)
    tell("all is healthy")
    services = project.addresses()
    api = AirflowApi(url, ADMIN, (EXAMPLE / "admin_password").read_text())
    ordeal = Ordeal(project, api, tell)
    run = ordeal.run()
    tell(f"{run.dag_id}: {run.state}, on {ordeal.words()}")
    # The NSSO's search may be behind: that something never arrived shows once a later one does.
    hire(project, employments + LATER)
    run = Ordeal(project, api, tell, kills=False).run()
    tell(f"{run.dag_id}: {run.state}, with {LATER} employments more")
    verdict = settle(api, Truth(project).verdict, tell)
    sums = metrics.received(project, services)
    tell(f"StatsD: {metrics.words(sums)}")
    said = [*complaints(verdict, ordeal.done), *metrics.complaints(sums), *rights.complaints(project, url)]
    tell("users of each role have looked at the cockpit")
    run_documented(project, RESTORE, directory)
    restored = Truth(project).verdict()
    if restored != verdict:
        said.append(f"a restore left {restored.intents} intents of {verdict.intents}, {restored.lost}")
    tell("the ledger is restored from a backup")
    return Outcome("compose", verdict, ordeal.done), said


def hire(project: Project, employments: int) -> None:
    """Let the simulated payroll have so many employments in all."""
    payroll = ("--db", "/opt/airflow/simulator/payroll.db", "--count", str(employments))
    project.compose("exec", "-T", "simulator", "python", "-m", "include.payroll", *payroll)


def start(project: Project) -> None:
    """Start all and wait until it is healthy; what doesn't become so says why, before it is gone."""
    try:
        project.compose("up", "--detach", "--wait", timeout=STARTING)
    except ComposeFailed:
        for one in project.containers():
            if one.health not in {"healthy", ""}:
                typer.echo(f"{one.service} is {one.state}, {one.health}:")
                typer.echo(project.compose("logs", "--tail", "15", "--no-log-prefix", one.service))
        raise


def see_that_it_refuses(project: Project) -> None:
    """Raise Stuck unless the check refuses the example's secrets where no simulator is."""
    try:
        Project(project.name, project.settings, profiles=()).compose("run", "--rm", "check")
    except ComposeFailed as error:
        if "these are the example's" not in str(error):
            raise
    else:
        raise Stuck("the example's secrets were not refused outside the demo")


if __name__ == "__main__":
    app()
