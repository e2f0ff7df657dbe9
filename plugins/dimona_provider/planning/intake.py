"""
Use case: write down what is to be filed, before anything is sent.

Wishes come from payroll's staged exports (plan) or from a team's own declarations (source). What becomes no
declaration is written down as a finding, and the others go on.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from dimona_provider.domain.routes import Route, Routes
from dimona_provider.ledger import Ledger, agenda, batches, staging, wishes
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.findings import note_findings
from dimona_provider.ledger.intents import Recorded
from dimona_provider.planning.absence import absent
from dimona_provider.planning.plan_run import PlanRun
from dimona_provider.planning.taken import Taken
from dimona_provider.planning.wishes import Intake

_PAGE = 500


def plan_exports(
    ledger: Ledger,
    run: Run,
    routes: Routes,
    *,
    now: float,
    scope: agenda.Scope | None = None,
) -> Taken:
    """
    Keep every staged page of payroll as wishes, delete the page in the same transaction, then plan.

    What is new among the wishes is planned, and what has come due since. The intents have no batch yet:
    ``batches.assign`` hands them out, also those of a plan that died half-way. What the exports no longer
    name is only told.
    """
    total = Taken()
    since = staging.staged_since(ledger)
    for page, place, records in staging.pages(ledger):
        taken = Taken(len(records))
        with ledger.write() as connection:
            if not staging.delete_page(connection, page):
                continue  # another plan took it
            said = []
            for number, record in enumerate(records, start=1):
                at = f"{place} record {number}"
                wish = Intake(ledger, connection, routes, at, None, now, taken).take_employment(record)
                said += [wish] if wish is not None else []
            wishes.keep_all(ledger, connection, said, now=now)
            note_findings(connection, run, routes.default.environment, taken.findings, now=now)
        total.records += taken.records
        total.findings.extend(taken.findings)
        total.places |= taken.places
        total.employers |= taken.employers
    if since is not None:
        # By what was staged first: a plan that died half-way has taken some pages of the same export.
        total.absent = list(absent(ledger, total.employers, since=since, now=now))
    PlanRun(ledger, run, routes, total, now, scope=scope).plan_due()
    _count_known(total)
    return total


def _count_known(taken: Taken) -> None:
    """Count the records after which nothing was left to do."""
    told = {one.employment for one in taken.findings}
    if known := taken.places.keys() - told - taken.filed:
        taken.recorded[Recorded.KNOWN] = len(known)


def take_source(
    ledger: Ledger, run: Run, route: Route, origin: str, items: Iterable[Any], *, now: float
) -> tuple[str, Taken]:
    """
    Turn a team's own declarations into intents of one batch; return its reference.

    Each item is ``{"reference": payroll's own id, "declaration": REST body}``. *origin* names the task: a
    retry finds its batch again and adds only what is missing.
    """
    taken = Taken()
    with ledger.write() as connection:
        batch = batches.create(connection, run, route, origin, now=now)
    for page in _pages(enumerate(items, start=1)):
        before = len(taken.findings)
        with ledger.write() as connection:
            for number, item in page:
                taken.records += 1
                place = f"{origin} item {number}"
                Intake(ledger, connection, Routes(route), place, batch, now, taken).take_item(item)
            note_findings(connection, run, route.environment, taken.findings[before:], now=now)
    return batch, taken


def _pages(items: Iterable[tuple[int, Any]]) -> Iterator[list[tuple[int, Any]]]:
    iterator = iter(items)
    while page := list(itertools.islice(iterator, _PAGE)):
        yield page
