"""From payroll's wish to declarations. For now: one IN for each new employment of the planned types."""

from __future__ import annotations

from dataclasses import dataclass

from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.employment import Employment
from dimona_provider.domain.rules import worker_types


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


def plan_employment(employment: Employment) -> DimonaIn | NotHandled:
    """Return the IN of a new employment, or why there is none."""
    if employment.status in _STATUS_NOT_HANDLED:
        return NotHandled("status", _STATUS_NOT_HANDLED[employment.status])
    rule = worker_types()[employment.worker_type]
    if not rule.planned:
        return NotHandled("worker_type", f"{rule.code} ({rule.meaning}) is not planned yet by this version")
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
