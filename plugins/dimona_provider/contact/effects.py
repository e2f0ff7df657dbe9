"""What the ledger says of an employer's periods: the terms that our declarations gave them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dimona_provider.api.terms import read_effect
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.terms import Terms
from dimona_provider.ledger.declared import Declared


@dataclass(frozen=True, slots=True)
class Effect:
    """What one declaration of ours does, or will do if it is still open."""

    declared: Declared
    kind: Kind
    terms: Terms | None
    """Of an IN; None where a purge stripped it, or its dates can't be read."""
    changes: dict[str, Any]
    """Of an OUT or UPDATE."""
    has_ssin: bool


@dataclass(slots=True)
class Ours:
    """A period as our declarations have it."""

    period_id: int | None
    employment: str
    worker: str | None = field(repr=False)
    terms: Terms | None
    """None where they are not known any more."""
    is_cancelled: bool
    at: float
    """When that last changed, in epoch seconds."""
    shown_at: float = 0.0
    """When the NSSO showed it so, for what was imported: what was declared before is in it. 0 for our own."""


def effect_of(declared: Declared) -> Effect:
    """Read what a declaration does."""
    if not declared.body:
        return Effect(declared, Kind(declared.kind), None, {}, has_ssin=False)
    body = json.loads(declared.body)
    kind, terms, changes = read_effect(body)
    worker = body.get("worker")
    has_ssin = isinstance(worker, dict) and worker.get("ssin") is not None
    return Effect(declared, kind, terms, changes, has_ssin=has_ssin)


def apply(effects: Iterable[Effect], ours: dict[int, Ours]) -> list[Ours]:
    """
    Bring *ours*, by period id, to where our effective declarations left each period; return all of them.

    Those of which no period id is known come last.
    """
    nameless: list[Ours] = []
    for one in effects:
        declared, number = one.declared, one.declared.period_id
        if declared.is_open:
            continue
        if one.kind is Kind.IN:
            _begin(one, ours, nameless)
        elif number is not None and number in ours and declared.at > ours[number].shown_at:
            _follow(ours[number], one)
    return [*ours.values(), *nameless]


def _begin(one: Effect, ours: dict[int, Ours], nameless: list[Ours]) -> None:
    declared, number = one.declared, one.declared.period_id
    made = Ours(
        number, declared.employment, declared.worker_hash, one.terms, is_cancelled=False, at=declared.at
    )
    if number is None:
        nameless.append(made)
    elif number not in ours or one.terms is not None:
        # What we declared goes before what was imported: else a change by hand would become ours.
        ours[number] = made


def _follow(period: Ours, one: Effect) -> None:
    period.at = one.declared.at
    if one.kind is Kind.CANCEL:
        period.is_cancelled = True
    elif not one.declared.body or None in one.changes.values():
        period.terms = None  # nobody knows any more how the period should stand
    elif period.terms is not None:
        period.terms = period.terms.with_changes(one.changes)
