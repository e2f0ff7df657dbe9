"""What the simulated service knows: declarations, their outcomes, and the periods they make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Self

NO_END = date(9999, 12, 31)
"""The end date with which an UPDATE opens a closed period again."""


class Kind(StrEnum):
    """The four kinds of declaration, by the name of their block."""

    IN = "dimonaIn"
    OUT = "dimonaOut"
    UPDATE = "dimonaUpdate"
    CANCEL = "dimonaCancel"


@dataclass(frozen=True, slots=True)
class Filing:
    """A declaration whose structure is right, as it was sent."""

    kind: Kind
    body: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Read a body that has passed the check of its structure."""
        return cls(next(kind for kind in Kind if kind in body), body)

    @property
    def block(self) -> Mapping[str, Any]:
        """Give the block of the kind."""
        block: Mapping[str, Any] = self.body[self.kind]
        return block

    @property
    def worker(self) -> Mapping[str, Any]:
        """Give the worker as sent; empty when none was."""
        worker: Mapping[str, Any] = self.body.get("worker", {})
        return worker

    @property
    def features(self) -> Mapping[str, Any]:
        """Give joint committee and worker type; only an IN has them."""
        features: Mapping[str, Any] = self.block.get("features", {})
        return features

    @property
    def worker_type(self) -> str:
        """Give the worker type of an IN, else the empty string."""
        return str(self.features.get("workerType", ""))

    @property
    def enterprise_number(self) -> str | None:
        """Give the employer's ten digits."""
        number = self.body.get("employer", {}).get("enterpriseNumber")
        return None if number is None else str(number).zfill(10)

    @property
    def employer_id(self) -> int | None:
        """Give the employer's NSSO number."""
        number = self.body.get("employer", {}).get("employerId")
        return None if number is None else int(number)

    @property
    def employer_digits(self) -> frozenset[str]:
        """Give the numbers under which the employer declares, as the registers name it."""
        numbers = (self.enterprise_number, self.employer_id)
        return frozenset(str(number) for number in numbers if number is not None)


@dataclass(frozen=True, slots=True)
class Span:
    """The dates and hours of a period at one moment of its life."""

    start: date
    end: date | None = None
    start_hour: str | None = None
    end_hour: str | None = None
    planned_hours: int | None = None
    cancelled: bool = False
    late: bool = False

    @classmethod
    def from_json(cls, block: Mapping[str, Any]) -> Self:
        """Read the members that IN and UPDATE share."""
        end = block.get("endDate")
        return cls(
            date.fromisoformat(block["startDate"]),
            date.fromisoformat(end) if end else None,
            block.get("startHour"),
            block.get("endHour"),
            block.get("plannedHoursNumber"),
            bool(block.get("cancelled", False)),
            bool(block.get("late", False)),
        )

    def as_json(self) -> dict[str, Any]:
        """Write the members that are there, with the NSSO's names."""
        members = {
            "startDate": self.start.isoformat(),
            "startHour": self.start_hour,
            "endDate": self.end.isoformat() if self.end else None,
            "endHour": self.end_hour,
            "plannedHoursNumber": self.planned_hours,
        }
        present = {name: value for name, value in members.items() if value is not None}
        return {**present, "cancelled": self.cancelled, "late": self.late}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of a filing."""

    result: str
    anomalies: tuple[str, ...] = ()
    period_id: int | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """
    One declaration received, with everything that will become visible of it and when.

    *stages* holds one verdict, or two for a worker who is identified later (first S, then the final one),
    each with the instant (epoch seconds) from which it shows. *span* is what the declaration makes of its
    period, from the last stage on.
    """

    id: int
    filing: Filing
    filed_at: float
    stages: tuple[tuple[float, Verdict], ...]
    employer: str | None = None
    """Key of the employer: the enterprise number, else the NSSO number."""
    ssin: str | None = None
    """The worker's SSIN; that of a worker identified later is invented, and shown from then on."""
    span: Span | None = None

    def verdict(self, now: float) -> Verdict | None:
        """Give what shows at *now*: nothing before the declaration is processed."""
        shown = None
        for instant, verdict in self.stages:
            if instant <= now:
                shown = verdict
        return shown

    @property
    def settled_at(self) -> float:
        """Give the instant of the last verdict."""
        return self.stages[-1][0]

    @property
    def final(self) -> Verdict:
        """Give the last verdict."""
        return self.stages[-1][1]


@dataclass(slots=True)
class Period:
    """
    A period and how it changed; made by an accepted IN.

    Rules look at the latest span (declarations are judged in filing order), readers at the latest visible
    one.
    """

    id: int
    origin: Declaration
    history: list[tuple[float, Span]] = field(default_factory=list)

    @property
    def worker_type(self) -> str:
        """Give the type of the worker, which never changes."""
        return self.origin.filing.worker_type

    @property
    def latest(self) -> Span:
        """Give the span as the next declaration finds it."""
        return self.history[-1][1]

    def visible(self, now: float) -> Span | None:
        """Give the span that shows at *now*."""
        return next((span for instant, span in reversed(self.history) if instant <= now), None)
