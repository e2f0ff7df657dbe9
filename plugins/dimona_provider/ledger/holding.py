"""What a person asks about switches: which still cover something, and how much they hold back."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.ledger import switch
from dimona_provider.ledger.schema import intents
from dimona_provider.ledger.store import Ledger
from dimona_provider.ledger.switch import EVERY, Hold


@dataclass(frozen=True, slots=True)
class Released:
    """What turning switches off came to."""

    removed: int
    planned: int
    """Held declarations that are planned again."""
    remaining: list[Hold]
    """Other switches that still cover some of it."""


def release(ledger: Ledger, *, dimona_conn_id: str, employer: str, reason: str, now: float) -> Released:
    """
    Turn the switch of a scope off; for an employer without a connection, on whatever connection it is.

    The service's own 403 turns it on for one connection, which whoever has the mandate now need not know.
    """
    scopes = {(dimona_conn_id, employer)}
    if employer != EVERY and dimona_conn_id == EVERY:
        scopes |= {
            (one.dimona_conn_id, employer) for one in switch.current(ledger) if one.employer == employer
        }
    removed = planned = 0
    for conn_id, number in sorted(scopes):
        was_on, freed = switch.remove(ledger, dimona_conn_id=conn_id, employer=number, reason=reason, now=now)
        removed, planned = removed + was_on, planned + freed
    return Released(removed, planned, covering(ledger, dimona_conn_id=dimona_conn_id, employer=employer))


def covering(ledger: Ledger, *, dimona_conn_id: str, employer: str) -> list[Hold]:
    """Return the switches that are on for some of a scope."""
    return [
        one
        for one in switch.current(ledger)
        if (EVERY in {one.dimona_conn_id, dimona_conn_id} or one.dimona_conn_id == dimona_conn_id)
        and (EVERY in {one.employer, employer} or one.employer == employer)
    ]


def held_back(ledger: Ledger) -> int:
    """Count the planned declarations that a switch holds back."""
    which = (intents.c.state == State.PLANNED, sa.not_(switch.not_switched_off()))
    with ledger.read() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(intents).where(*which)) or 0)


def state_of(ledger: Ledger, reference: str) -> State | None:
    """Return how an intent stands, None without such a one."""
    with ledger.read() as connection:
        state = connection.scalar(sa.select(intents.c.state).where(intents.c.reference == reference))
    return None if state is None else State(state)
