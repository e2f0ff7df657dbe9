"""What a person said to a plan's questions, brought into the plan: it is filed as if the machine might."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from dimona_provider.api.codec import write_declaration
from dimona_provider.domain.planning.values import Plan, Planned
from dimona_provider.ledger.answering import held_mark


def is_allowed(planned: Planned, allowed: Set[str]) -> bool:
    """Tell whether somebody said that just this is to be filed."""
    return bool(allowed) and held_mark(planned.key, write_declaration(planned.declaration)) in allowed


def with_answers(plan: Plan, allowed: Set[str]) -> Plan:
    """
    Return *plan* with all that is *allowed* among its declarations, no longer among its questions.

    A wish that changed since makes another question, so that an old answer never files anything new.
    """
    if not allowed or not plan.decisions:
        return plan
    going = [
        one for one in plan.decisions if one.held and all(is_allowed(held, allowed) for held in one.held)
    ]
    return replace(
        plan,
        planned=(*plan.planned, *(held for one in going for held in one.held)),
        decisions=tuple(one for one in plan.decisions if one not in going),
    )
