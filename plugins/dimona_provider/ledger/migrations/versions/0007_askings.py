"""Questions put to people together in Airflow, and which declaration a question is about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "askings",
        sa.Column("id", _RowId, primary_key=True, autoincrement=True),
        sa.Column(
            "reference", sa.Text(), nullable=False, unique=True, comment="random; what crosses Airflow"
        ),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False, comment="in Brussels, as YYYY-MM-DD"),
        sa.Column("origin", sa.Text(), nullable=False, comment="the task that collected it"),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("answer_by", sa.Double(), nullable=False, comment="the last deadline of its questions"),
        sa.Column("ended_at", sa.Double(), comment="when somebody answered, or nobody had in time"),
    )
    op.create_index("ix_askings_day", "askings", ["environment", "employer", "day"])
    op.create_index("ix_askings_origin", "askings", ["origin"])
    # Foreign keys are the application's here: SQLite can't add them to a table.
    op.add_column(
        "decisions", sa.Column("intent", _RowId, comment="the declaration it is about; empty: a plan's")
    )
    op.add_column("decisions", sa.Column("asking", _RowId, comment="empty until put to people"))
    op.create_index("ix_decisions_asking", "decisions", ["asking"])
    op.create_index("ix_decisions_intent", "decisions", ["intent"])
