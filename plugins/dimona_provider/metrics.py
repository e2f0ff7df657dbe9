"""
Passes numbers on to Airflow's own metrics.

Where those go is Airflow's configuration: StatsD, Datadog, OpenTelemetry or nowhere.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from airflow.sdk.observability import stats

from dimona_provider.api.settings import BASE_URLS
from dimona_provider.tally import Tally

PREFIX = "dimona"
log = logging.getLogger(__name__)


def emit(tally: Tally) -> None:
    """Send what *tally* has added up, one packet for each name; never fails what it measures."""
    taken = tally.take()
    try:
        for name, number in taken.counts.items():
            stats.incr(f"{PREFIX}.{_valid(name)}", number)
        for name, seconds in taken.longest.items():
            stats.timing(f"{PREFIX}.{_valid(name)}", dt.timedelta(seconds=seconds))
        for name, value in taken.levels.items():
            stats.gauge(f"{PREFIX}.{_valid(name)}", value)
    except Exception as error:  # noqa: BLE001 - a server of metrics that is down must not stop a declaration
        log.warning("metrics could not be sent (%s)", type(error).__name__)


def named(levels: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """
    Return the gauges of environments under names that tell these apart: no URL fits into a metric's name.

    >>> named({"http://127.0.0.1:8080/REST/dimona/v2": {"open.held": 1.0}})
    {'custom.open.held': 1.0}
    """
    words = {url: word for word, url in BASE_URLS.items()}
    found: dict[str, float] = {}
    for environment, values in levels.items():
        for name, value in values.items():
            name_there = f"{words.get(environment, 'custom')}.{name}"
            found[name_there] = found.get(name_there, 0.0) + value
    return found


def _valid(name: str) -> str:
    # A connection's id may hold what no metric's name may.
    return stats.normalize_name_for_stats(name, log_warning=False)
