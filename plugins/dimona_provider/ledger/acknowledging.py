"""Warnings that a person took note of, with the reason: encrypted, since it may say what no list may show."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger.cockpit_schema import acknowledgements
from dimona_provider.ledger.intents import insert_once
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.store import Ledger

ACKNOWLEDGED = "acknowledged"
"""The name of the event; it does not repeat the reason."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who took note of a warning, and why nothing more is to be done."""

    by: str
    at: float
    reason: str = field(repr=False)


def acknowledge(ledger: Ledger, reference: str, *, reason: str, now: float) -> bool:
    """
    Write down that a person took note of a warning; return whether nobody had before.

    Raises DecisionRefused for what is not accepted with a warning.
    """
    with ledger.write() as connection:
        row = connection.execute(
            sa.select(intents.c.id, intents.c.state, intents.c.batch)
            .where(intents.c.reference == reference)
            .with_for_update()
        ).first()
        if row is None:
            raise DecisionRefused("the ledger knows no such reference")
        if row.state != State.WARNED:
            raise DecisionRefused(f"{reference} is {row.state}: there is no warning to take note of")
        values = {
            "intent": row.id,
            "acknowledged_by": ledger.actor,
            "acknowledged_at": now,
            "body": ledger.encrypt(connection, json.dumps({"reason": reason}).encode()),
        }
        insert = insert_once(connection, acknowledgements).values(values).returning(acknowledgements.c.id)
        is_new = connection.scalar(insert) is not None
        if is_new:
            ledger.note(connection, now, ACKNOWLEDGED, intents=[row.id], batch=row.batch)
    return is_new


def acknowledgement(ledger: Ledger, reference: str) -> Acknowledgement | None:
    """Return who took note of a declaration's warning, None while nobody has."""
    query = (
        sa.select(acknowledgements)
        .join(intents, intents.c.id == acknowledgements.c.intent)
        .where(intents.c.reference == reference)
    )
    with ledger.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    said = json.loads(ledger.keys.decrypt(row.body))
    return Acknowledgement(row.acknowledged_by, row.acknowledged_at, said["reason"])
