"""
The ledger's tables of planning: payroll's latest word on each employment, and what people are asked.

Persons stand only in the encrypted ``body`` columns.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from dimona_provider.ledger.schema import metadata

_RowId = BigInteger().with_variant(Integer(), "sqlite")

employments = Table(
    "employments",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("environment", Text, nullable=False),
    Column("employment", Text, nullable=False, comment="payroll's own id; proven to hold no SSIN"),
    Column("employer", Text, nullable=False, comment="enterprise or NSSO number"),
    Column("worker_hash", Text, nullable=False, comment="keyed hash of the SSIN, else of the identity"),
    Column("content", Text, nullable=False, comment="keyed hash of the wish without its worker"),
    Column("body", LargeBinary, nullable=False, comment="encrypted wish"),
    Column("plan_at", Double, comment="when to plan it again; empty while nothing is to be done"),
    Column("seen_at", Double, nullable=False, comment="when payroll exported it last"),
    Column("changed_at", Double, nullable=False, comment="when it last said something else"),
    UniqueConstraint("environment", "employment", name="uq_employments_once"),
    Index("ix_employments_worker", "environment", "worker_hash"),
    Index("ix_employments_plan", "environment", "plan_at"),
)

served = Table(
    "served",
    metadata,
    Column("intent", _RowId, ForeignKey("intents.id"), primary_key=True, autoincrement=False),
    Column("employment", Text, primary_key=True, comment="one that its period serves afterwards"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("reference", Text, nullable=False, unique=True, comment="random, for people and commands"),
    Column("environment", Text, nullable=False),
    Column("employer", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False, comment="keyed hash of what is asked: the same is asked once"),
    Column("employments", Text, nullable=False, comment="JSON list of payroll's ids"),
    Column("options", Text, nullable=False, comment="separated by spaces; the harmless one first"),
    Column("answer_by", Double, nullable=False, comment="afterwards the harmless option holds"),
    Column("body", LargeBinary, nullable=False, comment="encrypted declarations that a yes would file"),
    Column("asked_at", Double, nullable=False),
    Column("answer", Text),
    Column("answered_by", Text, comment="the person"),
    Column("answered_at", Double),
    Column("intent", _RowId, comment="the declaration it is about; empty: a plan's"),
    Column("asking", _RowId, comment="empty until put to people"),
    UniqueConstraint("environment", "key", name="uq_decisions_once"),
    Index("ix_decisions_open", "environment", "answered_at", "answer_by"),
    Index("ix_decisions_asking", "asking"),
    Index("ix_decisions_intent", "intent"),
)

askings = Table(
    "askings",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("reference", Text, nullable=False, unique=True, comment="random; what crosses Airflow"),
    Column("environment", Text, nullable=False),
    Column("employer", Text, nullable=False),
    Column("day", Text, nullable=False, comment="in Brussels, as YYYY-MM-DD"),
    Column("origin", Text, nullable=False, comment="the task that collected it"),
    Column("asked_at", Double, nullable=False),
    Column("answer_by", Double, nullable=False, comment="the last deadline of its questions"),
    Column("ended_at", Double, comment="when somebody answered, or nobody had in time"),
    Index("ix_askings_day", "environment", "employer", "day"),
    Index("ix_askings_origin", "origin"),
)
