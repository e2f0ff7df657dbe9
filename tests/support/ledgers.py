"""Rows of a ledger with defaults, so that tests name only what matters."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import Answer
from dimona_provider.domain.routes import Route, Routes
from dimona_provider.ledger import Ledger, batches, claims, schema
from dimona_provider.ledger import intents as ledger_intents
from dimona_provider.ledger.answers import Received
from dimona_provider.ledger.attempts import Attempted, Verdict, record_attempts
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.intents import NewIntent, Recorded
from dimona_provider.ledger.keys import Keyring
from support import people
from support.clocks import START

ENVIRONMENT = "https://nsso.example/v2"
ROUTES = Routes(Route("dimona_default", ENVIRONMENT))
KEYS = Keyring.generate()
RUN = Run("dimona_declare", "manual__1")
_numbers = itertools.count(1)


def new_intent(number: int = 1, **changes: Any) -> NewIntent:
    """Return the wish for an IN of employment ``E-<number>``."""
    return NewIntent(
        **{
            "environment": ENVIRONMENT,
            "employer": people.EMPLOYER,
            "subject": f"employment E-{number}",
            "employment": f"E-{number}",
            "kind": Kind.IN,
            "content": "content",
            "body": json.dumps(people.in_body(people.ssin(number % 997 + 1))).encode(),
            "worker_type": "OTH",
            "file_by": START + 86_400.0,
            **changes,
        }
    )


def record(ledger: Ledger, intent: NewIntent, *, batch: str | None = None, now: float = START) -> Recorded:
    with ledger.write() as connection:
        return ledger_intents.record(ledger, connection, intent, batch=batch, now=now)


def new_batch(ledger: Ledger, run: Run = RUN, environment: str = ENVIRONMENT) -> str:
    with ledger.write() as connection:
        return batches.create(
            connection, run, Route("dimona_default", environment), f"origin {next(_numbers)}", now=START
        )


def batch_of(ledger: Ledger, count: int, **changes: Any) -> str:
    """Return a batch of *count* planned intents."""
    batch = new_batch(ledger)
    for number in range(1, count + 1):
        assert record(ledger, new_intent(number, **changes), batch=batch) is Recorded.NEW
    return batch


def rows(ledger: Ledger, table: sa.Table = schema.intents) -> list[Any]:
    key = table.c.id if "id" in table.c else table.c.reference
    with ledger.read() as connection:
        return list(connection.execute(sa.select(table).order_by(key)))


def row(ledger: Ledger, intent: int) -> Any:
    return next(one for one in rows(ledger) if one.id == intent)


def states(ledger: Ledger) -> list[str]:
    return [one.state for one in rows(ledger)]


def set_state(ledger: Ledger, intent: int, **values: Any) -> None:
    with ledger.write() as connection:
        connection.execute(schema.intents.update().where(schema.intents.c.id == intent).values(**values))


def file_all(ledger: Ledger, batch: str, *, first_id: int = 1_000_000_000, now: float = START) -> list[int]:
    """Claim and file everything planned in *batch*; return the intents in order."""
    claimed = claims.claim(ledger, batch, f"sender {next(_numbers)}", limit=10_000, now=now)
    token = row(ledger, claimed[0].id).claim if claimed else ""
    ends = [
        Attempted(one.id, Verdict.FILED, sent_at=now, read_at=now, declaration_id=first_id + number)
        for number, one in enumerate(claimed)
    ]
    record_attempts(ledger, token, ends, now=now)
    return [one.id for one in claimed]


def received(
    ledger: Ledger, intent: int, result: str, *, anomalies: Iterable[str] = (), at: float = START
) -> Received:
    """Return an answer to a filed intent; the period of an IN has the declaration's number."""
    number = row(ledger, intent).declaration_id
    period = number if result in {"A", "W"} else None
    return Received(intent, Answer(number, result, period, tuple(anomalies)), b'{"worker": "Peeters"}', at)


def still_claimed(ledger: Ledger, claimed: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return which of these intents, each with its token, a sender may still send."""
    with ledger.read() as connection:
        return claims.standing(connection, claimed)
