"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column(
            "reference", sa.Text(), nullable=False, comment="random; the only thing that crosses Airflow"
        ),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("dimona_conn_id", sa.Text(), nullable=False, comment="the connection that files it"),
        sa.Column("origin", sa.Text(), nullable=False, comment="who made it; a retry finds it again"),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("polled_by", sa.Text(), nullable=True, comment="the poller that holds the lease"),
        sa.Column("polled_until", sa.Double(), nullable=True, comment="when that lease ends"),
        sa.PrimaryKeyConstraint("reference"),
        sa.UniqueConstraint("origin"),
    )
    op.create_index("ix_batches_run", "batches", ["dag_id", "run_id"], unique=False)
    op.create_table(
        "findings",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="malformed or not_handled"),
        sa.Column(
            "place", sa.Text(), nullable=False, comment="where in the source, for records without a usable id"
        ),
        sa.Column("employment", sa.Text(), nullable=True),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("dag_id", "run_id", "place", "field", "reason", name="uq_findings_once"),
    )
    op.create_table(
        "ledger_info",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "key_fingerprint",
            sa.Text(),
            nullable=False,
            comment="of the keys that this ledger is encrypted with",
        ),
        sa.Column(
            "canary",
            sa.LargeBinary(),
            nullable=False,
            comment="a known word, encrypted: shows a wrong key at once",
        ),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "staged_pages",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("export", sa.Text(), nullable=False, comment="random reference of one reading of payroll"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "body", sa.LargeBinary(), nullable=False, comment="encrypted records; deleted once planned"
        ),
        sa.Column("staged_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("export", "number", name="uq_staged_pages_once"),
    )
    op.create_table(
        "intents",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("reference", sa.Text(), nullable=False, comment="random, for people and commands"),
        sa.Column("batch", sa.Text(), nullable=True, comment="empty until planned into a run"),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False, comment="enterprise or NSSO number"),
        sa.Column("subject", sa.Text(), nullable=False, comment="what at most one intent may be open for"),
        sa.Column(
            "employment", sa.Text(), nullable=False, comment="payroll's own id; proven to hold no SSIN"
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "content", sa.Text(), nullable=False, comment="keyed hash of the declaration without its worker"
        ),
        sa.Column(
            "basis",
            sa.Text(),
            nullable=False,
            comment="the last effective declaration it builds on, or empty",
        ),
        sa.Column(
            "depends_on",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="goes only after A or W of that one",
        ),
        sa.Column(
            "worker_hash", sa.Text(), nullable=True, comment="keyed hash of the SSIN, else of the identity"
        ),
        sa.Column("worker_type", sa.Text(), nullable=True),
        sa.Column("file_by", sa.Double(), nullable=True, comment="last lawful instant"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="encrypted REST body"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it is held or unclear; never a value"),
        sa.Column("claim", sa.Text(), nullable=True, comment="token of the sender that holds it"),
        sa.Column("claimed_until", sa.Double(), nullable=True),
        sa.Column("not_before", sa.Double(), nullable=True, comment="Retry-After"),
        sa.Column("declaration_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "filed_at",
            sa.Double(),
            nullable=True,
            comment="when the 201 was read: anchor of the polling grid",
        ),
        sa.Column("result", sa.Text(), nullable=True, comment="the service's letter"),
        sa.Column("period_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "anomalies", sa.Text(), server_default="", nullable=False, comment="codes, separated by spaces"
        ),
        sa.Column("answered_at", sa.Double(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch"],
            ["batches.reference"],
        ),
        sa.ForeignKeyConstraint(
            ["depends_on"],
            ["intents.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("environment", "declaration_id", name="uq_intents_declaration"),
        sa.UniqueConstraint(
            "environment", "employer", "subject", "kind", "content", "basis", name="uq_intents_key"
        ),
        sa.UniqueConstraint("reference"),
    )
    op.create_index("ix_intents_batch", "intents", ["batch", "state"], unique=False)
    op.create_index("ix_intents_changed", "intents", ["environment", "changed_at", "id"], unique=False)
    op.create_index("ix_intents_worker", "intents", ["environment", "employer", "worker_hash"], unique=False)
    op.create_index(
        "uq_intents_open",
        "intents",
        ["environment", "employer", "subject"],
        unique=True,
        sqlite_where=sa.text("state IN ('held', 'identifying', 'planned', 'sending', 'sent', 'unclear')"),
        postgresql_where=sa.text("state IN ('held', 'identifying', 'planned', 'sending', 'sent', 'unclear')"),
    )
    op.create_table(
        "answers",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("intent", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("declaration_id", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("period_id", sa.BigInteger(), nullable=True),
        sa.Column("anomalies", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="encrypted answer"),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["intent"],
            ["intents.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("environment", "declaration_id", "result", name="uq_answers_once"),
    )
    op.create_index("ix_answers_intent", "answers", ["intent"], unique=False)
    op.create_table(
        "attempts",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("intent", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.Double(), nullable=False, comment="committed before the POST leaves"),
        sa.Column("sent_at", sa.Double(), nullable=True),
        sa.Column(
            "read_at",
            sa.Double(),
            nullable=True,
            comment="empty: nothing was read, so the declaration may have arrived",
        ),
        sa.Column(
            "verdict", sa.Text(), nullable=True, comment="filed, not_received, refused, unclear or not_sent"
        ),
        sa.Column("detail", sa.Text(), nullable=True, comment="status or kind of failure; never a body"),
        sa.Column("declaration_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["intent"],
            ["intents.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_attempts_claim", "attempts", ["claim"], unique=False)
    op.create_index("ix_attempts_intent", "attempts", ["intent"], unique=False)
    op.create_table(
        "events",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="DAG run and task, or the person"),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("intent", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["intent"],
            ["intents.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_events_batch", "events", ["batch"], unique=False)
    op.create_index("ix_events_intent", "events", ["intent"], unique=False)
