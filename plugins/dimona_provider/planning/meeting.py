"""Whether anything may be planned for an employer: in production its periods have to be known first."""

from __future__ import annotations

import sqlalchemy as sa

from dimona_provider.api.settings import BASE_URLS
from dimona_provider.ledger import contacts

_NEVER_MET = (
    "nobody has read from the NSSO yet whom this employer has declared: run `dimona ledger import`, or waive "
    "it, and let payroll export again (docs/reconciliation.md)"
)


def why_not_met(connection: sa.Connection, environment: str, employer: str) -> str | None:
    """Return why nothing may be planned for an employer yet, or None; outside production it always may."""
    if environment != BASE_URLS["production"] or contacts.is_met(connection, environment, employer):
        return None
    return _NEVER_MET
