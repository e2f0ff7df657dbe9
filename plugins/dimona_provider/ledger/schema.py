"""
The ledger's tables.

Instants are epoch seconds (UTC) as floating point numbers. Persons stand only in the encrypted ``body``
columns. Tables that speak of declarations carry the environment (the base URL): simulation never looks like
production.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UnaryExpression,
    UniqueConstraint,
    text,
    true,
)

from dimona_provider.domain.outcome import OPEN

metadata = MetaData()

_RowId = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up by itself only in an INTEGER key

IS_OPEN = text("state IN (" + ", ".join(f"'{state}'" for state in sorted(OPEN)) + ")")

info = Table(
    "ledger_info",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key_fingerprint", Text, nullable=False, comment="of the keys that this ledger is encrypted with"),
    Column(
        "canary", LargeBinary, nullable=False, comment="a known word, encrypted: shows a wrong key at once"
    ),
    Column("created_at", Double, nullable=False),
)

batches = Table(
    "batches",
    metadata,
    Column("reference", Text, primary_key=True, comment="random; the only thing that crosses Airflow"),
    Column("environment", Text, nullable=False),
    Column("dimona_conn_id", Text, nullable=False, comment="the connection that files it"),
    Column("origin", Text, nullable=False, unique=True, comment="who made it; a retry finds it again"),
    Column("dag_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("polled_by", Text, comment="the poller that holds the lease"),
    Column("polled_until", Double, comment="when that lease ends"),
    Index("ix_batches_run", "dag_id", "run_id"),
)

intents = Table(
    "intents",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("reference", Text, nullable=False, unique=True, comment="random, for people and commands"),
    Column("batch", Text, ForeignKey("batches.reference"), comment="empty until planned into a run"),
    Column("environment", Text, nullable=False),
    Column("employer", Text, nullable=False, comment="enterprise or NSSO number"),
    Column("subject", Text, nullable=False, comment="what at most one intent may be open for"),
    Column("employment", Text, nullable=False, comment="payroll's own id; proven to hold no SSIN"),
    Column("kind", Text, nullable=False),
    Column("content", Text, nullable=False, comment="keyed hash of the declaration without its worker"),
    Column("basis", Text, nullable=False, comment="the last effective declaration it builds on, or empty"),
    Column("depends_on", _RowId, ForeignKey("intents.id"), comment="goes only after A or W of that one"),
    Column("worker_hash", Text, comment="keyed hash of the SSIN, else of the identity"),
    Column("worker_type", Text),
    Column("file_by", Double, comment="last lawful instant"),
    Column("body", LargeBinary, nullable=False, comment="encrypted REST body"),
    Column("state", Text, nullable=False),
    Column("reason", Text, comment="why it is held or unclear; never a value"),
    Column("claim", Text, comment="token of the sender that holds it"),
    Column("claimed_until", Double),
    Column("not_before", Double, comment="Retry-After"),
    Column("declaration_id", BigInteger),
    Column("filed_at", Double, comment="when the 201 was read: anchor of the polling grid"),
    Column("result", Text, comment="the service's letter"),
    Column("period_id", BigInteger),
    Column("anomalies", Text, nullable=False, server_default="", comment="codes, separated by spaces"),
    Column("answered_at", Double),
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    UniqueConstraint("environment", "employer", "subject", "kind", "content", "basis", name="uq_intents_key"),
    UniqueConstraint("environment", "declaration_id", name="uq_intents_declaration"),
    Index("ix_intents_batch", "batch", "state"),
    Index("ix_intents_changed", "environment", "changed_at", "id"),
    # What the cockpit's lists are read by; migration 0008 adds one for codes, another on each database.
    Index("ix_intents_listed", "environment", "employer", "state", "changed_at", "id"),
    Index("ix_intents_state", "environment", "state", "changed_at", "id"),
    Index("ix_intents_type", "environment", "worker_type", "changed_at", "id"),
    Index("ix_intents_kind", "environment", "kind", "changed_at", "id"),
    Index("ix_intents_deadline", "environment", "file_by", "id"),
    Index("ix_intents_worker", "environment", "employer", "worker_hash"),
    Index("ix_intents_person", "environment", "worker_hash"),
    Index("ix_intents_employment", "environment", "employment"),
    Index(
        "ix_intents_period",
        "environment",
        "period_id",
        sqlite_where=text("period_id IS NOT NULL"),
        postgresql_where=text("period_id IS NOT NULL"),
    ),
    Index(
        "ix_intents_depends",
        "depends_on",
        sqlite_where=text("depends_on IS NOT NULL"),
        postgresql_where=text("depends_on IS NOT NULL"),
    ),
    Index(
        "uq_intents_open",
        "environment",
        "employer",
        "subject",
        unique=True,
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    ),
)


def nearest_deadline() -> tuple[UnaryExpression[float], Column[int]]:
    """Return the order in which intents are taken: those without a deadline last, on both databases."""
    return intents.c.file_by.nulls_last(), intents.c.id


attempts = Table(
    "attempts",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("intent", _RowId, ForeignKey("intents.id"), nullable=False),
    Column("claim", Text, nullable=False),
    Column("claimed_at", Double, nullable=False, comment="committed before the POST leaves"),
    Column("known_up_to", BigInteger, comment="highest declaration id known when it was claimed"),
    Column("sent_at", Double),
    Column("read_at", Double, comment="empty: nothing was read, so the declaration may have arrived"),
    Column("verdict", Text, comment="filed, not_received, refused, unclear or not_sent"),
    Column("detail", Text, comment="status or kind of failure; never a body"),
    Column("declaration_id", BigInteger),
    Index("ix_attempts_intent", "intent"),
    Index("ix_attempts_claim", "claim"),
)

holds = Table(
    "holds",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("dimona_conn_id", Text, nullable=False, comment="empty: every connection"),
    Column("employer", Text, nullable=False, comment="empty: every employer"),
    Column("reason", Text, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("placed_at", Double, nullable=False),
    UniqueConstraint("dimona_conn_id", "employer", name="uq_holds_once"),
)

budgets = Table(
    "budgets",
    metadata,
    Column("environment", Text, primary_key=True),
    Column("dimona_conn_id", Text, primary_key=True),
    Column("next_at", Double, nullable=False, comment="when the next request may leave"),
    Column("urgent_until", Double, nullable=False, comment="until when others are known to be urgent"),
    Column("patient_at", Double, nullable=False, comment="when the next patient one may leave meanwhile"),
)

budget_users = Table(
    "budget_users",
    metadata,
    Column("environment", Text, primary_key=True),
    Column("dimona_conn_id", Text, primary_key=True),
    Column("name", Text, primary_key=True, comment="random; of one process"),
    Column("until", Double, nullable=False, comment="until when it counts"),
)

looks = Table(
    "looks",
    metadata,
    Column("intent", _RowId, ForeignKey("intents.id"), primary_key=True, autoincrement=False),
    Column(
        "at", Double, nullable=False, comment="when the follow-up last asked: the next may come an hour later"
    ),
)

answers = Table(
    "answers",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("intent", _RowId, ForeignKey("intents.id"), nullable=False),
    Column("environment", Text, nullable=False),
    Column("declaration_id", BigInteger, nullable=False),
    Column("result", Text, nullable=False),
    Column("period_id", BigInteger),
    Column("anomalies", Text, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="encrypted answer"),
    Column("received_at", Double, nullable=False),
    UniqueConstraint("environment", "declaration_id", "result", name="uq_answers_once"),
    Index("ix_answers_intent", "intent"),
)

events = Table(
    "events",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("what", Text, nullable=False),
    Column("actor", Text, nullable=False, comment="DAG run and task, or the person"),
    Column("batch", Text),
    Column("intent", _RowId, ForeignKey("intents.id")),
    Column("detail", Text, nullable=False, server_default=""),
    Index("ix_events_intent", "intent"),
    Index("ix_events_batch", "batch"),
)

findings = Table(
    "findings",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("environment", Text, nullable=False),
    Column("dag_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="malformed or not_handled"),
    Column("place", Text, nullable=False, comment="where in the source, for records without a usable id"),
    Column("employment", Text),
    Column("field", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("dag_id", "run_id", "place", "field", "reason", name="uq_findings_once"),
)

staged_pages = Table(
    "staged_pages",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("export", Text, nullable=False, comment="random reference of one reading of payroll"),
    Column("number", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="encrypted records; deleted once planned"),
    Column("staged_at", Double, nullable=False),
    UniqueConstraint("export", "number", name="uq_staged_pages_once"),
)


def in_batch(batch: str | None) -> ColumnElement[bool]:
    """Return the condition that an intent belongs to *batch*; None stands for all of the ledger."""
    return true() if batch is None else intents.c.batch == batch
