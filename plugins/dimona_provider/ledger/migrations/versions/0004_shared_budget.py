"""One request budget for all processes: when the next request of a connection may leave, and who sends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("dimona_conn_id", sa.Text(), nullable=False),
        sa.Column("next_at", sa.Double(), nullable=False, comment="when the next request may leave"),
        sa.Column(
            "urgent_until", sa.Double(), nullable=False, comment="until when others are known to be urgent"
        ),
        sa.Column(
            "patient_at", sa.Double(), nullable=False, comment="when the next patient one may leave meanwhile"
        ),
        sa.PrimaryKeyConstraint("environment", "dimona_conn_id"),
    )
    op.create_table(
        "budget_users",
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("dimona_conn_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="random; of one process"),
        sa.Column("until", sa.Double(), nullable=False, comment="until when it counts"),
        sa.PrimaryKeyConstraint("environment", "dimona_conn_id", "name"),
    )
