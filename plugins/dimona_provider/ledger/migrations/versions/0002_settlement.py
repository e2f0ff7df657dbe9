"""What settlement, the follow-up and the hold switch need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "attempts",
        sa.Column(
            "known_up_to",
            sa.BigInteger(),
            nullable=True,
            comment="highest declaration id known when it was claimed",
        ),
    )
    op.create_table(
        "holds",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("dimona_conn_id", sa.Text(), nullable=False, comment="empty: every connection"),
        sa.Column("employer", sa.Text(), nullable=False, comment="empty: every employer"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("dimona_conn_id", "employer", name="uq_holds_once"),
    )
    op.create_table(
        "looks",
        sa.Column("intent", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column(
            "at",
            sa.Double(),
            nullable=False,
            comment="when the follow-up last asked: the next may come an hour later",
        ),
        sa.ForeignKeyConstraint(["intent"], ["intents.id"]),
        sa.PrimaryKeyConstraint("intent"),
    )
