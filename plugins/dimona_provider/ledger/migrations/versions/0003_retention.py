"""What deleting needs: whoever is waited for is found without reading all of the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SOME = sa.text("depends_on IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_intents_depends",
        "intents",
        ["depends_on"],
        unique=False,
        sqlite_where=_SOME,
        postgresql_where=_SOME,
    )
