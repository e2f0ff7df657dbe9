"""
All of the ledger as plain JSON, for an auditor: page by page, in flat memory.

No person is in it, and no keyed hash of one, unless it is asked for with persons. Instants are ISO 8601 in
UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from dimona_provider.ledger.contact_schema import contacts, gaps, periods
from dimona_provider.ledger.listing import PAGE, Which, children, iso, pages
from dimona_provider.ledger.plan_schema import askings, decisions
from dimona_provider.ledger.schema import answers, attempts, batches, events, findings, holds, intents
from dimona_provider.ledger.store import Ledger

_HIDDEN = frozenset(
    {
        "id",
        "intent",
        "body",
        "worker_hash",
        "content",
        "subject",
        "depends_on",
        "reader",
        "next_query",
        "key",
        "asking",
    }
)
"""Never shown as they are: rows' own numbers, what is encrypted, and what stands for a person."""
_OTHERS = (
    ("batch", batches),
    ("hold", holds),
    ("finding", findings),
    ("decision", decisions),
    ("asking", askings),
    ("contact", contacts),
    ("period", periods),
    ("gap", gaps),
    ("event", events),
)
_INSTANTS = frozenset(
    column.name
    for table in (
        intents,
        attempts,
        answers,
        batches,
        events,
        findings,
        holds,
        contacts,
        periods,
        gaps,
        decisions,
        askings,
    )
    for column in table.columns
    if isinstance(column.type, sa.Double)
)


def records(ledger: Ledger, which: Which, *, with_persons: bool = False) -> Iterator[dict[str, Any]]:
    """Yield each intent with all that hangs on it: attempts, answers and events, in order."""
    for page in pages(ledger, which, with_bodies=with_persons):
        hanging = {
            table.name: children(ledger, table, page, with_bodies=with_persons)
            for table in (attempts, answers, events)
        }
        waited_for = _references(ledger, [row.depends_on for row in page if row.depends_on is not None])
        for row in page:
            yield {
                "record": "intent",
                **_plain(ledger, row, with_persons=with_persons),
                "depends_on": waited_for.get(row.depends_on),
                **{
                    name: [
                        _plain(ledger, one, with_persons=with_persons) for one in by_intent.get(row.id, [])
                    ]
                    for name, by_intent in hanging.items()
                },
            }


def others(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Yield what hangs on no intent: batches, holds, findings, and events of the ledger as a whole."""
    for name, table in _OTHERS:
        which = events.c.intent.is_(None) if table is events else sa.true()
        key = table.c.reference if table is batches else table.c.id
        last: Any = None
        while True:
            after = sa.true() if last is None else key > last
            with ledger.read() as connection:
                page = connection.execute(
                    sa.select(table).where(which, after).order_by(key).limit(PAGE)
                ).all()
            if not page:
                break
            last = page[-1]._mapping[key]  # noqa: SLF001 - SQLAlchemy's documented way to a column
            yield from ({"record": name, **_plain(ledger, row)} for row in page)


def _plain(ledger: Ledger, row: Any, *, with_persons: bool = False) -> dict[str, Any]:
    values: Mapping[str, Any] = row._asdict()
    shown: dict[str, Any] = {
        name: iso(value) if name in _INSTANTS else value
        for name, value in values.items()
        if name not in _HIDDEN
    }
    if "anomalies" in shown:
        shown["anomalies"] = shown["anomalies"].split()
    if with_persons and "body" in values:
        # A purge leaves an empty body.
        shown["body"] = json.loads(ledger.keys.decrypt(values["body"])) if values["body"] else None
    return shown


def _references(ledger: Ledger, ids: Sequence[int]) -> dict[int, str]:
    if not ids:
        return {}
    with ledger.read() as connection:
        rows = connection.execute(sa.select(intents.c.id, intents.c.reference).where(intents.c.id.in_(ids)))
        return {row.id: row.reference for row in rows}
