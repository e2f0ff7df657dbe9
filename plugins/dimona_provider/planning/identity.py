"""
What makes an intent this intent: the key that keeps one wish from being filed twice (docs/adr/0002).

No key holds an SSIN: SSINs change, and keys are read by people.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from dimona_provider.api.reading import read_draft
from dimona_provider.api.wire import Filing
from dimona_provider.domain.deadlines import file_in_by, follow_up_by
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import OPEN
from dimona_provider.domain.worker_types import quarter_of
from dimona_provider.ledger import Ledger, standing
from dimona_provider.ledger.intents import NewIntent
from dimona_provider.ledger.standing import Standing


def make_intent(
    ledger: Ledger, connection: sa.Connection, environment: str, reference: str, filing: Filing
) -> NewIntent:
    """Return the intent to file *filing* for the employment *reference*, without a basis."""
    worker = _worker(ledger, filing)
    employer = filing.employer
    if not employer and filing.period_id is not None:
        employer = standing.employer_of_period(connection, environment, filing.period_id) or ""
    deadline = _deadline(connection, environment, filing)
    return NewIntent(
        environment=environment,
        employer=employer,
        subject=_subject(reference, filing, worker),
        employment=reference,
        kind=filing.kind,
        content=ledger.keys.content_hash(_canonical({**filing.body, "worker": None})),
        body=_canonical(filing.body).encode(),
        worker_hash=worker,
        worker_type=filing.worker_type,
        period_id=filing.period_id,
        file_by=deadline.timestamp() if deadline else None,
    )


def with_basis(connection: sa.Connection, intent: NewIntent) -> NewIntent | None:
    """
    Name the effective declaration that *intent* builds on; None while the CANCEL of the same IN is open.

    So A, then B, then again A are three intents, while A that still stands, wished for again, stays one.
    """
    if intent.kind is Kind.IN:
        same = standing.of_subject(connection, intent, same_content=True)
        if same is None:
            return intent
        last = same.period_id and standing.on_period(connection, intent.environment, same.period_id)
        if not last or last.kind != Kind.CANCEL:
            return intent.on(same.basis)
        # Before the CANCEL has its outcome nobody knows whether a second IN would stand beside the first.
        return None if last.state in OPEN else intent.on(basis_of(last))
    if intent.period_id is None:
        return intent
    last = standing.on_period(connection, intent.environment, intent.period_id)
    if last is None:
        return intent
    return intent.on(last.basis if last.content == intent.content else basis_of(last))


def basis_of(last: Standing) -> str:
    """Return what every row has: what was there already got no declaration of its own."""
    return f"intent {last.reference}" if last.declaration_id is None else str(last.declaration_id)


def _deadline(connection: sa.Connection, environment: str, filing: Filing) -> dt.datetime | None:
    """Return the last lawful instant; None where only the NSSO knows the period that it depends on."""
    if filing.kind is Kind.IN:
        return file_in_by(filing.start_date, filing.start_hour) if filing.start_date else None
    draft = read_draft(filing.body).draft
    values = draft.values if draft else {}
    starts = None
    if filing.kind is Kind.CANCEL and filing.period_id is not None:
        starts = standing.start_of_period(connection, environment, filing.period_id)
    return follow_up_by(filing.kind, values.get("start_date"), values.get("end_date"), starts)


def _worker(ledger: Ledger, filing: Filing) -> str | None:
    if filing.ssin:
        return ledger.keys.worker_hash(filing.ssin)
    worker = filing.body.get("worker")
    return ledger.keys.content_hash(_canonical(worker)) if isinstance(worker, Mapping) else None


def _subject(reference: str, filing: Filing, worker: str | None) -> str:
    if filing.worker_type == "STU" and filing.ssin and filing.start_date:
        # Students have one period per quarter and employer, whatever payroll calls their contracts.
        year, quarter = quarter_of(filing.start_date)
        return f"student {worker} {year}Q{quarter}"
    return f"employment {reference}"


def _canonical(body: Mapping[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
