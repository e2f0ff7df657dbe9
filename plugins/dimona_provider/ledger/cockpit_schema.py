"""
The ledger's tables of the cockpit: warnings that somebody took note of, and searches for a person.

A person stands only as a keyed hash, or in an encrypted ``body``.
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
)

from dimona_provider.ledger.schema import metadata

_RowId = BigInteger().with_variant(Integer(), "sqlite")

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("intent", _RowId, ForeignKey("intents.id"), nullable=False, unique=True),
    Column("acknowledged_by", Text, nullable=False, comment="the person"),
    Column("acknowledged_at", Double, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="encrypted reason"),
)

searches = Table(
    "searches",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("reference", Text, nullable=False, unique=True, comment="random: what stands in an address"),
    Column("worker_hash", Text, nullable=False, comment="keyed hash of the SSIN that was searched"),
    Column("searched_by", Text, nullable=False, comment="the person; nobody else may use it"),
    Column("searched_at", Double, nullable=False),
    Index("ix_searches_at", "searched_at"),
)
