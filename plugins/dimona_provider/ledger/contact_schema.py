"""
The ledger's tables of what the NSSO showed: the periods of an employer, and where they differ from ours.

No person stands in them; a worker is a keyed hash, as in ``intents``. Days and hours are text in the forms
``YYYY-MM-DD`` and ``HHMM``.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from dimona_provider.ledger.schema import metadata

_RowId = BigInteger().with_variant(Integer(), "sqlite")

contacts = Table(
    "contacts",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("environment", Text, nullable=False),
    Column("employer", Text, nullable=False, comment="enterprise or NSSO number"),
    Column("reader", Text, comment="token of the reading under way; empty when there is none"),
    Column("next_query", Text, comment="the page that this reading comes to next"),
    Column("pages", Integer, nullable=False, server_default="0", comment="pages that it has read"),
    Column("began_at", Double),
    Column("touched_at", Double, comment="when it came to its last page"),
    Column("imported_at", Double, comment="when all periods had been read, the last time"),
    Column("waived_at", Double),
    Column("waived_by", Text, comment="who decided that no import is needed"),
    Column("reason", Text, comment="why; never a value"),
    UniqueConstraint("environment", "employer", name="uq_contacts_once"),
)

periods = Table(
    "periods",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("environment", Text, nullable=False),
    Column("employer", Text, nullable=False, comment="by the number that it was asked for with"),
    Column("period_id", BigInteger, nullable=False),
    Column("worker_hash", Text, comment="keyed hash of the SSIN; empty where the NSSO shows none"),
    Column("worker_type", Text),
    Column("joint_committee", Text),
    Column("start_date", Text, nullable=False),
    Column("end_date", Text, comment="empty for an open one"),
    Column("start_hour", Text),
    Column("end_hour", Text),
    Column("planned_hours", Integer),
    Column("is_cancelled", Boolean, nullable=False),
    Column("is_locked", Boolean, nullable=False),
    Column("is_late", Boolean, nullable=False),
    Column("employment", Text, comment="the employment that it was matched to"),
    Column("first_seen_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False, comment="when it was first shown as it stands here"),
    Column("seen_at", Double, nullable=False, comment="when the NSSO last showed it so"),
    UniqueConstraint("environment", "employer", "period_id", name="uq_periods_once"),
    Index("ix_periods_worker", "environment", "worker_hash"),
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("environment", Text, nullable=False),
    Column("employer", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False, comment="what it is about: a period's id, or an employment"),
    Column("employment", Text, comment="payroll's own id, where payroll knows it"),
    Column("period_id", BigInteger),
    Column("detail", Text, nullable=False, comment="which fields; never a value"),
    Column("first_seen", Double, nullable=False),
    Column("last_seen", Double, nullable=False),
    Column("solved", Double, comment="when a reconciliation no longer found it"),
    Index(
        "uq_gaps_open",
        "environment",
        "employer",
        "kind",
        "reference",
        unique=True,
        sqlite_where=text("solved IS NULL"),
        postgresql_where=text("solved IS NULL"),
    ),
    Index("ix_gaps_seen", "environment", "employer", "last_seen"),
)
