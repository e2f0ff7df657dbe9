"""Comparing the NSSO's periods with ours, employer by employer, and the report of where they differ."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator, Context, ObjectStoragePath

from dimona_provider.clock import SystemClock
from dimona_provider.contact.drift import csv_text, json_line, table_lines
from dimona_provider.contact.reconciliation import MOST_PAGES, Reconciled, reconcile
from dimona_provider.domain.gaps import Wish
from dimona_provider.domain.routes import Route
from dimona_provider.errors import DimonaError
from dimona_provider.hooks import DimonaHook
from dimona_provider.ledger import Ledger, gaps
from dimona_provider.ledger.declared import employers
from dimona_provider.pacing import open_line
from dimona_provider.planning.wanting import wished
from dimona_provider.settling.evidence import Evidence
from dimona_provider.task_errors import airflow_errors
from dimona_provider.tasks import reports_folder, routes_from, task_ledger
from dimona_provider.upkeep import sweep

MOST_TASKS = 1000
"""Airflow refuses to map over more than 1024 (``max_map_length``)."""


class DimonaEmployersOperator(BaseOperator):
    """
    List the employers of the ledger for mapping, as lists: one employer in each, more above 1000 employers.

    :param dimona_conn_id: the connection to the NSSO; employers that filed elsewhere are left out
    """

    def __init__(self, *, dimona_conn_id: str = DimonaHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dimona_conn_id = dimona_conn_id

    def execute(self, context: Context) -> list[list[str]]:
        """Look in the ledger."""
        with airflow_errors(), task_ledger(context) as ledger:
            sweep(ledger, now=time.time())
            routes = routes_from(self.dimona_conn_id)
            found = [
                employer
                for environment, employer in employers(ledger)
                if environment == routes.of(employer).environment
            ]
        self.log.info("%d employers", len(found))
        size = -(-len(found) // MOST_TASKS) or 1
        return [found[start : start + size] for start in range(0, len(found), size)]


class DimonaReconcileOperator(BaseOperator):
    """
    Compare the NSSO's periods of some employers with ours, and keep the register of gaps; returns counts.

    Files nothing. An employer whose periods can't all be read keeps its register as it was and fails the task
    at its end, after the others.

    :param employers: enterprise or NSSO numbers, as ``DimonaEmployersOperator`` lists them (templated)
    :param dimona_conn_id: the connection to the NSSO; its extra ``employers`` names other ones for some
    :param most_pages: pages of 50 periods that are read of one employer; more decide nothing
    """

    template_fields = ("employers",)

    def __init__(
        self,
        *,
        employers: Sequence[str],
        dimona_conn_id: str = DimonaHook.default_conn_name,
        most_pages: int = MOST_PAGES,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.employers = employers
        self.dimona_conn_id = dimona_conn_id
        self.most_pages = most_pages

    def execute(self, context: Context) -> dict[str, int]:
        """Reconcile."""
        totals = {"compared": 0, "gaps": 0, "new": 0, "solved": 0, "pending": 0}
        troubles: list[DimonaError] = []
        with airflow_errors(), task_ledger(context) as ledger:
            routes = routes_from(self.dimona_conn_id)
            for employer in self.employers:
                try:
                    done = self._reconcile(ledger, routes.of(employer), employer)
                except DimonaError as error:
                    self.log.warning("employer %s: nothing decided: %s", employer, error)
                    troubles.append(error)
                    continue
                self.log.info("employer %s: %s", employer, done.line())
                _add(totals, done)
            if troubles:
                # A retry compares the others once more, which does no harm.
                raise min(troubles, key=lambda error: not error.retryable)
        return totals

    def _reconcile(self, ledger: Ledger, route: Route, employer: str) -> Reconciled:
        settings = DimonaHook(route.dimona_conn_id).settings()
        clock = SystemClock()

        async def run() -> Reconciled:
            async with open_line(ledger, settings, clock) as line:
                return await reconcile(
                    ledger,
                    Evidence(line.client, line.budget, clock),
                    route.environment,
                    employer,
                    clock=clock,
                    visible_after=settings.refile_after,
                    wishes=await asyncio.to_thread(_wished, ledger, route.environment, employer, clock.now()),
                    most_pages=self.most_pages,
                )

        return asyncio.run(run())


def _wished(ledger: Ledger, environment: str, employer: str, now: float) -> list[Wish]:
    return list(wished(ledger, environment, employer, now=now))


class DimonaDriftReportOperator(BaseOperator):
    """
    Write the open gaps of the register into two files, and log them as a table; returns where the files are.

    :param location: the folder, a path or a URL that Airflow's object storage knows (templated); by default
        ``AIRFLOW_HOME/dimona/reports``
    :param storage_conn_id: Airflow's connection to that storage, where it needs one
    """

    template_fields = ("location",)

    def __init__(
        self, *, location: str | None = None, storage_conn_id: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.location = location
        self.storage_conn_id = storage_conn_id

    def execute(self, context: Context) -> list[str]:
        """Write and log."""
        with airflow_errors(), task_ledger(context) as ledger:
            found = list(gaps.entries(ledger))
        for line in table_lines(found):
            self.log.warning("%s", line)
        self.log.info("open gaps: %d", len(found))
        folder = self._folder()
        folder.mkdir(parents=True, exist_ok=True)
        name = "drift-" + re.sub(r"[^0-9A-Za-z._-]", "-", str(context["run_id"]))
        files = {f"{name}.csv": csv_text(found), f"{name}.jsonl": "".join(map(json_line, found))}
        for file, text in files.items():
            (folder / file).write_bytes(text.encode())
        return [str(folder / file) for file in files]

    def _folder(self) -> ObjectStoragePath:
        if self.location:
            return ObjectStoragePath(self.location, conn_id=self.storage_conn_id)
        return ObjectStoragePath(f"file://{reports_folder()}")


def _add(totals: dict[str, int], done: Reconciled) -> None:
    register = done.register
    new = {
        "compared": done.compared,
        "gaps": register.open,
        "new": register.new,
        "solved": register.solved,
        "pending": done.pending,
    }
    for name, number in new.items():
        totals[name] += number
