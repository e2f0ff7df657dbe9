"""Alembic's entry: migrates the connection that setup.py hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from dimona_provider.ledger.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
