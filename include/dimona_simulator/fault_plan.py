"""The plan of what goes wrong on purpose: rules and a seed, as objects and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Any, Self

from include.dimona_simulator.faults import Fault, Operation

STATUSES = (301, 302, 303, 307, 308, 401, 403, 408, 409, 429, 500, 502, 503, 504)
BODIES = ("problem", "html", "none")


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault for one operation; raises ``ValueError`` with one line for what makes no sense."""

    fault: Fault
    operation: Operation
    share: float = 1.0
    """The share of requests, 0 to 1."""
    first: int = 1
    """The number of the first request of the operation, since the plan holds, that may be hit."""
    count: int | None = None
    """How often the fault happens at most; ``None`` is without limit."""
    status: int | None = None
    retry_after: int | None = None
    """Seconds in ``Retry-After``; ``None`` leaves it out."""
    body: str | None = None
    """What a status comes with: ``problem`` (the default from 400 on), ``html`` or ``none``."""
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.operation not in self.fault.operations:
            raise ValueError(f"fault {self.fault} does not apply to {self.operation}")
        given = {name for name in _PARAMETERS if getattr(self, name) is not None}
        for name in sorted(given - self.fault.parameters):
            raise ValueError(f"fault {self.fault} takes no {name}")
        if self.fault.needs is not None and self.fault.needs not in given:
            raise ValueError(f"fault {self.fault} needs {self.fault.needs}")
        for name in ("share", "first", *sorted(given), *(["count"] if self.count is not None else [])):
            _check(name, getattr(self, name))

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Read the JSON form: an object with the names of the fields."""
        if not isinstance(content, dict):
            raise ValueError("a rule is a JSON object")
        for name in sorted(set(content) - {member.name for member in fields(cls)}):
            raise ValueError(f"a rule has no {name}")
        words = {
            "fault": Fault(_word("fault", content, Fault)),
            "operation": Operation(_word("operation", content, Operation)),
        }
        return cls(**{**content, **words})

    def as_json(self) -> dict[str, Any]:
        """Give the JSON form, without what isn't set."""
        content = {member.name: getattr(self, member.name) for member in fields(self)}
        return {name: value for name, value in content.items() if value is not None}


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Rules, tried in order for each request, and the seed that draws their shares. Empty: no faults."""

    rules: tuple[Rule, ...] = ()
    seed: int = 1

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Read ``{"seed": …, "rules": […]}``; raises ``ValueError`` with one line."""
        if not isinstance(content, dict) or not set(content) <= {"seed", "rules"}:
            raise ValueError("a fault plan is a JSON object with seed and rules")
        seed, rules = content.get("seed", 1), content.get("rules", [])
        _check("seed", seed)
        if not isinstance(rules, list):
            raise ValueError("rules is a list")
        return cls(tuple(_numbered(number, rule) for number, rule in enumerate(rules, 1)), seed)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file; raises ``ValueError`` that names the file."""
        try:
            return cls.from_json(json.loads(path.read_bytes()))
        except OSError as error:
            raise ValueError(f"{path}: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}: {error}") from None

    def as_json(self) -> dict[str, Any]:
        """Give the JSON form."""
        return {"seed": self.seed, "rules": [rule.as_json() for rule in self.rules]}


def _numbered(number: int, content: object) -> Rule:
    try:
        return Rule.from_json(content)
    except ValueError as error:
        raise ValueError(f"rule {number}: {error}") from None


def _word(name: str, content: Mapping[str, Any], words: type[StrEnum]) -> str:
    word = content.get(name)
    if not isinstance(word, str) or word not in set(words):
        raise ValueError(f"{name} is one of {', '.join(words)}")
    return word


_PARAMETERS = ("status", "retry_after", "body", "seconds")
_CHOICES: Mapping[str, tuple[object, ...]] = {"status": STATUSES, "body": BODIES}
_LIMITS: Mapping[str, tuple[type, int, int]] = {
    "seed": (int, 0, 1_000_000_000),
    "share": (float, 0, 1),
    "first": (int, 1, 1_000_000_000),
    "count": (int, 0, 1_000_000_000),
    "retry_after": (int, 0, 86_400),
    "seconds": (float, 0, 3600),
}


def _check(name: str, value: object) -> None:
    if name in _CHOICES:
        if not isinstance(value, int | str) or value not in _CHOICES[name]:
            raise ValueError(f"{name} is one of {', '.join(map(str, _CHOICES[name]))}")
        return
    kind, low, high = _LIMITS[name]
    right = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    if not (right and isfinite(value) and low <= value <= high):  # type: ignore[arg-type, operator]
        raise ValueError(f"{name} is a {'whole ' if kind is int else ''}number from {low} to {high}")
