"""Findings: records of payroll or of a team that became no declaration, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.intents import insert_once
from dimona_provider.ledger.schema import findings


class FindingKind(StrEnum):
    """Why a record became no declaration."""

    MALFORMED = "malformed"
    NOT_HANDLED = "not_handled"


@dataclass(frozen=True, slots=True)
class Finding:
    """One field of one record; neither place nor reason ever holds a value of it."""

    kind: FindingKind
    place: str
    employment: str | None
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.employment or self.place}: {self.field}: {self.reason}"


def note_findings(
    connection: sa.Connection, run: Run, environment: str, found: Sequence[Finding], *, now: float
) -> None:
    """Write *found* down for *run*; a retry of the run adds nothing twice."""
    rows = [
        {
            "environment": environment,
            "dag_id": run.dag_id,
            "run_id": run.run_id,
            "kind": one.kind,
            "place": one.place,
            "employment": one.employment,
            "field": one.field,
            "reason": one.reason,
            "created_at": now,
        }
        for one in found
    ]
    if rows:
        # With RETURNING alone SQLAlchemy sends all rows in one statement.
        connection.execute(insert_once(connection, findings).returning(findings.c.id), rows)
