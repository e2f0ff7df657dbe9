"""From payroll's wish to declarations. For now: one IN for each new employment."""

from __future__ import annotations

from dataclasses import dataclass

from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.employment import Employment


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
_TOO_EARLY = "too early to declare it: the exports of later days plan it, once the NSSO takes it"


def plan_employment(employment: Employment) -> DimonaIn | NotHandled:
    """Return the IN of a new employment, or why there is none."""
    if employment.status in _STATUS_NOT_HANDLED:
        return NotHandled("status", _STATUS_NOT_HANDLED[employment.status])
    if employment.is_too_early:
        return NotHandled("start_date", _TOO_EARLY)
    return employment.start
