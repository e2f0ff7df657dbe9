"""
From which state an intent may come to which: the one place that decides it.

Whoever changes a state does so with ``update_to``, so that a change that is not allowed touches no row,
whatever happened between a look at the row and the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from dimona_provider.domain.outcome import State
from dimona_provider.ledger.schema import intents

FROM: Mapping[State, frozenset[State]] = {
    # Sending was not begun or not received, a person or the follow-up found that it never arrived, released.
    State.PLANNED: frozenset({State.SENDING, State.UNCLEAR, State.HELD}),
    State.SENDING: frozenset({State.PLANNED}),
    # Planned again, and then its first POST turned out to have arrived.
    State.SENT: frozenset({State.SENDING, State.UNCLEAR, State.PLANNED}),
    State.HELD: frozenset({State.PLANNED, State.SENDING, State.UNCLEAR}),
    # A sender that vanished; an answer that nobody has a meaning for.
    State.UNCLEAR: frozenset({State.SENDING, State.SENT, State.IDENTIFYING}),
    State.IDENTIFYING: frozenset({State.SENT, State.UNCLEAR}),
    State.ACCEPTED: frozenset({State.SENT, State.IDENTIFYING, State.UNCLEAR}),
    State.WARNED: frozenset({State.SENT, State.IDENTIFYING, State.UNCLEAR}),
    # A held one is refused for good when payroll corrects what it says.
    State.REFUSED: frozenset({State.SENT, State.IDENTIFYING, State.UNCLEAR, State.HELD}),
    # The service refuses what it has already; what a person called not filed is looked for before it is sent.
    State.ALREADY_TRUE: frozenset({State.UNCLEAR, State.REFUSED, State.PLANNED}),
}
"""From which states each state may be reached."""

BY_HAND: Mapping[State, frozenset[State]] = {
    # What a person filed, and another number for it while no answer fits the first one.
    State.SENT: frozenset({State.PLANNED, State.HELD, State.SENT}),
}
"""From which other states a person alone may bring an intent to each."""


def may_become(state: State) -> sa.ColumnElement[bool]:
    """Return the condition that an intent may come to *state*."""
    # No IN: SQLAlchemy can't expand it where one statement runs for many rows.
    return sa.or_(*(intents.c.state == before for before in sorted(FROM[state])))


def update_to(state: State, **values: Any) -> sa.Update:
    """Return an UPDATE that brings intents to *state*, of those alone that may come to it."""
    return intents.update().where(may_become(state)).values(state=state, **values)


def decide_to(state: State, before: State, **values: Any) -> sa.Update:
    """Return an UPDATE by a person's decision: of intents that are still *before*, if they may."""
    allowed = before in FROM[state] | BY_HAND.get(state, frozenset())
    still = sa.and_(sa.true() if allowed else sa.false(), intents.c.state == before)
    return intents.update().where(still).values(state=state, **values)
