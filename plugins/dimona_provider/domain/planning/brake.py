"""The brake: unusually many ends and cancels of one employer at once are a question, not a routine."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
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


def count_ends(plan: Plan) -> Counter[str]:
    """Count the OUT and CANCEL of each employer, by its number."""
    return Counter(employer for employer in map(_ends_of, plan.planned) if employer)


def hold_ends(
    plan: Plan, stopped: Set[str], is_allowed: Callable[[Planned], bool] = lambda _planned: False
) -> tuple[Plan, dict[str, list[Planned]]]:
    """
    Return a worker's plan without the OUT and CANCEL of *stopped* employers, and these by employer.

    What a person has allowed goes all the same.
    """
    keys = _held_keys(plan, stopped)
    keys = {one.key: keys[one.key] for one in plan.planned if one.key in keys and not is_allowed(one)}
    if not keys:
        return plan, {}
    held: dict[str, list[Planned]] = {}
    for one in plan.planned:
        if one.key in keys:
            held.setdefault(keys[one.key], []).append(one)
    return replace(plan, planned=tuple(one for one in plan.planned if one.key not in keys)), held


def apply_brake(
    plans: Sequence[Plan], periods: Mapping[str, int], now: dt.datetime, brake: Brake | None = None
) -> tuple[list[Plan], list[Decision]]:
    """
    Hold every OUT and CANCEL of an employer that has unusually many, and what depends on them.

    *plans* are those of the workers of one run, *periods* counts an employer's periods by its number. What is
    held stands in the decision, whole, so that a person's yes files it.
    """
    brake = brake or Brake()
    counts = sum((count_ends(plan) for plan in plans), Counter[str]())
    stopped = {name for name, count in counts.items() if not brake.allows(count, periods.get(name, 0))}
    going: list[Plan] = []
    held: dict[str, list[Planned]] = {employer: [] for employer in sorted(stopped)}
    for plan in plans:
        rest, of_plan = hold_ends(plan, stopped)
        going.append(rest)
        for employer, found in of_plan.items():
            held[employer] += found
    return going, [question(found, now) for found in held.values()]


def _ends_of(planned: Planned) -> str | None:
    """Return the employer one of whose periods it ends or cancels."""
    if planned.kind not in {Kind.OUT, Kind.CANCEL} or planned.declaration.employer is None:
        return None
    return employer_key(planned.declaration.employer)


def _held_keys(plan: Plan, stopped: Set[str]) -> dict[str, str]:
    """Return what is held of one worker's plan, with the employer for whose sake."""
    keys = {one.key: employer for one in plan.planned if (employer := _ends_of(one)) in stopped and employer}
    for one in plan.planned:  # prerequisites stand before what depends on them
        for key in one.depends_on:
            if key in keys:
                keys.setdefault(one.key, keys[key])
    return keys


def question(held: Sequence[Planned], now: dt.datetime) -> Decision:
    """Return the question whether what the brake held is right."""
    return Decision(
        DecisionKind.BRAKE,
        employments=tuple(sorted({reference for one in held for reference in one.employments})),
        periods=tuple(one.period_id for one in held if one.period_id is not None),
        options=(Option.KEEP, Option.CORRECT, Option.FILE),
        answer_by=answer_by(now),
        held=tuple(held),
    )
