"""A period that was imported from the NSSO, without its person: whoever plans knows who that is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImportedPeriod:
    """A period as it stood when the employer's periods were read last."""

    employer: str
    """The number that it was asked for with, as payroll declares under it."""
    period_id: int
    worker_type: str | None
    """None, as everything else below, where the NSSO showed nothing."""
    joint_committee: str | None
    start_date: dt.date
    end_date: dt.date | None
    """None for an open one."""
    start_hour: str | None
    end_hour: str | None
    planned_hours: int | None
    is_cancelled: bool
    is_locked: bool
    employments: tuple[str, ...]
    """Payroll's own ids of the employment that it was matched to: none or one."""
    seen_at: float
    """When the NSSO showed it so, in epoch seconds: what was declared since is not in it."""
