"""Whether periods of one worker with one employer get in each other's way (90373-333, -334, 00910-459)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.planning.values import employer_key

_DAY = dt.timedelta(days=1)
_MOST = 2


def _interval(content: DimonaIn) -> tuple[dt.datetime, dt.datetime]:
    last = content.end_date or dt.date.max
    begin = _clock(content.start_hour) if content.start_hour else dt.time()
    end = _clock(content.end_hour) if content.end_hour else dt.time.max
    return dt.datetime.combine(content.start_date, begin), dt.datetime.combine(last, end)


def _clock(hour: str) -> dt.time:
    return dt.time(int(hour[:2]), int(hour[2:]))


def overlaps(one: DimonaIn, other: DimonaIn) -> bool:
    """Tell whether two periods with one employer overlap, by the clock."""
    if employer_key(one.employer) != employer_key(other.employer):
        return False
    (begin, end), (starts, ends) = _interval(one), _interval(other)
    return (begin < ends and starts < end) or (begin, end) == (starts, ends)


def clash(one: DimonaIn, other: DimonaIn) -> bool:
    """Tell whether the NSSO would refuse one beside the other; students may have several in a quarter."""
    return not (one.worker_type == other.worker_type == "STU") and overlaps(one, other)


def runs_on(one: DimonaIn, others: Iterable[DimonaIn]) -> bool:
    """Tell whether occasional work beside *others* would go on for more than two days."""
    if one.worker_type != "EXT":
        return False
    days = {
        other.start_date
        for other in others
        if other.worker_type == "EXT" and employer_key(other.employer) == employer_key(one.employer)
    }
    days.discard(one.start_date)
    before, after = _running(one.start_date, -_DAY, days), _running(one.start_date, _DAY, days)
    return 1 + before + after > _MOST


def _running(day: dt.date, step: dt.timedelta, days: Collection[dt.date]) -> int:
    count = 0
    while day + step in days:
        day += step
        count += 1
    return count


def is_near(one: DimonaIn, other: DimonaIn) -> bool:
    """Tell whether two days of occasional work may count as days in a row."""
    both = one.worker_type == other.worker_type == "EXT"
    return both and abs((one.start_date - other.start_date).days) <= _MOST
