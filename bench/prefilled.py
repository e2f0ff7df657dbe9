"""
Declarations that were filed some time ago and have no outcome yet, in a ledger and in a simulator.

They are written as both sides keep them, before either starts: filing 50 000 for real takes minutes, and
their ages have to differ by hours.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.bound import FIRST_SEQUENCE
from dimona_provider.domain.outcome import State
from dimona_provider.domain.polling import FOLLOW_UP_AGE, LONGEST_INTERVAL
from dimona_provider.domain.routes import Route
from dimona_provider.ledger import Ledger, batches
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.schema import intents, looks
from include.dimona_simulator.identifiers import declaration_id
from include.dimona_simulator.model import Declaration, Filing, Verdict
from include.dimona_simulator.storage import as_json

CHUNK = 500
YOUNG = (60.0, 300.0)
"""Ages (seconds) of what its run still follows: in the 60 s stage for another quarter of an hour."""
OLD = (2 * LONGEST_INTERVAL, 12 * LONGEST_INTERVAL)
"""Ages of what is left to the hourly follow-up."""
_YEAR = 365 * 86_400.0
_BODY = {"employer": {"enterpriseNumber": "0477472701"}, "dimonaIn": {"startDate": "2026-01-01"}}


@dataclass(frozen=True, slots=True)
class Open:
    """A declaration without an outcome; *looked_at* is when the follow-up asked last."""

    id: int
    filed_at: float
    looked_at: float | None = None


def draw(young: int, old: int, *, now: float, seed: int) -> list[Open]:
    """
    Draw the declarations: *young* ones that a run follows, then *old* ones.

    >>> [one.looked_at for one in draw(1, 0, now=1000.0, seed=1)]
    [None]
    """
    drawn = random.Random(seed)  # noqa: S311 - reproducible on purpose
    found = []
    for number in range(young + old):
        filed_at = now - drawn.uniform(*(YOUNG if number < young else OLD))
        looked_at = None if number < young else _last_slot(filed_at, now)
        found.append(Open(declaration_id(FIRST_SEQUENCE + number), filed_at, looked_at))
    return found


def _last_slot(filed_at: float, now: float) -> float:
    """Return the last slot of the hourly stage that has passed."""
    begins = filed_at + FOLLOW_UP_AGE
    return begins + (now - begins) // LONGEST_INTERVAL * LONGEST_INTERVAL


def fill_simulator(folder: Path, declarations: Sequence[Open]) -> None:
    """Write what a simulator in *folder* knows when it starts: all of it shows an outcome in a year."""
    with (folder / "declarations.jsonl").open("w", encoding="utf-8") as file:
        for one in declarations:
            stages = ((one.filed_at + _YEAR, Verdict("A")),)
            file.write(
                json.dumps(as_json(Declaration(one.id, Filing.of(_BODY), one.filed_at, stages))) + "\n"
            )


def fill_ledger(ledger: Ledger, route: Route, declarations: Sequence[Open]) -> list[str]:
    """Write batches of filed declarations; return the references of those that a run is to follow."""
    young = [one for one in declarations if one.looked_at is None]
    old = [one for one in declarations if one.looked_at is not None]
    for some in _chunks(old):
        _write_batch(ledger, route, some)
    return [_write_batch(ledger, route, some) for some in _chunks(young)]


def _chunks(declarations: Sequence[Open]) -> list[Sequence[Open]]:
    return [declarations[start : start + CHUNK] for start in range(0, len(declarations), CHUNK)]


def _write_batch(ledger: Ledger, route: Route, declarations: Sequence[Open]) -> str:
    first = declarations[0]
    with ledger.write() as connection:
        run = Run("bench_triggerer", "prepared")
        reference = batches.create(connection, run, route, f"prepared/{first.id}", now=first.filed_at)
        shared = {
            "batch": reference,
            "environment": route.environment,
            "employer": "0477472701",
            "kind": "in",
            "basis": "",
            "body": ledger.encrypt(connection, b"{}"),
            "state": State.SENT,
        }
        insert = intents.insert().returning(intents.c.id, sort_by_parameter_order=True)
        ids = connection.scalars(insert, [shared | _row(one) for one in declarations])
        asked = [
            {"intent": intent, "at": one.looked_at}
            for intent, one in zip(ids, declarations, strict=True)
            if one.looked_at is not None
        ]
        if asked:
            connection.execute(looks.insert(), asked)
    return reference


def _row(one: Open) -> dict[str, object]:
    name = f"B-{one.id}"
    return {
        **dict.fromkeys(("reference", "subject", "employment", "content"), name),
        "declaration_id": one.id,
        **dict.fromkeys(("filed_at", "created_at", "changed_at"), one.filed_at),
    }
