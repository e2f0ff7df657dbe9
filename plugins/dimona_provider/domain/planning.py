"""From payroll's wish to declarations. For now: one IN for each new employment of the planned types."""

from __future__ import annotations

from dataclasses import dataclass

from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.employment import Employment
from dimona_provider.domain.rules import dimona_joint_committee, worker_types


@dataclass(frozen=True, slots=True)
class NotHandled:
    """A wish that this version does not turn into a declaration; it is listed, never dropped silently."""

    field: str
    reason: str


_STATUS_NOT_HANDLED = {
    "ended": "an end is not declared yet by this version: file the OUT yourself",
    "changed": "a change is not declared yet by this version: file the UPDATE yourself",
    "withdrawn": "a withdrawal is not declared yet by this version: file the CANCEL yourself, in time",
}


_COMMITTEE_NOT_HANDLED = {
    "124": "construction needs control cards (C3.2A), which this version does not send: file the IN yourself",
    "322": "temporary work needs its user enterprise, which this version does not send: file the IN yourself",
}
"""Blocks 90375 and 90107: without them the NSSO refuses the IN."""


def plan_employment(employment: Employment) -> DimonaIn | NotHandled:
    """Return the IN of a new employment, or why there is none."""
    if employment.status in _STATUS_NOT_HANDLED:
        return NotHandled("status", _STATUS_NOT_HANDLED[employment.status])
    rule = worker_types()[employment.worker_type]
    if not rule.planned:
        return NotHandled("worker_type", f"{rule.code} ({rule.meaning}) is not planned yet by this version")
    committee = dimona_joint_committee(employment.joint_committee, employment.worker_type)
    if committee in _COMMITTEE_NOT_HANDLED:
        return NotHandled("joint_committee", _COMMITTEE_NOT_HANDLED[committee])
    dates = employment.dates
    return DimonaIn(
        employer=employment.employer,
        worker=employment.worker,
        worker_type=employment.worker_type,
        joint_committee=employment.joint_committee,
        start_date=dates.start_date,
        end_date=dates.end_date,
        start_hour=dates.start_hour,
        end_hour=dates.end_hour,
        planned_hours=dates.planned_hours,
    )
