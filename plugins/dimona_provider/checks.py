"""The steps of a check of a connection, and the form of what comes of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What is looked at, in this order."""

    FIELDS = "fields"
    KEY = "key"
    CERTIFICATE = "certificate"
    CLOCK = "clock"
    TOKEN = "token"  # noqa: S105 - the name of a step
    READ = "read"


class Verdict(StrEnum):
    """What came of a step."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    """It works, and a person should look at it."""
    BAD = "bad"
    NOT_TRIED = "not tried"
    """A step before it is bad, or there is nothing to look at."""


@dataclass(frozen=True, slots=True)
class Check:
    """What came of one step, in words that say what to do."""

    step: Step
    verdict: Verdict
    text: str


def not_tried(step: Step, because: str) -> Check:
    """Return the check of a step that was left out."""
    return Check(step, Verdict.NOT_TRIED, because)
