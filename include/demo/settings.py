"""What the caller can choose about the demo, from the command line and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from include.demo.connections import DIMONA, check_apart
from include.demo.environment import REPOSITORY
from include.demo.errors import DemoError

MOST_EMPLOYMENTS = 1_000_000


def directory_of(caller: Mapping[str, str]) -> Path:
    """Return where the demo keeps everything: ``DEMO_DIRECTORY``, else ``var/demo`` in the repository."""
    return Path(caller.get("DEMO_DIRECTORY") or REPOSITORY / "var" / "demo").resolve()


@dataclass(frozen=True, slots=True)
class Settings:
    """
    The checked choices.

    *caller* is the environment they came from, *timeout* the seconds that each DAG run may take.
    """

    directory: Path
    employments: int
    caller: Mapping[str, str]
    timeout: float = 1800

    @classmethod
    def read(cls, caller: Mapping[str, str], employments: str | None = None, timeout: float = 1800) -> Self:
        """Check what can be checked before anything starts; ``DemoError`` with the first fault."""
        if caller.get(DIMONA):
            check_apart(caller[DIMONA], caller)
        count = _count(employments or caller.get("DEMO_EMPLOYMENTS") or "300")
        return cls(directory_of(caller), count, caller, timeout)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 7 and int(text) <= MOST_EMPLOYMENTS):
        message = f"DEMO_EMPLOYMENTS must be a whole number from 0 to {MOST_EMPLOYMENTS}"
        raise DemoError(message)
    return int(text)
