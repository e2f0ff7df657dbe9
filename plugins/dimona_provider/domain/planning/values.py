"""What the planner takes and gives: periods as known, declarations as planned, questions for people."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from dimona_provider.domain.assembly import KIND_OF
from dimona_provider.domain.declaration import Declaration, DimonaIn, Employer, Kind
from dimona_provider.domain.identifiers import DimonaNumber
from dimona_provider.domain.planning.words import DecisionKind, Option, Problem, Reason


def employer_key(employer: Employer) -> str:
    """Return the number that tells employers apart."""
    return str(employer.enterprise_number or employer.nsso_number or "")


@dataclass(frozen=True, slots=True)
class KnownPeriod:
    """A period at the NSSO as the ledger knows it."""

    period_id: DimonaNumber
    content: DimonaIn = field(repr=False)
    """How it stands: the IN that would make it as it is now."""
    employments: frozenset[str] = frozenset()
    """Payroll's references that it serves; empty for a period that nobody in payroll is known to have."""
    is_cancelled: bool = False
    is_locked: bool = False
    is_cancelled_by_hand: bool = False
    """Cancelled by somebody else than payroll's wish: the same is not declared again by itself."""
    knows_blocks: bool = True
    """False for a period read from the NSSO, which tells type, committee, dates and hours only."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A period that payroll's employments need."""

    subject: str
    """What at most one declaration may be open for; holds no person."""
    content: DimonaIn = field(repr=False)
    employments: tuple[str, ...]
    """The references that it serves, the one it is reported under first."""
    reason: Reason = Reason.NEW
    is_end_ours: bool = False
    """Whether the end is that of a quarter, and payroll names none."""

    @property
    def key(self) -> str:
        """What no other wanted period of the same worker has."""
        return f"{employer_key(self.content.employer)} {self.subject}"


@dataclass(frozen=True, slots=True)
class Planned:
    """A declaration that is to be filed, and why."""

    subject: str
    declaration: Declaration = field(repr=False)
    employments: tuple[str, ...]
    reason: Reason
    file_by: dt.datetime | None
    """The last lawful instant, in Brussels; None where the law names none."""
    after: DimonaIn | None = field(repr=False)
    """What its period is afterwards; None when there is none."""
    depends_on: tuple[str, ...] = ()
    """Keys of the declarations in the same plan that have to be effective before."""

    @property
    def kind(self) -> Kind:
        """Which of the four it is."""
        return KIND_OF[type(self.declaration)]

    @property
    def period_id(self) -> DimonaNumber | None:
        """The period that an OUT, UPDATE or CANCEL names."""
        return None if isinstance(self.declaration, DimonaIn) else self.declaration.period_id

    @property
    def key(self) -> str:
        """What no other declaration of the same plan has."""
        if isinstance(self.declaration, DimonaIn):
            return f"{self.kind} {employer_key(self.declaration.employer)} {self.subject}"
        return f"{self.kind} {self.declaration.period_id.number}"

    def is_late(self, now: dt.datetime) -> bool:
        """Tell whether it can't be filed in time any more."""
        return self.file_by is not None and now.timestamp() >= self.file_by.timestamp()


@dataclass(frozen=True, slots=True)
class Decision:
    """A question for a person: what the machine may not do by itself."""

    kind: DecisionKind
    employments: tuple[str, ...]
    periods: tuple[DimonaNumber, ...]
    options: tuple[Option, ...]
    answer_by: dt.datetime
    """Without an answer until then, the harmless option holds."""
    held: tuple[Planned, ...] = ()
    """What is filed if the person says so."""
    harmless: Option = Option.KEEP


@dataclass(frozen=True, slots=True)
class Unplanned:
    """What became no declaration, and why; nothing is dropped silently."""

    problem: Problem
    employments: tuple[str, ...]
    periods: tuple[DimonaNumber, ...] = ()
    code: str | None = None
    """The NSSO's code, where it would refuse."""
    opens_on: dt.date | None = None
    """The first day on which the NSSO takes it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that follows from the wishes for one worker, or for many; the same input gives the same plan."""

    planned: tuple[Planned, ...] = ()
    """Prerequisites stand before what depends on them, else the nearest deadline first."""
    decisions: tuple[Decision, ...] = ()
    findings: tuple[Unplanned, ...] = ()


@dataclass(slots=True)
class Draft:
    """A plan while it is made."""

    planned: list[Planned] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    findings: list[Unplanned] = field(default_factory=list)

    def add(self, other: Draft) -> None:
        """Take over all of *other*."""
        self.planned += other.planned
        self.decisions += other.decisions
        self.findings += other.findings
