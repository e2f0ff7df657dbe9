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
    UNCLEAR = "unclear"
    HELD = "held"


OPEN = frozenset({State.PLANNED, State.SENDING, State.SENT, State.IDENTIFYING, State.UNCLEAR, State.HELD})
"""States in which an intent may still have its effect: at most one per employment."""

WAITING = frozenset({State.PLANNED, State.SENDING, State.SENT, State.HELD})
"""States that a summary counts as waiting."""

_STATE_OF_RESULT = {
    Result.ACCEPTED: State.ACCEPTED,
    Result.WARNED: State.WARNED,
    Result.REFUSED: State.REFUSED,
    Result.IDENTIFYING: State.IDENTIFYING,
}


def state_after(result: str) -> State:
    """
    Return the state of an intent whose declaration got *result*.

    A letter that we don't know is never success: the intent is unclear, and its letter is kept beside it.
    """
    return _STATE_OF_RESULT[Result(result)] if result in set(Result) else State.UNCLEAR


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answered to a GET of a declaration; holds no person."""

    declaration_id: int
    result: str
    period_id: int | None
    anomalies: tuple[str, ...]
    """Codes ``ZZZZZ-TTT`` in the order given; unknown ones are kept."""

    @property
    def is_final(self) -> bool:
        """Whether the service will say nothing else (S is followed by another result)."""
        return self.result != Result.IDENTIFYING


OUTCOMES = ("accepted", "warned", "refused", "identifying", "unclear", "waiting")
"""The words of every summary, in this order; they add up to the number of declarations."""


def summarise(states: dict[str, int]) -> dict[str, int]:
    """
    Count declarations by outcome word from counts by state.

    >>> counts = summarise({"accepted": 2, "sent": 1, "held": 1})
    >>> counts["declarations"], counts["accepted"], counts["waiting"]
    (4, 2, 2)
    """
    counts = dict.fromkeys(OUTCOMES, 0)
    for state, count in states.items():
        counts["waiting" if State(state) in WAITING else state] += count
    return {"declarations": sum(counts.values()), **counts}
