"""Instants, spans of time and environments as people in Belgium read them."""

from __future__ import annotations

import datetime as dt

from dimona_provider.api.settings import BASE_URLS
from dimona_provider.domain.deadlines import BRUSSELS


def moment(at: float | str | None) -> str:
    """
    Return an instant, epoch seconds or ISO 8601, on Brussels' clock; a dash for none.

    >>> moment(1_800_000_000.0), moment("2027-01-15T08:00:00.250Z"), moment(None)
    ('2027-01-15 09:00:00', '2027-01-15 09:00:00', '-')
    """
    found = _read(at)
    return "-" if found is None else found.strftime("%Y-%m-%d %H:%M:%S")


def iso_moment(at: float | str | None) -> str:
    """
    Return an instant as a machine reads it, in UTC; empty for none.

    >>> iso_moment(1_800_000_000.0)
    '2027-01-15T08:00:00+00:00'
    """
    found = _read(at)
    return "" if found is None else found.astimezone(dt.UTC).isoformat(timespec="seconds")


def span(seconds: float | None) -> str:
    """
    Return a length of time in its largest sensible unit.

    >>> span(3.21), span(95), span(7260), span(None)
    ('3.2 s', '1.6 min', '2.0 h', '-')
    """
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def badge(environment: str) -> str:
    """
    Return what kind of NSSO a base URL leads to: ``production``, ``simulation`` or ``custom``.

    >>> badge("https://services.socialsecurity.be/REST/dimona/v2"), badge("http://127.0.0.1:1/x")
    ('production', 'custom')
    """
    return next((name for name, url in BASE_URLS.items() if url == environment), "custom")


def _read(at: float | str | None) -> dt.datetime | None:
    if at is None or at == "":
        return None
    found = dt.datetime.fromisoformat(at) if isinstance(at, str) else dt.datetime.fromtimestamp(at, tz=dt.UTC)
    return found.astimezone(BRUSSELS)
