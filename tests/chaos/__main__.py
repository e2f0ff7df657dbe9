"""``python -m tests.chaos``: run the suite, and exit with 1 when anything is lost, twice or unsettled."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Lock
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tests.chaos import ledgers, report
from tests.chaos.lane import Lane, Where
from tests.chaos.plan import RunPlan, draw
from tests.chaos.report import Outcome

WORTH_TWO = 4
"""Runs with one kind of ledger for which a second Airflow is started."""

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def main(
    runs: Annotated[int, typer.Option(min=1, help="how many runs")] = 10,
    seed: Annotated[int, typer.Option(help="decides people, faults and kills")] = 1,
    employments: Annotated[int, typer.Option(min=30, help="size of each run")] = 80,
    only: Annotated[int | None, typer.Option(min=1, help="this one of the runs alone")] = None,
    keep: Annotated[bool, typer.Option(help="leave everything in its folder, also when all is well")] = False,  # noqa: FBT002 - Typer's way
) -> None:
    """Kill and fail a real Airflow at random, and hold its ledger against what the NSSO took."""
    today = dt.datetime.now(ZoneInfo("Europe/Brussels")).date()
    numbers = [only] if only else range(1, runs + 1)
    plans = [draw(seed, number, employments, today) for number in numbers]
    directory = Path(tempfile.mkdtemp(prefix="dimona-chaos-"))
    typer.echo(f"chaos: {len(plans)} runs of {employments} employments, seed {seed}, in {directory}")
    outcomes = sorted(_work(directory, plans, today), key=lambda one: int(one.name.split()[-1]))
    complaints = list(report.complaints(outcomes))
    for line in complaints:
        typer.echo(line)
    if not keep and not complaints:
        shutil.rmtree(directory, ignore_errors=True)
    typer.echo(report.last_line(outcomes))
    raise typer.Exit(1 if complaints else 0)


def _work(directory: Path, plans: list[RunPlan], today: dt.date) -> list[Outcome]:
    """Work the runs off side by side, in a lane or two for each kind of ledger: most of a run is waiting."""
    stop = Event()
    lock = Lock()
    began = time.monotonic()

    def tell(line: str) -> None:
        with lock:
            typer.echo(f"[{time.monotonic() - began:5.0f} s] {line}")

    with ExitStack() as stack:
        places: dict[str, Where] = {"sqlite": lambda _plan, folder: ledgers.in_file(folder)}
        if any(plan.ledger == "postgresql" for plan in plans):
            server = stack.enter_context(ledgers.postgresql(directory / "server"))
            places["postgresql"] = lambda plan, folder: ledgers.on_server(
                server, f"chaos_{plan.number}", folder
            )
        lanes = stack.enter_context(ThreadPoolExecutor())
        futures: list[Future[list[Outcome]]] = []
        for kind, where in places.items():
            some = [plan for plan in plans if plan.ledger == kind]
            count = 2 if len(some) >= WORTH_TWO else 1
            for number in range(min(count, len(some))):
                lane = Lane(directory / f"{kind}-{number + 1}", where, today, tell, stop)
                futures.append(lanes.submit(lane.work, some[number::count]))
        return _results(futures, stop)


def _results(futures: list[Future[list[Outcome]]], stop: Event) -> list[Outcome]:
    """Wait for all lanes; the first that fails ends the others."""
    try:
        for future in as_completed(futures):
            future.result()
    except BaseException:
        stop.set()
        raise
    return [outcome for future in futures for outcome in future.result()]


if __name__ == "__main__":
    app()
