"""How a declaration stands: the NSSO's result letters, our states, and an answer as we read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """The result letters of the service (A, W, B, S; docs/ledger.md)."""

    ACCEPTED = "A"
    WARNED = "W"
    REFUSED = "B"
    IDENTIFYING = "S"


class State(StrEnum):
    """How an intent stands in the ledger."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    IDENTIFYING = "identifying"
    ACCEPTED = "accepted"
    WARNED = "warned"
    REFUSED = "refused"
    ALREADY_TRUE = "already_true"
    """The NSSO has just this already: what was wished is so, by a declaration that is not this one."""
    UNCLEAR = "unclear"
    HELD = "held"


OPEN = frozenset({State.PLANNED, State.SENDING, State.SENT, State.IDENTIFYING, State.UNCLEAR, State.HELD})
"""States in which an intent may still have its effect: at most one per employment."""

EFFECTIVE = frozenset({State.ACCEPTED, State.WARNED, State.ALREADY_TRUE})
"""States in which what was wished is so at the NSSO."""

WAITING = frozenset({State.PLANNED, State.SENDING, State.SENT, State.HELD})
"""States that a summary counts as waiting."""


@dataclass(frozen=True, slots=True)
class UnknownResult:
    """A result letter that we have no meaning for: neither success nor refusal."""

    letter: str


def read_result(letter: str) -> Result | UnknownResult:
    """
    Return what *letter* means, or that nobody told us.

    >>> read_result("W"), read_result("R")
    (<Result.WARNED: 'W'>, UnknownResult(letter='R'))
    """
    return Result(letter) if letter in set(Result) else UnknownResult(letter)


def state_after(result: str) -> State:
    """
    Return the state of an intent whose declaration got *result*.

    A letter that we don't know is never success: the intent is unclear, and its letter is kept beside it.
    """
    match read_result(result):
        case Result.ACCEPTED:
            return State.ACCEPTED
        case Result.WARNED:
            return State.WARNED
        case Result.REFUSED:
            return State.REFUSED
        case Result.IDENTIFYING:
            return State.IDENTIFYING
        case UnknownResult():
            return State.UNCLEAR


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answered to a GET of a declaration; holds no person."""

    declaration_id: int
    result: str
    """The letter as it came; ``meaning`` keeps those we know apart from the others."""
    period_id: int | None
    anomalies: tuple[str, ...]
    """Codes ``ZZZZZ-TTT`` in the order given; unknown ones are kept."""

    @property
    def meaning(self) -> Result | UnknownResult:
        """What the letter means."""
        return read_result(self.result)

    @property
    def is_final(self) -> bool:
        """Whether the service will say nothing else (S is followed by another result)."""
        return self.result != Result.IDENTIFYING


OUTCOMES = ("accepted", "warned", "refused", "identifying", "unclear", "waiting")
"""The words of every summary, in this order; they add up to the number of declarations."""

_WORDS = {**dict.fromkeys(WAITING, "waiting"), State.ALREADY_TRUE: "accepted"}


def summarise(states: dict[str, int]) -> dict[str, int]:
    """
    Count declarations by outcome word from counts by state; what was already true counts as accepted.

    >>> counts = summarise({"accepted": 2, "sent": 1, "held": 1})
    >>> counts["declarations"], counts["accepted"], counts["waiting"]
    (4, 2, 2)
    """
    counts = dict.fromkeys(OUTCOMES, 0)
    for state, count in states.items():
        counts[_WORDS.get(State(state), state)] += count
    return {"declarations": sum(counts.values()), **counts}
