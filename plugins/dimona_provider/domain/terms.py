"""What a period says of an employment, apart from who employs whom; as we, payroll or the NSSO have it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from dimona_provider.domain.declaration import OPEN_END

MAY_STAND_TWICE = frozenset({"STU", "FLX", "EXT"})
"""Worker types of which a worker may lawfully have two equal periods (docs/settlement.md)."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a period; None where it says nothing, and as the end date of one that is open."""

    worker_type: str | None
    joint_committee: str | None
    start: dt.date | None
    end: dt.date | None = None
    start_hour: str | None = None
    """``HHMM``, as the other hour."""
    end_hour: str | None = None
    planned_hours: int | None = None

    def with_changes(self, changes: Mapping[str, Any]) -> Self:
        """
        Return the terms after an accepted OUT or UPDATE; an end date far away takes the end away.

        >>> terms = Terms("OTH", "XXX", dt.date(2027, 1, 4), dt.date(2027, 3, 31))
        >>> terms.with_changes({"end": OPEN_END}).end is None
        True
        """
        changed = replace(self, **changes)
        return replace(changed, end=None) if changed.end == OPEN_END else changed
