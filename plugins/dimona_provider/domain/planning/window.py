"""How far ahead a team wants to file: what starts later waits for its day, and is never lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.planning.values import Plan, Planned, Unplanned, employer_key
from dimona_provider.domain.planning.words import Problem

Ahead = Callable[[str], int | None]
"""Gives for an employer's number how many days before its start an IN may be filed; None is any number."""


def hold_early(plan: Plan, ahead: Ahead, today: dt.date) -> Plan:
    """
    Return *plan* without the INs that start too many days after *today*, each told with the day it waits for.

    Only new periods wait. What changes a declared one goes at once, an IN that replaces it too: its deadline
    is that of the old period.
    """
    needed = {key for one in plan.planned for key in one.depends_on}
    early: dict[str, dt.date] = {}
    for one in plan.planned:
        opens = _opens_on(one, ahead)
        if opens is not None and opens > today and not one.depends_on and one.key not in needed:
            early[one.key] = opens
    if not early:
        return plan
    findings = [
        Unplanned(Problem.WINDOW, one.employments, opens_on=early[one.key])
        for one in plan.planned
        if one.key in early
    ]
    return replace(
        plan,
        planned=tuple(one for one in plan.planned if one.key not in early),
        findings=(*plan.findings, *findings),
    )


def _opens_on(planned: Planned, ahead: Ahead) -> dt.date | None:
    declaration = planned.declaration
    if not isinstance(declaration, DimonaIn):
        return None
    days = ahead(employer_key(declaration.employer))
    return None if days is None else declaration.start_date - dt.timedelta(days=days)
