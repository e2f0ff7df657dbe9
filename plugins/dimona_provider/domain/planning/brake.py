"""The brake: unusually many ends and cancels of one employer at once are a question, not a routine."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.planning.lawful import answer_by
from dimona_provider.domain.planning.values import Decision, Plan, Planned, employer_key
from dimona_provider.domain.planning.words import DecisionKind, Option


@dataclass(frozen=True, slots=True)
class Brake:
    """How many OUT and CANCEL of an employer one plan may file by itself."""

    share: float = 0.05
    """Of the employer's periods that are not cancelled."""
    most: int = 50
    few: int = 5
    """So many are never unusual: one leaver of ten is ten per cent."""

    def allows(self, count: int, periods: int) -> bool:
        """Tell whether *count* is usual for an employer with so many periods."""
        return count <= self.few or (count <= self.most and count <= self.share * periods)


def apply_brake(plan: Plan, periods: Mapping[str, int], now: dt.datetime, brake: Brake | None = None) -> Plan:
    """
    Hold every OUT and CANCEL of an employer that has unusually many, and what depends on them.

    *periods* counts an employer's periods by its number. What is held stands in the decision, whole, so that
    a person's yes files it.
    """
    brake = brake or Brake()
    ends: dict[str, list[Planned]] = defaultdict(list)
    for one in plan.planned:
        if one.kind in {Kind.OUT, Kind.CANCEL} and one.declaration.employer is not None:
            ends[employer_key(one.declaration.employer)].append(one)
    held: set[str] = set()
    decisions = []
    for employer, found in sorted(ends.items()):
        if not brake.allows(len(found), periods.get(employer, 0)):
            stopped = _with_dependents(plan, {one.key for one in found})
            held |= {one.key for one in stopped}
            decisions.append(_question(stopped, now))
    if not decisions:
        return plan
    going = tuple(one for one in plan.planned if one.key not in held)
    return replace(plan, planned=going, decisions=(*plan.decisions, *decisions))


def _with_dependents(plan: Plan, keys: set[str]) -> list[Planned]:
    while more := {one.key for one in plan.planned if keys & set(one.depends_on)} - keys:
        keys |= more
    return [one for one in plan.planned if one.key in keys]


def _question(held: list[Planned], now: dt.datetime) -> Decision:
    return Decision(
        DecisionKind.BRAKE,
        employments=tuple(sorted({reference for one in held for reference in one.employments})),
        periods=tuple(one.period_id for one in held if one.period_id is not None),
        options=(Option.KEEP, Option.CORRECT, Option.FILE),
        answer_by=answer_by(now),
        held=tuple(held),
    )
