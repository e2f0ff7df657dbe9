"""The simulator of one run: its process, its faults, and what it knows in the end."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from dimona_provider.api.settings import Settings
from include.demo.components import Component
from include.demo.connections import CLIENT_ID
from include.demo.environment import REPOSITORY
from include.demo.stack import Stack
from include.dimona_simulator import FaultPlan, JournalEntry, Operation, Rule, Taken, read_journal, read_taken
from include.dimona_simulator.server import own_key
from include.payroll.store import PayrollStore
from tests.chaos.plan import RunPlan

REFILE_AFTER = 20
"""Seconds; 20 minutes at the NSSO."""
PER_SECOND = 30
"""A budget that makes sending last some seconds, so that a kill meets it."""
UNANSWERED = frozenset({"accepted_then_closed", "accepted_then_500"})


class Nsso:
    """The NSSO and the payroll of one run, as a process in *directory*."""

    name = "simulator"

    def __init__(self, directory: Path, plan: RunPlan) -> None:
        self.folder = directory / "nsso"
        self._faults = plan.faults
        self.folder.mkdir(parents=True)
        own_key(self.folder)
        store = directory / "payroll.db"
        PayrollStore(store).fill(plan.employments)
        faults, registers = self.folder / "faults.json", self.folder / "registers.json"
        faults.write_text(json.dumps(plan.faults.as_json()))
        duplicates = "accepted" if plan.is_harsh else "refused"
        registers.write_text(json.dumps({"student_duplicates": duplicates}))
        arguments = (
            *("-m", "include.dimona_simulator", "--port", "{simulator}", "--data", str(self.folder)),
            *("--seed", str(plan.seed), "--client-id", CLIENT_ID, "--payroll", str(store)),
            *("--public-key", str(self.folder / "public_key.pem"), "--location", "alternate"),
            *("--processing", "2:3", "--tail", "0.04:3:10", "--search-lag", str(plan.search_lag)),
            *("--faults", str(faults), "--registers", str(registers)),
        )
        component = Component(self.name, arguments, ("simulator",), health="/simulator/health")
        self.stack = Stack(directory, REPOSITORY / "dags", None, (component,))

    @property
    def url(self) -> str:
        """The address of the process."""
        return f"http://127.0.0.1:{self.stack.installation.ports['simulator']}"

    @property
    def has_taken_something(self) -> bool:
        """Whether a declaration has arrived."""
        file = self.folder / "declarations.jsonl"
        return file.exists() and file.stat().st_size > 0

    @property
    def has_been_asked(self) -> bool:
        """Whether somebody has asked for an outcome."""
        file = self.folder / "journal.jsonl"
        return file.exists() and '"GET"' in file.read_text(encoding="utf-8")

    def start(self) -> None:
        """Start the process and wait for it."""
        self.stack.start_component(self.name)
        self.stack.wait_healthy(60)

    def stop(self) -> None:
        """End the process."""
        self.stack.stop()

    def leave_faults(self, *operations: Operation) -> None:
        """From now on only the faults of *operations* happen."""
        rules = tuple(rule for rule in self._faults.rules if rule.operation in operations)
        plan = FaultPlan(rules, self._faults.seed).as_json()
        httpx.put(f"{self.url}/simulator/faults", json=plan, trust_env=False).raise_for_status()

    def connection(self) -> dict[str, Any]:
        """Give the connection ``dimona_default`` as Airflow's REST API takes it."""
        extra = {
            "environment": "custom",
            "token_url": f"{self.url}/REST/oauth/v5/token",
            "private_key_path": str(self.folder / "private_key.pem"),
            "requests_per_second": PER_SECOND,
            "refile_after": REFILE_AFTER,
        }
        return {
            "conn_type": "dimona",
            "host": f"{self.url}/REST/dimona/v2",
            "login": CLIENT_ID,
            "extra": json.dumps(extra),
        }

    def settings(self) -> Settings:
        """Give the same connection, read."""
        connection = self.connection()
        return Settings.read(
            "dimona_default",
            login=connection["login"],
            host=connection["host"],
            extra=json.loads(connection["extra"]),
        )

    def taken(self) -> list[Taken]:
        """Give the truth."""
        return read_taken(self.folder)

    def journal(self) -> list[JournalEntry]:
        """Give every request."""
        return read_journal(self.folder / "journal.jsonl")


def fired(journal: list[JournalEntry]) -> Counter[str]:
    """
    Count the faults of a journal by their class: the operation and what went wrong.

    >>> fired([JournalEntry(0.0, "POST", "/REST/dimona/v2/declarations", 503, fault="status")])
    Counter({'post status': 1})
    """
    return Counter(f"{_operation(entry)} {entry.fault}" for entry in journal if entry.fault is not None)


def fault_class(rule: Rule) -> str:
    """Name the class of a rule as ``fired`` does."""
    return f"{rule.operation} {rule.fault}"


def unanswered(journal: list[JournalEntry]) -> tuple[int, int]:
    """Tell how many POSTs were accepted, and how many of these were not answered as such."""
    posts = [entry for entry in journal if _operation(entry) == "post" and entry.declaration_id is not None]
    return len(posts), sum(entry.fault in UNANSWERED for entry in posts)


def _operation(entry: JournalEntry) -> str:
    if entry.path.endswith("/token"):
        return "token"
    if entry.path.endswith("/search"):
        return "search"
    if "/periods/" in entry.path:
        return "period"
    return "get" if entry.method == "GET" else "post"
