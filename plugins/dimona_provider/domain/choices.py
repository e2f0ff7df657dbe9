"""What a person may choose after an outcome that the machine may not act on, and by when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from dimona_provider.domain.anomalies import Bucket, anomaly
from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.planning.lawful import answer_by, is_past, undo_by
from dimona_provider.domain.planning.words import DecisionKind, Option

_SPOILT_PAY = {
    "FLX": frozenset({"90017-510", "90017-058"}),
    "STU": frozenset({"90017-369"}),
}
"""Warnings that change what the period is for pay, and that somebody can still do something about."""

_ELSEWHERE = frozenset({Bucket.OVERLAP, Bucket.IDENTITY, Bucket.RIGHTS, Bucket.CLOSED_DOOR})
"""Refusals whose cause need not be in the declaration: the very same may be taken once it is gone."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A question about one declaration."""

    kind: DecisionKind
    options: tuple[Option, ...]
    """The harmless one first."""
    answer_by: dt.datetime


def spoilt_types() -> frozenset[str]:
    """Return the worker types of which a warning may be a question."""
    return frozenset(_SPOILT_PAY)


def of_warning(
    worker_type: str | None, codes: Sequence[str], content: DimonaIn, now: dt.datetime
) -> Choice | None:
    """
    Return what may be done about an IN that was accepted with a warning; None where nothing is to be chosen.

    Cancelling is offered while it is lawful, and the question ends with it: an answer later files nothing.
    """
    spoilt = _SPOILT_PAY.get(worker_type or "", frozenset()).intersection(codes)
    if not spoilt:
        return None
    options = [Option.KEEP, Option.CORRECT]
    if any(anomaly(code).bucket is Bucket.CONDITIONS for code in spoilt):
        options.append(Option.APPROVED)
    limit = undo_by(content)
    if not is_past(limit, now):
        options.append(Option.CANCEL)
    return Choice(DecisionKind.WARNED, tuple(options), _until(limit, now))


def of_refusal(codes: Sequence[str], file_by: dt.datetime | None, now: dt.datetime) -> Choice | None:
    """Return what may be done about a refusal (B); None where the declaration itself is what is wrong."""
    if not codes or any(anomaly(code).bucket not in _ELSEWHERE for code in codes):
        return None
    options = (Option.KEEP, Option.CORRECT, Option.AGAIN)
    return Choice(DecisionKind.REFUSED, options, _until(file_by, now))


def of_unclear(file_by: dt.datetime | None, now: dt.datetime) -> Choice:
    """Return what may be done about a declaration of which nobody knows whether it arrived."""
    return Choice(DecisionKind.UNCLEAR, (Option.KEEP, Option.NOT_FILED), _until(file_by, now))


def of_unread(file_by: dt.datetime | None, now: dt.datetime) -> Choice:
    """Return what may be said of an outcome with an unknown letter."""
    options = (Option.KEEP, Option.ACCEPTED, Option.ACCEPTED_WITH_WARNING, Option.NOT_ACCEPTED)
    return Choice(DecisionKind.UNREAD, options, _until(file_by, now))


def _until(limit: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    """Return the end of the next working day, or the law's own limit if that comes sooner."""
    usual = answer_by(now)
    if limit is None or is_past(limit, now):
        return usual
    return min(limit, usual, key=dt.datetime.timestamp)
