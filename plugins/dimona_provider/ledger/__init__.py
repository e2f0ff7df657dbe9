"""The record of every declaration: what we decided to file, tried, and were answered. No Airflow, no HTTP."""

from __future__ import annotations

import dimona_provider.ledger.cockpit_schema  # noqa: F401 - so that the metadata has every table
import dimona_provider.ledger.contact_schema  # noqa: F401 - so that the metadata has every table
import dimona_provider.ledger.plan_schema  # noqa: F401 - so that the metadata has every table
from dimona_provider.ledger.store import Ledger, open_ledger

__all__ = ["Ledger", "open_ledger"]
