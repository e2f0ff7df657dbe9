"""What came of a run: the ledger, read in a container, against the files that the simulator left."""

from __future__ import annotations

from pathlib import Path

from include.demo.api import DagRun
from include.demo.environment import REPOSITORY
from include.dimona_simulator import read_journal, read_taken
from include.payroll.store import PayrollStore
from tests.chaos.nsso import fired
from tests.chaos.plan import Target
from tests.chaos.report import Outcome
from tests.chaos.verdict import Claims, compare
from tests.compose.claims import from_json
from tests.compose.ordeal import Ordeal
from tests.compose.project import Project

KILLED = (Target.WORKER, Target.TRIGGERER)
_LATER = "identifying"
"""The NSSO looks for the worker's number, which the hourly follow-up waits for: no run ends that."""


def compared(project: Project, ordeal: Ordeal, ended: DagRun, directory: Path) -> tuple[Outcome, list[str]]:
    """Return what the comparison found, and every reason to fail."""
    project.compose("cp", "simulator:/opt/airflow/simulator", str(directory / "simulator"))
    tests = f"{REPOSITORY / 'tests'}:/opt/airflow/tests:ro"
    said = project.compose(
        "run",
        "--rm",
        "--no-deps",
        "-T",
        "--volume",
        tests,
        "scheduler",
        "python",
        "-m",
        "tests.compose.claims",
    )
    return judge(from_json(said.splitlines()[-1]), directory / "simulator", ordeal, ended)


def judge(claims: Claims, simulator: Path, ordeal: Ordeal, ended: DagRun) -> tuple[Outcome, list[str]]:
    """Compare *claims* with what the simulator's folder holds."""
    verdict = compare(wished(simulator / "payroll.db"), claims, read_taken(simulator))
    verdict.unsettled = [line for line in verdict.unsettled if f" {_LATER}" not in line]
    outcome = Outcome(ended.run_id, verdict, ordeal.done, fired(read_journal(simulator / "journal.jsonl")))
    complaints = list(verdict.complaints())
    if ended.state != "success":
        complaints.append(f"{ended.dag_id} ended as {ended.state}")
    if ordeal.kills:
        complaints += [f"never killed: {target}" for target in KILLED if not ordeal.done[target]]
    if not verdict.intents:
        complaints.append("nothing was declared")
    return outcome, complaints


def wished(payroll: Path) -> list[str]:
    """Return the ids of all employments."""
    store, found, after = PayrollStore(payroll), [], 0
    while True:
        page = store.page(after, 1000)
        found += [str(record["employment_id"]) for record in page.records]
        if page.next is None:
            return found
        after = page.next
