"""Acknowledged warnings, searches for a person, and the indexes that the cockpit's lists need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "acknowledgements",
        sa.Column("id", _ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("intent", _ROW_ID, sa.ForeignKey("intents.id"), nullable=False, unique=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=False, comment="the person"),
        sa.Column("acknowledged_at", sa.Double(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="encrypted reason"),
    )
    op.create_table(
        "searches",
        sa.Column("id", _ROW_ID, primary_key=True, autoincrement=True),
        sa.Column(
            "reference", sa.Text(), nullable=False, unique=True, comment="random: what stands in an address"
        ),
        sa.Column(
            "worker_hash", sa.Text(), nullable=False, comment="keyed hash of the SSIN that was searched"
        ),
        sa.Column("searched_by", sa.Text(), nullable=False, comment="the person; nobody else may use it"),
        sa.Column("searched_at", sa.Double(), nullable=False),
    )
    op.create_index("ix_searches_at", "searches", ["searched_at"])
    _index_intents()


def _index_intents() -> None:
    tail = ["changed_at", "id"]
    op.create_index("ix_intents_listed", "intents", ["environment", "employer", "state", *tail])
    op.create_index("ix_intents_state", "intents", ["environment", "state", *tail])
    op.create_index("ix_intents_type", "intents", ["environment", "worker_type", *tail])
    op.create_index("ix_intents_kind", "intents", ["environment", "kind", *tail])
    op.create_index("ix_intents_deadline", "intents", ["environment", "file_by", "id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_intents_codes ON intents USING gin (string_to_array(anomalies, ' '))")
    else:
        # SQLite has no such index, but reads through the codes in this one without the rows.
        columns = ["environment", *tail, "anomalies"]
        op.create_index("ix_intents_codes", "intents", columns, sqlite_where=sa.text("anomalies <> ''"))
