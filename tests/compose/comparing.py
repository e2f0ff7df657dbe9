"""What came of a run: the ledger, read in a container, against the files that the simulator left."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from include.demo.environment import REPOSITORY
from include.dimona_simulator import read_taken
from include.payroll.store import PayrollStore
from tests.chaos.plan import Target
from tests.chaos.verdict import Claims, Verdict, compare
from tests.compose.claims import from_json
from tests.compose.project import Project

KILLED = (Target.WORKER, Target.TRIGGERER)
_LATER = "identifying"
"""The NSSO looks for the worker's number, which the hourly follow-up waits for: no run ends that."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Both sides of a running project, compared as often as one asks."""

    project: Project

    def verdict(self) -> Verdict:
        """Compare the ledger with the truth, as they are now. Raises ComposeFailed."""
        claims = self._claims()
        with tempfile.TemporaryDirectory(prefix="dimona-compose-") as folder:
            # After the claims: what they say was taken is in it.
            self.project.compose("cp", "simulator:/opt/airflow/simulator/.", folder)
            return judge(claims, Path(folder))

    def _claims(self) -> Claims:
        tests = f"{REPOSITORY / 'tests'}:/opt/airflow/tests:ro"
        module = ("python", "-m", "tests.compose.claims")
        said = self.project.compose("run", "--rm", "--no-deps", "-T", "--volume", tests, "scheduler", *module)
        return from_json(said.splitlines()[-1])


def judge(claims: Claims, simulator: Path) -> Verdict:
    """Compare *claims* with what the simulator's folder holds."""
    verdict = compare(wished(simulator / "payroll.db"), claims, read_taken(simulator))
    verdict.unsettled = [line for line in verdict.unsettled if f" {_LATER}" not in line]
    return verdict


def complaints(verdict: Verdict, kills: Counter[Target]) -> Iterator[str]:
    """Yield every reason to fail."""
    yield from verdict.complaints()
    yield from (f"never killed: {target}" for target in KILLED if not kills[target])
    if not verdict.intents:
        yield "nothing was declared"


def wished(payroll: Path) -> list[str]:
    """Return the ids of all employments."""
    store, found, after = PayrollStore(payroll), [], 0
    while True:
        page = store.page(after, 1000)
        found += [str(record["employment_id"]) for record in page.records]
        if page.next is None:
            return found
        after = page.next
