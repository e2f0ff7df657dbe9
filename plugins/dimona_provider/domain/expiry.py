"""When somebody is told that a certificate is about to end."""

from __future__ import annotations

import datetime as dt
import math

WARN_AT = (60, 30, 7)
"""Days before the end at which somebody is told: a new certificate passes through other people's hands."""

_DAY = 86_400.0


def days_left(ends_at: float, now: float) -> int:
    """
    Return the whole days until *ends_at*, negative once it has passed.

    >>> days_left(86_400.0 * 7 + 1, now=0.0), days_left(-1.0, now=0.0)
    (7, -1)
    """
    return math.floor((ends_at - now) / _DAY)


def stage(days: int) -> int | None:
    """
    Return the warning that is due with so many days left: 60, 30, 7, 0 when it has ended, None for none.

    >>> [stage(days) for days in (61, 60, 31, 30, 8, 7, 0, -1)]
    [None, 60, 60, 30, 30, 7, 7, 0]
    """
    if days < 0:
        return 0
    return min((at for at in WARN_AT if days <= at), default=None)


def end_phrase(ends_at: float, now: float) -> str:
    """
    Return when a certificate ends, as the rest of a sentence, UTC.

    >>> end_phrase(86_400.0, now=0.0), end_phrase(0.0, now=1.0)
    ('ends on 1970-01-02, in 1 days', 'ended on 1970-01-01')
    """
    day = f"{dt.datetime.fromtimestamp(ends_at, dt.UTC):%Y-%m-%d}"
    days = days_left(ends_at, now)
    return f"ended on {day}" if days < 0 else f"ends on {day}, in {days} days"
