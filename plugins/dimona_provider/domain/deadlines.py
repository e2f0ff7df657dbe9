"""By when the law wants a declaration filed; all instants in Europe/Brussels."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from dimona_provider.domain.declaration import OPEN_END, Kind

BRUSSELS = ZoneInfo("Europe/Brussels")


def file_in_by(start_date: dt.date, start_hour: str | None) -> dt.datetime:
    """
    Return the moment the worker starts: the last lawful instant for an IN.

    Without an hour the day itself counts, from its first minute: payroll does not say when work begins.
    """
    hour, minute = (int(start_hour[:2]), int(start_hour[2:])) if start_hour else (0, 0)
    return dt.datetime.combine(start_date, dt.time(hour, minute), tzinfo=BRUSSELS)


def file_out_by(end_date: dt.date) -> dt.datetime:
    """
    Return the end of the first working day after the employment ends: the last lawful instant for an OUT.

    Monday to Friday are working days; that public holidays are none is left aside, which is the stricter way.
    """
    day = end_date + dt.timedelta(days=1)
    while day.isoweekday() > _FRIDAY:
        day += dt.timedelta(days=1)
    return _end_of(day)


def update_by(start_date: dt.date | None, end_date: dt.date | None) -> dt.datetime | None:
    """
    Return until when an UPDATE of these dates is lawful whatever the period was before; None: can't be said.

    Which deadline holds depends on the period as it was; this is the earliest of those that may.
    """
    if end_date == OPEN_END or (start_date is None and end_date is None):
        return None
    limits = [file_in_by(start_date, None)] if start_date else []
    limits += [file_out_by(end_date)] if end_date else []
    return min(limits)


def cancel_by(start_date: dt.date) -> dt.datetime:
    """Return the end of the day on which the period begins: the last lawful instant for a CANCEL."""
    return _end_of(start_date)


def follow_up_by(
    kind: Kind, start_date: dt.date | None, end_date: dt.date | None, period_start: dt.date | None
) -> dt.datetime | None:
    """
    Return the last lawful instant of an OUT, UPDATE or CANCEL; None where it can't be said.

    *start_date* and *end_date* are what it says, *period_start* is the first day of the period it is about.
    """
    if kind is Kind.OUT:
        return file_out_by(end_date) if end_date else None
    if kind is Kind.UPDATE:
        return update_by(start_date, end_date)
    return cancel_by(period_start) if kind is Kind.CANCEL and period_start else None


_FRIDAY = 5


def _end_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=BRUSSELS)


def brussels_today(now: float) -> dt.date:
    """Return the calendar day in Brussels at *now*, in epoch seconds."""
    return dt.datetime.fromtimestamp(now, tz=BRUSSELS).date()
