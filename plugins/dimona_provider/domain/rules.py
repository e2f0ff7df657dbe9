"""What a record or a body may be wrong in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong: the field of payroll's record, and a sentence without its value."""

    field: str
    reason: str
