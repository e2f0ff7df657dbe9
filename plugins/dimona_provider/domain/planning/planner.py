"""The planner: wishes in, lawful declarations out. Pure: no clock, no ledger, no network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.domain.employment import Employment
from dimona_provider.domain.planning.adopting import adopt
from dimona_provider.domain.planning.matching import Matching, drop_early, plan_matched
from dimona_provider.domain.planning.ordering import drop_refused, order
from dimona_provider.domain.planning.values import Draft, KnownPeriod, Plan, Unplanned
from dimona_provider.domain.planning.wanting import wanted_periods


def plan_worker(employments: Iterable[Employment], known: Iterable[KnownPeriod], now: dt.datetime) -> Plan:
    """
    Return what makes the periods of one worker those that his employments need.

    *employments* are payroll's latest word on each, with every employer; *known* are the worker's periods,
    cancelled ones too. *now* is an aware instant. The order of both does not matter, and once the plan has
    been carried out, the same wishes plan nothing more.
    """
    moment = now.astimezone(BRUSSELS)
    wishes = sorted(employments, key=lambda one: one.reference)
    periods = adopt(sorted(known, key=lambda one: one.period_id.number), wishes)
    draft = Draft()
    active = [one for one in periods if not one.is_cancelled]
    matching = Matching(
        wanted=wanted_periods(wishes, active, draft, moment),
        known=periods,
        references={one.reference for one in wishes},
        withdrawn={one.reference for one in wishes if one.status == "withdrawn"},
    )
    left = matching.match()
    plan_matched(matching, left, draft, moment)
    drop_early(draft, moment)
    drop_refused(draft, periods, moment)
    planned = order(draft, periods)
    return Plan(tuple(planned), tuple(draft.decisions), _each_once(draft.findings))


def _each_once(findings: Iterable[Unplanned]) -> tuple[Unplanned, ...]:
    """Keep one of several about the same employments and problem, such as the quarters of a flexi-job."""
    found: dict[object, Unplanned] = {}
    for one in findings:
        found.setdefault((one.problem, one.employments, one.periods, one.code), one)
    return tuple(found.values())
