"""What comes back from an Airflow task that asked a person: read strictly, because anybody may send it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dimona_provider.errors import UnexpectedResponse
from dimona_provider.ledger.answering import Asked

KEEP_ALL = "Keep everything as it is"
AS_CHOSEN = "Do as chosen below"
OPTIONS = [KEEP_ALL, AS_CHOSEN]
"""The buttons; the first one is harmless, and holds when nobody answers."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, checked against what was asked."""

    who: str | None
    """The person's name in Airflow; None when nobody answered in time."""
    at: float
    """When the answer was given, in epoch seconds."""
    chosen: Mapping[str, str]
    """Option by kind of question; a kind that is missing is kept."""

    def option_for(self, one: Asked) -> str:
        """Return what is answered to a question."""
        return self.chosen.get(one.kind, one.options[0])


def choices_of(questions: Sequence[Asked]) -> dict[str, list[str]]:
    """Return the options of each kind that all questions of the kind have, the harmless one first."""
    found: dict[str, list[str]] = {}
    for one in questions:
        common = found.get(one.kind, list(one.options))
        found[one.kind] = [option for option in common if option in one.options]
    return found


def options_of(questions: Sequence[Asked]) -> dict[str, set[str]]:
    """Return the options of each kind that some question of the kind has."""
    found: dict[str, set[str]] = {}
    for one in questions:
        found.setdefault(one.kind, set()).update(one.options)
    return found


def read_reply(event: Any, choices: Mapping[str, Collection[str]]) -> Reply:
    """
    Read the event of Airflow's human-in-the-loop task.

    Raises UnexpectedResponse, which never repeats what was sent, for anything but one of the buttons with
    options that *choices* has for its kind.
    """
    try:
        (button,) = event["chosen_options"]
        chosen = event["params_input"] or {}
        given_at, user, is_over = event["responded_at"], event["responded_by_user"], event["timedout"]
        who = None if is_over or user is None else str(user["name"] or user["id"])
        at = _instant(given_at)
    except (KeyError, TypeError, ValueError):
        raise UnexpectedResponse("the answer has not the form that Airflow gives it") from None
    if button not in OPTIONS or not isinstance(chosen, Mapping):
        raise UnexpectedResponse("the answer is none of the options")
    if button == KEEP_ALL or who is None:
        return Reply(who, at, {})
    for kind, option in chosen.items():
        if not (isinstance(option, str) and option in choices.get(kind, ())):
            raise UnexpectedResponse("the answer has a kind or an option that was not asked about")
    return Reply(who, at, dict(chosen))


def _instant(given: Any) -> float:
    at = dt.datetime.fromisoformat(given) if isinstance(given, str) else given
    if not isinstance(at, dt.datetime) or at.tzinfo is None:
        raise ValueError("no instant")
    return at.timestamp()
