"""How long the ledger keeps what has ended: a setting of Airflow, applied once a day at most."""

from __future__ import annotations

import datetime as dt

from airflow.sdk.configuration import conf

from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.errors import ConfigurationError
from dimona_provider.ledger import Ledger
from dimona_provider.ledger.retention import Purged, purge, purged_since

FEWEST_DAYS = 30
"""Fewer would take outcomes away before payroll, or whoever looks into a complaint, has seen them."""


def retention_days() -> int | None:
    """Return ``retention_days`` of section ``dimona``, None for ever. Raises ConfigurationError."""
    raw = (conf.get("dimona", "retention_days", fallback="") or "").strip()
    if not raw:
        return None
    if not (raw.isascii() and raw.isdigit() and FEWEST_DAYS <= int(raw[:6]) < 10**5):
        raise ConfigurationError(
            "retention_days in section dimona of Airflow's configuration must be a number of days, "
            f"{FEWEST_DAYS} at least, or empty: nothing is deleted then"
        )
    return int(raw)


def apply_retention(ledger: Ledger, days: int, *, now: float) -> Purged:
    """Purge what ended more than *days* before today, in Brussels; nothing when that was done today."""
    midnight = dt.datetime.combine(dt.datetime.fromtimestamp(now, BRUSSELS), dt.time(), tzinfo=BRUSSELS)
    if purged_since(ledger, midnight.timestamp()):
        return Purged()
    return purge(ledger, (midnight - dt.timedelta(days=days)).timestamp(), now=now)
