"""By when the law wants a declaration filed; all instants in Europe/Brussels."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

BRUSSELS = ZoneInfo("Europe/Brussels")


def file_in_by(start_date: dt.date, start_hour: str | None) -> dt.datetime:
    """
    Return the moment the worker starts: the last lawful instant for an IN.

    Without an hour the day itself counts, from its first minute: payroll does not say when work begins.
    """
    hour, minute = (int(start_hour[:2]), int(start_hour[2:])) if start_hour else (0, 0)
    return dt.datetime.combine(start_date, dt.time(hour, minute), tzinfo=BRUSSELS)


def brussels_today(now: float) -> dt.date:
    """Return the calendar day in Brussels at *now*, in epoch seconds."""
    return dt.datetime.fromtimestamp(now, tz=BRUSSELS).date()
