"""What became of the records of one intake."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from dimona_provider.ledger.findings import Finding, FindingKind
from dimona_provider.ledger.intents import Recorded


@dataclass(slots=True)
class Taken:
    """Counts and findings; no person."""

    records: int = 0
    recorded: Counter[Recorded] = field(default_factory=Counter)
    corrected: int = 0
    """How many of the new intents took the place of one that was refused with HTTP 400."""
    findings: list[Finding] = field(default_factory=list)
    as_before: set[int] = field(default_factory=set)
    """Refused intents that are still wished for as they are: another item does not correct them."""
    questions: int = 0
    """Questions for a person that were not asked before."""
    filed: set[str] = field(default_factory=set)
    """The employments that something new is filed for."""
    employers: set[tuple[str, str]] = field(default_factory=set)
    """Environment and number of each employer of whom payroll's exports named an employment."""
    absent: list[str] = field(default_factory=list)
    """Employments of these that no export names any more."""
    places: dict[str, str] = field(default_factory=dict)
    """Where each employment of this intake stood, by payroll's own id."""
    met: dict[tuple[str, str], str | None] = field(default_factory=dict)
    """Why nothing may be planned for an employer, by environment and number: asked once in an intake."""

    def find(self, employment: str, field_name: str, reason: str) -> Finding:
        """Note and return why an employment became no declaration."""
        place = self.places.get(employment, f"employment {employment} of an earlier export")
        found = Finding(FindingKind.NOT_HANDLED, place, employment, field_name, reason)
        self.findings.append(found)
        return found
