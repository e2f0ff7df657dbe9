"""Until when a period may still be changed, and what must not change too late (docs/payroll.md)."""

from __future__ import annotations

import datetime as dt

from dimona_provider.domain.deadlines import BRUSSELS, cancel_by, file_in_by, file_out_by
from dimona_provider.domain.declaration import DimonaIn

SPOILT_BY_LATENESS = frozenset({"STU", "FLX", "EXT", "O17", "S17", "T17"})
"""Types whose whole period counts as late, and loses its regime, after one late change."""

_EVENING, _MORNING = "2000", dt.time(8)
_MARGIN = dt.timedelta(hours=8)


def is_past(limit: dt.datetime, now: dt.datetime) -> bool:
    """Tell whether *limit* has passed; by instant, because clocks show one hour twice in October."""
    return now.timestamp() >= limit.timestamp()


def has_hours(content: DimonaIn) -> bool:
    """Tell whether this is work of some hours of a day."""
    return content.start_hour is not None


def starts_at(content: DimonaIn) -> dt.datetime:
    """Return the moment when work starts: an IN is due by then."""
    return file_in_by(content.start_date, content.start_hour)


def undo_by(content: DimonaIn) -> dt.datetime:
    """
    Return until when the beginning of a period can be taken back although there will be work.

    With hours that is when work starts: afterwards a CANCEL would say that there was none. Without, it is the
    end of the declared day, as for every CANCEL.
    """
    return starts_at(content) if has_hours(content) else cancel_by(content.start_date)


def change_by(before: DimonaIn, after: DimonaIn) -> dt.datetime | None:
    """Return the last lawful instant for changing a period; None when only planned hours change."""
    limits = []
    if (before.start_date, before.start_hour) != (after.start_date, after.start_hour):
        limits += [_earlier(starts_at(after), undo_by(before))]
    if before.end_date is not None and (before.end_date, before.end_hour) != (after.end_date, after.end_hour):
        limits.append(_end_by(before, before.end_date, after))
    return min(limits, key=dt.datetime.timestamp) if limits else None


def _earlier(one: dt.datetime, other: dt.datetime) -> dt.datetime:
    return min(one, other, key=dt.datetime.timestamp)


def _end_by(before: DimonaIn, end: dt.date, after: DimonaIn) -> dt.datetime:
    is_earlier = after.end_date is not None and (after.end_date, after.end_hour or "") < (
        end,
        before.end_hour or "",
    )
    if before.end_hour is None or after.end_hour is None:
        return file_out_by(after.end_date if is_earlier and after.end_date else end)
    if is_earlier and after.end_date is not None:
        return cancel_by(after.end_date)  # midnight of the day concerned
    if before.end_hour >= _EVENING:
        return dt.datetime.combine(end + dt.timedelta(days=1), _MORNING, tzinfo=BRUSSELS)
    ended = file_in_by(end, before.end_hour)
    # Eight hours by the clock or by time: in the nights when clocks change the stricter of the two holds.
    return _earlier(ended + _MARGIN, (ended.astimezone(dt.UTC) + _MARGIN).astimezone(BRUSSELS))


def answer_by(now: dt.datetime) -> dt.datetime:
    """Return until when a question raised at *now* waits for an answer: the end of the next working day."""
    return file_out_by(now.astimezone(BRUSSELS).date())
