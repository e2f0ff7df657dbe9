"""How a wanted period differs from a known one, and whether an UPDATE may say so."""

from __future__ import annotations

from dataclasses import replace

from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.planning.lawful import has_hours
from dimona_provider.domain.planning.values import KnownPeriod, employer_key
from dimona_provider.domain.planning.words import Reason

TIMES = ("start_date", "end_date", "start_hour", "end_hour", "planned_hours")
"""All that an UPDATE can change."""
_LASTING = ("construction_cards", "small_statutes", "place_of_work")
"""What an IN says once: neither an UPDATE nor a new period is due when payroll says otherwise later."""


def has_other_features(known: KnownPeriod, wanted: DimonaIn) -> bool:
    """Tell whether they differ in what no declaration can change in a period."""
    content = known.content
    names = ["worker_type", "joint_committee"]
    if known.knows_blocks:
        names += ["sub_entity", "user_enterprise"]
    return employer_key(content.employer) != employer_key(wanted.employer) or any(
        getattr(content, name) != getattr(wanted, name) for name in names
    )


def has_other_blocks(known: KnownPeriod, wanted: DimonaIn) -> bool:
    """Tell whether payroll corrected what an IN says once."""
    return known.knows_blocks and any(
        getattr(known.content, name) != getattr(wanted, name) for name in _LASTING
    )


def with_times_of(content: DimonaIn, other: DimonaIn) -> DimonaIn:
    """Return *content* with the dates and hours of *other*."""
    return replace(content, **{name: getattr(other, name) for name in TIMES})


def has_same_times(one: DimonaIn, other: DimonaIn) -> bool:
    """Tell whether dates, hours and planned hours are the same."""
    return all(getattr(one, name) == getattr(other, name) for name in TIMES)


def why_no_update(before: DimonaIn, after: DimonaIn) -> Reason | None:
    """Return why no UPDATE leads from *before* to *after*, both of one type; None when one does."""
    if any((getattr(before, name) is None) != (getattr(after, name) is None) for name in TIMES[2:]):
        return Reason.OTHER_FORM
    if before.worker_type == "STU" and before.start_date != after.start_date:
        return Reason.OTHER_START
    if before.worker_type == "FLX" and _ends_later(before, after):
        return Reason.LATER_END
    return None


def _ends_later(before: DimonaIn, after: DimonaIn) -> bool:
    if before.end_date is None:
        return False
    return after.end_date is None or after.end_date > before.end_date


def is_flexi_period(content: DimonaIn) -> bool:
    """Tell whether this is a flexi-job in its long form, without hours."""
    return content.worker_type == "FLX" and not has_hours(content)
