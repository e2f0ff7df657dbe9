"""Which employment a period of the NSSO belongs to: one that fits alone, or nobody's guess."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

Key = tuple[str | None, str | None, dt.date | None, dt.date | None]
"""Worker (keyed hash), worker type, start and end date."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """A period, or an employment, by what the two are compared by."""

    name: str
    """The period's id, or payroll's id of the employment."""
    worker: str | None = field(repr=False)
    worker_type: str | None
    start: dt.date | None
    end: dt.date | None
    period_id: int | None = None
    """The period that a declaration of the employment made, if it is known: then nothing else fits."""

    @property
    def key(self) -> Key:
        """What must be the same."""
        return self.worker, self.worker_type, self.start, self.end


@dataclass(frozen=True, slots=True)
class Matched:
    """What became of each period."""

    employments: dict[str, str]
    """The employment that alone fits, by period."""
    ambiguous: dict[str, tuple[str, ...]]
    """The employments that fit equally well, by period: a person decides."""


def match(periods: Iterable[Fitting], employments: Iterable[Fitting]) -> Matched:
    """
    Find for each period the employment of the same worker, type and dates, or the one whose IN made it.

    A period fits one employment only, and an employment one period; where two fit, neither is taken.
    """
    made_by: dict[str, set[str]] = defaultdict(set)
    by_key: dict[Key, set[str]] = defaultdict(set)
    for one in employments:
        if one.period_id is not None:
            made_by[str(one.period_id)].add(one.name)
        elif one.worker is not None and one.start is not None:
            by_key[one.key].add(one.name)
    fits: dict[str, set[str]] = {}
    by_content: dict[Key, list[str]] = defaultdict(list)
    for period in periods:
        fits[period.name] = made_by.get(period.name) or by_key.get(period.key) or set()
        if period.name not in made_by and fits[period.name]:
            by_content[period.key].append(period.name)
    # Two equal periods, of students say, and one employment: nobody can say which is its.
    shared = {name for names in by_content.values() if len(names) > 1 for name in names}
    return Matched(
        {name: min(found) for name, found in fits.items() if len(found) == 1 and name not in shared},
        {name: tuple(sorted(found)) for name, found in fits.items() if len(found) > 1 or name in shared},
    )
