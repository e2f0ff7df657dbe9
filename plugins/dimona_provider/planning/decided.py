"""What people said to questions, brought into the plan: it is filed as if the machine might."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from dimona_provider.api.codec import write_declaration
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.planning import steps
from dimona_provider.domain.planning.lawful import is_past, undo_by
from dimona_provider.domain.planning.values import KnownPeriod, Plan, Planned, Unplanned
from dimona_provider.domain.planning.words import Problem, Reason
from dimona_provider.ledger.said import Said, held_mark


def is_allowed(planned: Planned, said: Said) -> bool:
    """Tell whether somebody said that just this is to be filed."""
    if planned.reason is Reason.DECIDED:
        return True
    return (
        bool(said.to_file) and held_mark(planned.key, write_declaration(planned.declaration)) in said.to_file
    )


def without_kept(plan: Plan, said: Said) -> tuple[Plan, list[Planned]]:
    """
    Return *plan* without what a brake has held before and nobody let go, and this.

    It stays so when the rest is not unusual any more: silence, and a person's no, never file by themselves.
    """
    if not said.to_keep:
        return plan, []
    kept: list[Planned] = []
    going: list[Planned] = []
    for one in plan.planned:  # prerequisites stand before what depends on them
        waits = any(other.key in one.depends_on for other in kept)
        (kept if waits or _is_kept(one, said) else going).append(one)
    return replace(plan, planned=tuple(going)), kept


def _is_kept(planned: Planned, said: Said) -> bool:
    if planned.kind not in {Kind.OUT, Kind.CANCEL} or planned.reason is Reason.DECIDED:
        return False
    return held_mark(planned.key, write_declaration(planned.declaration)) in said.to_keep


def with_answers(plan: Plan, said: Said, known: Sequence[KnownPeriod], now: dt.datetime) -> Plan:
    """
    Return *plan* with all that somebody *said* is to be filed, no longer among its questions.

    *known* are the worker's periods of which nothing is under way. A wish that changed since makes another
    plan, so that an old answer never files anything new.
    """
    return _with_cancels(_with_held(plan, said), said, known, now)


def _with_held(plan: Plan, said: Said) -> Plan:
    if not said.to_file or not plan.decisions:
        return plan
    going = [one for one in plan.decisions if one.held and all(is_allowed(held, said) for held in one.held)]
    return replace(
        plan,
        planned=(*plan.planned, *(held for one in going for held in one.held)),
        decisions=tuple(one for one in plan.decisions if one not in going),
    )


def _with_cancels(plan: Plan, said: Said, known: Sequence[KnownPeriod], now: dt.datetime) -> Plan:
    if not said.to_cancel:
        return plan
    # The plan's own word on a period comes from payroll's newest wish, and goes before an older answer.
    spoken_of = {one.period_id for one in plan.planned}
    spoken_of |= {number for asked in plan.decisions for number in asked.periods}
    spoken_of |= {number for found in plan.findings for number in found.periods}
    planned, findings = [], []
    for one in known:
        is_meant = one.period_id.number in said.to_cancel and one.period_id not in spoken_of
        if not is_meant or one.is_cancelled:
            continue
        names = tuple(sorted(one.employments))
        if one.is_locked:
            findings.append(Unplanned(Problem.LOCKED, names, (one.period_id,)))
        elif is_past(undo_by(one.content), now):
            findings.append(Unplanned(Problem.TOO_LATE, names, (one.period_id,)))
        else:
            planned.append(steps.cancel(one, names, Reason.DECIDED))
    return replace(plan, planned=(*plan.planned, *planned), findings=(*plan.findings, *findings))
