"""The demo's steps, from nothing to a table of outcomes."""

from __future__ import annotations

from contextlib import suppress

import httpx

from dimona_provider.cockpit.addresses import ROUTE
from include.demo import outcomes, sample
from include.demo.api import describe
from include.demo.connections import given
from include.demo.environment import home
from include.demo.errors import DemoError
from include.demo.installation import USER
from include.demo.progress import Progress
from include.demo.settings import Settings
from include.demo.shell import configure
from include.demo.stack import Stack
from include.demo.summary import Summary, last_line, listed, table
from include.demo.watch import Watch

EMPLOYMENTS = "payroll_employments"
DECLARE = "dimona_declare"
APPLY = "payroll_apply_outcomes"


def start(settings: Settings, progress: Progress) -> Stack:
    """
    Make whatever is missing and start the components; those that run are used again.

    When that fails or is interrupted, what was started here is stopped.
    """
    sample.ensure_keys(settings.directory)
    stack = sample.make_stack(settings)
    before = {record.name: record.session for record in stack.records()}
    try:
        _start(stack, settings, progress)
    except (DemoError, KeyboardInterrupt):
        if new := [one.name for one in stack.records() if one.session != before.get(one.name)]:
            stack.stop(*new)
        raise
    return stack


def _start(stack: Stack, settings: Settings, progress: Progress) -> None:
    configure(home(settings.directory), stack.environment, given(settings.caller))
    progress.phase(f"payroll: {settings.employments} employments of invented people")
    sample.fill_payroll(settings, stack.environment)
    progress.phase("simulator: the NSSO and the payroll's export")
    stack.start("simulator")
    stack.wait_healthy(60, ["simulator"], progress.detail)
    progress.phase("ledger: keys and database")
    sample.make_ledger(settings.directory, stack.environment)
    progress.phase("Airflow: metadata database, api-server, scheduler, dag-processor, triggerer")
    # Scheduler and triggerer call the api-server from their first second on.
    stack.start("api-server", "dag-processor")
    stack.wait_healthy(180, ["api-server"], progress.detail)
    stack.start()
    stack.wait_healthy(180, tell=progress.detail)
    progress.phase(f"Airflow is ready: {login(stack)}")


def run_dags(stack: Stack, settings: Settings, progress: Progress) -> Summary:
    """Run the DAGs once, each started by the one before it, and return what came of it."""
    watch = Watch(stack, progress.detail, announce=progress.phase)
    try:
        for dag_id in (EMPLOYMENTS, DECLARE, APPLY):
            watch.dag(dag_id)
        progress.phase(f"{EMPLOYMENTS}: reading the payroll's export")
        read = watch.end(stack.api.trigger(EMPLOYMENTS), settings.timeout)
        declare = watch.started_by(read, DECLARE, patience=settings.timeout)
        if declare is None:
            raise DemoError(f"{EMPLOYMENTS} has ended well, but started no {DECLARE}")
        progress.phase(f"{DECLARE}: filing declarations and waiting for the answers")
        declared = watch.end(declare, settings.timeout, lambda: _counts(stack))
        # Without any new outcome there is nothing to apply, and no run.
        if apply := watch.started_by(declared, APPLY, patience=settings.timeout):
            progress.phase(f"{APPLY}: telling the payroll")
            watch.end(apply, settings.timeout)
    except httpx.HTTPError as error:
        raise describe(error) from error
    progress.phase("done")
    return outcomes.summary(stack.directory, stack.environment)


def report(stack: Stack, summary: Summary) -> list[str]:
    """Return the lines that end the demo."""
    nothing = not (summary.rows or summary.malformed or summary.unhandled)
    return [
        "",
        *(["The payroll has no employments: there is nothing to declare."] if nothing else []),
        *table(summary.rows),
        *listed("Malformed employments, not declared", summary.malformed),
        *listed("Not handled yet", summary.unhandled),
        "",
        login(stack),
        f"cockpit: {stack.url}/plugin/{ROUTE}",
        last_line(summary.counts),
    ]


def login(stack: Stack) -> str:
    """Return where the UI is and how to log in."""
    return f"UI: {stack.url}  user: {USER}  password: {stack.installation.password}"


def _counts(stack: Stack) -> str:
    # A ledger that is busy for a moment must not end the demo.
    with suppress(Exception):
        return outcomes.progress(stack.directory, stack.environment)
    return ""
