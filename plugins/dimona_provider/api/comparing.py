"""Whether a declaration or a period that the service shows is what we wanted to file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dimona_provider.api.canonical import canonical
from dimona_provider.api.found import FoundPeriod
from dimona_provider.api.names import BLOCKS
from dimona_provider.api.reading import Reading, read_draft
from dimona_provider.domain.declaration import OPEN_END, Kind
from dimona_provider.domain.draft import Draft

_PARTIES = ("employer", "worker")
_OF_A_PERIOD = ("start_date", "end_date", "start_hour", "end_hour", "planned_hours")
_OF_A_PERSON = ("worker.family_name", "worker.given_name", "worker.birth_date")


def is_same_declaration(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """
    Tell whether *theirs*, a declaration as the service shows it, says what *ours*, a REST body, says.

    The worker is compared here and never left to the search. Members that we don't know don't count; the
    service adds some.
    """
    one, other = read_draft(canonical(ours)), read_draft(canonical(theirs))
    if one.draft is None or other.draft is None or one.draft.kind is not other.draft.kind:
        return False
    return (
        _content(one, ours) == _content(other, theirs)
        and _is_same_worker(one.draft, other.draft)
        and _is_same_employer(one.draft, other.draft)
    )


def _content(reading: Reading, body: Mapping[str, Any]) -> Any:
    """Return what a declaration says, apart from who employs whom."""
    draft = reading.draft
    assert draft is not None  # noqa: S101 - for mypy; the caller checked
    if any(breach.field.partition(".")[0] not in _PARTIES for breach in reading.breaches):
        # It holds what we can't read, say a committee that doesn't exist: then letter by letter.
        return next(value for name, value in canonical(body).items() if name in BLOCKS)
    return {name: value for name, value in draft.values.items() if name.partition(".")[0] not in _PARTIES}


def _is_same_worker(ours: Draft, theirs: Draft) -> bool:
    if ours.kind is not Kind.IN:
        return True  # it names no worker but a period, which is compared with the rest
    if (ssin := ours.values.get("worker.ssin")) is not None:
        return bool(theirs.values.get("worker.ssin") == ssin)
    persons = [
        [str(draft.values.get(name, "")).casefold() for name in _OF_A_PERSON] for draft in (ours, theirs)
    ]
    return persons[0] == persons[1] and all(persons[0])


def _is_same_employer(ours: Draft, theirs: Draft) -> bool:
    # The search was for this employer, and answers may name another of its numbers only.
    numbers = ("employer.nsso_number", "employer.enterprise_number")
    both = [name for name in numbers if name in ours.values and name in theirs.values]
    return all(ours.values[name] == theirs.values[name] for name in both)


def is_period_of(ours: Mapping[str, Any], period: FoundPeriod) -> bool:
    """Tell whether *period* is what the IN *ours* asks for."""
    draft = read_draft(canonical(ours)).draft
    if draft is None or period.is_cancelled:
        return False
    wanted = {name: draft.values.get(name) for name in (*_OF_A_PERIOD, *_FEATURES)}
    wanted["end_date"] = None if wanted["end_date"] == OPEN_END else wanted["end_date"]
    return wanted == {name: period.values.get(name) for name in wanted} and (
        draft.values.get("worker.ssin") is not None
        and draft.values.get("worker.ssin") == period.values.get("worker.ssin")
    )


_FEATURES = ("features.worker_type", "features.joint_committee")


def is_effect_of(ours: Mapping[str, Any], period: FoundPeriod) -> bool:
    """Tell whether *period* stands as the OUT, UPDATE or CANCEL *ours* wants it to stand."""
    draft = read_draft(canonical(ours)).draft
    if draft is None:
        return False
    if draft.kind is Kind.CANCEL:
        return period.is_cancelled
    wanted = {name: value for name, value in draft.values.items() if name in _OF_A_PERIOD}
    if not wanted or period.is_cancelled:
        return False
    return all(_shown(period.values.get(name), name) == value for name, value in wanted.items())


def _shown(value: Any, name: str) -> Any:
    # An UPDATE reopens a period with an end far away; the period then shows no end, or just that.
    return OPEN_END if name == "end_date" and value is None else value
