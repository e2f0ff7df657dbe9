"""Payroll's latest word on each employment, which employments a period serves, and questions for people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WITH_PERIOD = sa.text("period_id IS NOT NULL")


def upgrade() -> None:
    _employments()
    op.create_table(
        "served",
        sa.Column("intent", _RowId, sa.ForeignKey("intents.id"), nullable=False, autoincrement=False),
        sa.Column("employment", sa.Text(), nullable=False, comment="one that its period serves afterwards"),
        sa.PrimaryKeyConstraint("intent", "employment"),
    )
    _decisions()
    op.create_index("ix_intents_person", "intents", ["environment", "worker_hash"])
    op.create_index("ix_intents_employment", "intents", ["environment", "employment"])
    op.create_index(
        "ix_intents_period",
        "intents",
        ["environment", "period_id"],
        sqlite_where=_WITH_PERIOD,
        postgresql_where=_WITH_PERIOD,
    )


def _employments() -> None:
    op.create_table(
        "employments",
        sa.Column("id", _RowId, primary_key=True, autoincrement=True),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column(
            "employment", sa.Text(), nullable=False, comment="payroll's own id; proven to hold no SSIN"
        ),
        sa.Column("employer", sa.Text(), nullable=False, comment="enterprise or NSSO number"),
        sa.Column(
            "worker_hash", sa.Text(), nullable=False, comment="keyed hash of the SSIN, else of the identity"
        ),
        sa.Column("content", sa.Text(), nullable=False, comment="keyed hash of the wish without its worker"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="encrypted wish"),
        sa.Column("plan_at", sa.Double(), comment="when to plan it again; empty while nothing is to be done"),
        sa.Column("seen_at", sa.Double(), nullable=False, comment="when payroll exported it last"),
        sa.Column("changed_at", sa.Double(), nullable=False, comment="when it last said something else"),
        sa.UniqueConstraint("environment", "employment", name="uq_employments_once"),
    )
    op.create_index("ix_employments_worker", "employments", ["environment", "worker_hash"])
    op.create_index("ix_employments_plan", "employments", ["environment", "plan_at"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", _RowId, primary_key=True, autoincrement=True),
        sa.Column(
            "reference", sa.Text(), nullable=False, unique=True, comment="random, for people and commands"
        ),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "key", sa.Text(), nullable=False, comment="keyed hash of what is asked: the same is asked once"
        ),
        sa.Column("employments", sa.Text(), nullable=False, comment="JSON list of payroll's ids"),
        sa.Column(
            "options", sa.Text(), nullable=False, comment="separated by spaces; the harmless one first"
        ),
        sa.Column("answer_by", sa.Double(), nullable=False, comment="afterwards the harmless option holds"),
        sa.Column(
            "body", sa.LargeBinary(), nullable=False, comment="encrypted declarations that a yes would file"
        ),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("answered_by", sa.Text(), comment="the person"),
        sa.Column("answered_at", sa.Double()),
        sa.UniqueConstraint("environment", "key", name="uq_decisions_once"),
    )
    op.create_index("ix_decisions_open", "decisions", ["environment", "answered_at", "answer_by"])
