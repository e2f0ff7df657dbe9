"""What a reconciliation compares and what it finds: our periods, the NSSO's, and the gaps between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dimona_provider.domain.terms import Terms


class GapKind(StrEnum):
    """How the NSSO's picture differs from ours."""

    MISSING_IN = "missing_in"
    """We count on a period that does not stand."""
    MISSING_OUT = "missing_out"
    """It has an end here, and is open there."""
    DATE = "date"
    TYPE = "worker_type"
    COMMITTEE = "joint_committee"
    HOURS = "hours"
    """Start hour, end hour or planned hours."""
    UNKNOWN = "unknown_period"
    """A period that nobody here knows, or that we cancelled."""
    DUPLICATE = "duplicate"
    """A period that says what another one of the same worker says, and nobody here wished twice."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One difference; names no person and no value."""

    kind: GapKind
    reference: str
    """The period's id, or payroll's own id of the employment where there is no period."""
    employment: str | None
    period_id: int | None
    detail: str
    """Which fields differ, or what else is the matter."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A period as the NSSO shows it."""

    period_id: int
    worker: str | None = field(repr=False)
    terms: Terms
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """A period as we count on it."""

    employment: str
    period_id: int | None
    """None where nobody knows which it is: then what it says decides."""
    worker: str | None = field(repr=False)
    terms: Terms | None
    """None where they are not known any more: then it only has to stand."""
    is_wanted: bool = True
    """False for one that we cancelled."""
    is_fresh: bool = False
    """Whether it changed so lately that a search may not show it yet."""


@dataclass(frozen=True, slots=True)
class Wish:
    """
    A period that payroll's latest word asks for, of what may be declared by now.

    A student's employments of a quarter are one wish, under the employment that the period is reported under.
    """

    employment: str
    worker: str | None = field(repr=False)
    terms: Terms
    is_withdrawn: bool = False


def with_wishes(expected: Iterable[Expected], wishes: Iterable[Wish]) -> list[Expected]:
    """
    Put what payroll wishes in place of what was declared, where a wish is known.

    An employment of which nothing was declared counts too; one with several periods stays as declared, for
    nobody can say which of them the wish is about.
    """
    by_employment: dict[str, list[Expected]] = defaultdict(list)
    for one in expected:
        by_employment[one.employment].append(one)
    for wish in wishes:
        declared = by_employment[wish.employment]
        wanted = [one for one in declared if one.is_wanted]
        if not declared and not wish.is_withdrawn:
            declared.append(Expected(wish.employment, None, wish.worker, wish.terms))
        elif len(wanted) == 1:
            number = declared.index(wanted[0])
            declared[number] = replace(wanted[0], terms=wish.terms, is_wanted=not wish.is_withdrawn)
    return [one for some in by_employment.values() for one in some]


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A declaration of ours that has no outcome yet: what it is about may still change."""

    employment: str
    period_id: int | None = None
    """The period that an OUT, UPDATE or CANCEL is about."""
    worker: str | None = field(default=None, repr=False)
    """The worker whose SSIN is known."""
    terms: Terms | None = None
    """Of an IN."""
