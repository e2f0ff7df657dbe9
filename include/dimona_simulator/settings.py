"""What a simulator is told at its start."""

from dataclasses import dataclass, field
from random import Random
from typing import Literal

from include.dimona_simulator import tables

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
    location: Literal["path", "absolute", "alternate"] = "path"
    """The form of the ``Location`` header; both forms were seen, *alternate* gives one after the other."""
    short_enterprise_numbers: bool = True
    """Whether answers drop the leading zero of the enterprise number, as recorded."""
    unknown_employers: frozenset[str] = frozenset({tables.UNKNOWN_EMPLOYER})
    inactive_employers: frozenset[str] = frozenset({tables.INACTIVE_EMPLOYER})
    employers_without_mandate: frozenset[str] = frozenset({tables.EMPLOYER_WITHOUT_MANDATE})
