"""What the NSSO showed: periods that were imported, and gaps that reconciliation found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("solved IS NULL")


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False, comment="enterprise or NSSO number"),
        sa.Column("reader", sa.Text(), comment="token of the reading under way; empty when there is none"),
        sa.Column("next_query", sa.Text(), comment="the page that this reading comes to next"),
        sa.Column(
            "pages", sa.Integer(), nullable=False, server_default="0", comment="pages that it has read"
        ),
        sa.Column("began_at", sa.Double()),
        sa.Column("touched_at", sa.Double(), comment="when it came to its last page"),
        sa.Column("imported_at", sa.Double(), comment="when all periods had been read, the last time"),
        sa.Column("waived_at", sa.Double()),
        sa.Column("waived_by", sa.Text(), comment="who decided that no import is needed"),
        sa.Column("reason", sa.Text(), comment="why; never a value"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("environment", "employer", name="uq_contacts_once"),
    )
    op.create_table(
        "periods",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False, comment="by the number that it was asked for with"),
        sa.Column("period_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "worker_hash", sa.Text(), comment="keyed hash of the SSIN; empty where the NSSO shows none"
        ),
        sa.Column("worker_type", sa.Text()),
        sa.Column("joint_committee", sa.Text()),
        sa.Column("start_date", sa.Text(), nullable=False),
        sa.Column("end_date", sa.Text(), comment="empty for an open one"),
        sa.Column("start_hour", sa.Text()),
        sa.Column("end_hour", sa.Text()),
        sa.Column("planned_hours", sa.Integer()),
        sa.Column("is_cancelled", sa.Boolean(), nullable=False),
        sa.Column("is_locked", sa.Boolean(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("employment", sa.Text(), comment="the employment that it was matched to"),
        sa.Column("first_seen_at", sa.Double(), nullable=False),
        sa.Column(
            "changed_at", sa.Double(), nullable=False, comment="when it was first shown as it stands here"
        ),
        sa.Column("seen_at", sa.Double(), nullable=False, comment="when the NSSO last showed it so"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("environment", "employer", "period_id", name="uq_periods_once"),
    )
    op.create_index("ix_periods_worker", "periods", ["environment", "worker_hash"])
    _create_gaps()


def _create_gaps() -> None:
    op.create_table(
        "gaps",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "reference",
            sa.Text(),
            nullable=False,
            comment="what it is about: a period's id, or an employment",
        ),
        sa.Column("employment", sa.Text(), comment="payroll's own id, where payroll knows it"),
        sa.Column("period_id", sa.BigInteger()),
        sa.Column("detail", sa.Text(), nullable=False, comment="which fields; never a value"),
        sa.Column("first_seen", sa.Double(), nullable=False),
        sa.Column("last_seen", sa.Double(), nullable=False),
        sa.Column("solved", sa.Double(), comment="when a reconciliation no longer found it"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "uq_gaps_open",
        "gaps",
        ["environment", "employer", "kind", "reference"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_gaps_seen", "gaps", ["environment", "employer", "last_seen"])
