"""What a simulator is told at its start."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, Literal, Self

from include.dimona_simulator import tables
from include.dimona_simulator.fault_plan import FaultPlan

TOKEN_PATH = "/REST/oauth/v5/token"  # noqa: S105 - a path
BASE_PATH = "/REST/dimona/v2"


@dataclass(frozen=True, slots=True)
class Timing:
    """
    How long the service takes to process a declaration, in seconds.

    Most take a time between *low* and *high*; a share of *tail_share* takes one between *tail_low* and
    *tail_high*. By default no declaration takes longer than 45 s.
    """

    low: float = 2.0
    high: float = 4.0
    tail_share: float = 0.04
    tail_low: float = 4.0
    tail_high: float = 45.0

    def __post_init__(self) -> None:
        if not (0 <= self.low <= self.high and 0 <= self.tail_low <= self.tail_high):
            raise ValueError("processing times must be positive and in order")
        if not 0 <= self.tail_share <= 1:
            raise ValueError("the share of slow declarations lies between 0 and 1")

    def seconds(self, seed: int, sequence: int) -> float:
        """Draw the time of one declaration; it depends on nothing but its arguments."""
        draw = Random(f"{seed}:{sequence}")  # noqa: S311 - reproducible on purpose
        if draw.random() < self.tail_share:
            return draw.uniform(self.tail_low, self.tail_high)
        return draw.uniform(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Registers:
    """
    What the NSSO knows beside the declarations: employers, workers, quotas.

    Employers are named by the digits of a number they are declared under, workers by their SSIN. What a
    register says of somebody can't be told from a declaration; here a test says it.
    """

    unknown_employers: frozenset[str] = frozenset({tables.UNKNOWN_EMPLOYER})
    inactive_employers: frozenset[str] = frozenset({tables.INACTIVE_EMPLOYER})
    employers_without_mandate: frozenset[str] = frozenset({tables.EMPLOYER_WITHOUT_MANDATE})
    """Employers for whom every request is refused with 403."""
    local_employers: frozenset[str] = frozenset()
    """Provincial and local administrations: no joint committee, other worker types until 2021."""
    sub_entities: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: tables.SUB_ENTITIES)
    """Employers with sub-entities, and which they have (empty: any number will do)."""
    employers_without_sub_entities: frozenset[str] = frozenset()
    """Employers outside the scheme, who may not name a sub-entity."""
    employer_anomalies: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: tables.EMPLOYER_ANOMALIES
    )
    """Further codes that an IN of an employer gets."""
    worker_anomalies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further codes that an IN of a worker gets, where they apply to its worker type."""
    persons: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Names of workers (``familyName``, ``givenName``); other ones sent with the SSIN are warned of."""
    quotas: Mapping[str, int] = field(default_factory=lambda: {"STU": 650})
    """Planned hours that a worker may have in a calendar year, by worker type; others have no limit."""
    hours_used: Mapping[str, int] = field(default_factory=dict)
    """Hours of such a quota that a worker has used before the first declaration here."""
    locked_periods: frozenset[int] = frozenset()
    locked_workers: frozenset[str] = frozenset()
    """Workers all of whose periods are locked."""
    blocked_spans: Mapping[str, tuple[date, date]] = field(default_factory=dict)
    """First and last day between which no period of a worker type may start for the time being (450)."""
    student_duplicates: Literal["accepted", "refused"] = "accepted"
    """What becomes of an equal or overlapping student period; the facts leave it open."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a JSON object with some of the members; raises ``ValueError`` for what isn't one."""
        content = json.loads(path.read_bytes())
        known = {member.name for member in fields(cls)}
        if not isinstance(content, dict) or not set(content) <= known:
            raise ValueError(f"the registers are a JSON object with {', '.join(sorted(known))}")
        try:
            return cls(**{name: _READERS.get(name, dict)(value) for name, value in content.items()})
        except (AttributeError, TypeError, ValueError):
            raise ValueError("a register is not of the form that docs/simulator.md describes") from None


def _tuples(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(values) for name, values in content.items()}


def _days(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(date.fromisoformat(day) for day in days) for name, days in content.items()}


def _word(word: str) -> str:
    if word not in {"accepted", "refused"}:
        raise ValueError("student duplicates are accepted or refused")
    return word


_SETS = (
    "unknown_employers", "inactive_employers", "employers_without_mandate", "local_employers",
    "employers_without_sub_entities",
    "locked_periods", "locked_workers",
)  # fmt: skip
_READERS: Mapping[str, Any] = {
    **dict.fromkeys(_SETS, frozenset),
    **dict.fromkeys(("sub_entities", "employer_anomalies", "worker_anomalies"), _tuples),
    "blocked_spans": _days,
    "student_duplicates": _word,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The simulator's settings; the defaults are what the facts say or suggest."""

    seed: int = 1
    timing: Timing = field(default_factory=Timing)
    token_lifetime: int = 600
    assertion_lifetime: int = 300
    """The longest ``exp - iat`` of a client assertion that is accepted, in seconds."""
    clock_skew: int = 30
    """How far in the future ``iat`` and ``nbf`` may lie, in seconds."""
    identified_after: float | None = None
    """Seconds from S to the final result; ``None`` leaves it at S."""
    search_lag: float = 0.0
    """Seconds by which the searches are behind the answers to a GET."""
    location: Literal["path", "absolute", "alternate"] = "path"
    """The form of the ``Location`` header; both forms were seen, *alternate* gives one after the other."""
    missing_parties: Literal["400", "B"] = "400"
    """How an IN without employer or worker is refused: as structure, or with 90256-364 or 90017-363."""
    short_enterprise_numbers: bool = True
    """Whether answers drop the leading zero of the enterprise number, as recorded."""
    registers: Registers = field(default_factory=Registers)
    faults: FaultPlan = field(default_factory=FaultPlan)
    """What goes wrong on purpose from the start."""
