"""When a declaration is too early or too late: Brussels time, working days, deadlines (domain facts, 3)."""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from include.dimona_simulator.model import Span
from include.dimona_simulator.tables import TypeRule

_BRUSSELS = ZoneInfo("Europe/Brussels")
_DAY = timedelta(days=1)
_END_HOUR_LATER = timedelta(hours=8)
_EVENING, _MORNING = "2000", time(8)


def local(instant: float) -> datetime:
    """Give what the clocks in Brussels show at an instant (epoch seconds), without time zone."""
    return datetime.fromtimestamp(instant, _BRUSSELS).replace(tzinfo=None)


def quarter(day: date) -> tuple[int, int]:
    """Give the year and the quarter, from 0, of a day."""
    return day.year, (day.month - 1) // 3


def is_too_early(span: Span, rule: TypeRule, today: date) -> bool:
    """Tell whether a period may not be declared yet."""
    if rule.days_before_quarter is not None:
        year, number = quarter(span.start)
        return (date(year, number * 3 + 1, 1) - today).days > rule.days_before_quarter
    return rule.days_ahead is not None and (span.start - today).days > rule.days_ahead


def starts_too_late(span: Span, moment: datetime) -> bool:
    """Tell whether work has begun: on the start date from the start hour on, without hour the day after."""
    if span.start_hour is None:
        return moment.date() > span.start
    return moment > datetime.combine(span.start, clock(span.start_hour))


def closes_too_late(end: date, moment: datetime) -> bool:
    """Tell whether the first working day after the end has passed."""
    return moment.date() > first_working_day_after(end)


def changes_too_late(before: Span, after: Span, moment: datetime) -> bool:
    """Tell whether an update comes too late for one of the things it moves."""
    starts_moved = (before.start, before.start_hour) != (after.start, after.start_hour)
    ends_moved = (before.end, before.end_hour) != (after.end, after.end_hour)
    return (starts_moved and starts_too_late(after, moment)) or (
        ends_moved and _end_moved_too_late(before, after, moment)
    )


def clock(hour: str) -> time:
    """Read ``HHMM``."""
    return time(int(hour[:2]), int(hour[2:]))


@cache
def first_working_day_after(day: date) -> date:
    """
    Give the next day from Monday to Friday that is no public holiday.

    >>> first_working_day_after(date(2026, 4, 3))  # Good Friday; Monday is Easter Monday
    datetime.date(2026, 4, 7)
    """
    following = min(day, date.max - 9 * _DAY) + _DAY
    while following.weekday() >= 5 or following in _holidays(following.year):
        following += _DAY
    return following


def _end_moved_too_late(before: Span, after: Span, moment: datetime) -> bool:
    if before.end is None or (after.end is not None and after.end < after.start):  # refused anyway
        return False
    earlier = after.end is not None and (after.end, after.end_hour or "") < (
        before.end,
        before.end_hour or "",
    )
    if before.end_hour is None or after.end_hour is None:
        return closes_too_late(after.end if earlier and after.end else before.end, moment)
    if earlier and after.end is not None:
        return moment.date() > after.end
    if before.end_hour >= _EVENING:
        return moment > datetime.combine(before.end + _DAY, _MORNING)
    return moment > datetime.combine(before.end, clock(before.end_hour)) + _END_HOUR_LATER


@cache
def _holidays(year: int) -> frozenset[date]:
    easter = _easter(year)
    moving = (easter + timedelta(days=days) for days in (1, 39, 50))
    fixed = ((1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25))
    return frozenset([*moving, *(date(year, month, day) for month, day in fixed)])


def _easter(year: int) -> date:
    """Give Easter Sunday of the Gregorian calendar (Gauss's rule in Butcher's form)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    lunar = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - lunar + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
