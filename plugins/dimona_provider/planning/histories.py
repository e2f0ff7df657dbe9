"""From what was declared of a worker to the periods that stand, as the planner takes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dimona_provider.api.codec import read_declaration
from dimona_provider.api.wire import InvalidBody
from dimona_provider.domain.declaration import Declaration, DimonaIn, DimonaOut, DimonaUpdate, Kind
from dimona_provider.domain.identifiers import DimonaNumber
from dimona_provider.domain.planning.differences import TIMES
from dimona_provider.domain.planning.values import KnownPeriod
from dimona_provider.ledger.history import Declared
from dimona_provider.planning.shown import ShownPeriod

_LOCKED = "00913-362"
_FIRST_ASSUMED = 10**12
"""Periods of open INs have no number yet: theirs has more than the twelve digits that the NSSO gives."""


@dataclass(slots=True)
class Standing:
    """The periods of one worker."""

    periods: dict[int, KnownPeriod] = field(default_factory=dict)
    busy: dict[int, list[KnownPeriod]] = field(default_factory=dict)
    """Periods with an OUT, UPDATE or CANCEL without outcome: how they stand, and how they may come to."""
    has_open: bool = False
    """Whether anything at all has no outcome yet."""
    shown_at: dict[int, float] = field(default_factory=dict)
    """When the NSSO showed a period so, of those that are not as we declared them."""
    purged: Mapping[str, DimonaIn] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    """Employments with a period whose content the ledger does not know any more."""

    @property
    def known(self) -> list[KnownPeriod]:
        """All of them, also those that open INs will make if they are accepted."""
        return list(self.periods.values())


def is_assumed(number: DimonaNumber | None) -> bool:
    """Tell whether a period is one that an open IN may still make."""
    return number is not None and number.number >= _FIRST_ASSUMED


def stand(
    history: Sequence[Declared],
    shown: Iterable[ShownPeriod] = (),
    purged: Mapping[str, DimonaIn] | None = None,
) -> Standing:
    """
    Return the periods that *history*, in the order of planning, leaves.

    *shown* are periods as the NSSO showed them: an IN of ours goes before them, and of the rest what has had
    its effect since. *purged* holds what
    may be recognised although its body is gone, by the keyed hash of its content.
    """
    made = Standing(purged=purged or {})
    for seen in shown:
        made.periods[seen.period.period_id.number] = seen.period
        made.shown_at[seen.period.period_id.number] = seen.at
    made.has_open = any(one.is_open for one in history)
    for one in history:
        if one.kind is Kind.IN:
            if one.is_open or one.is_effective:
                _begin(made, one)
        elif one.period_id is not None:
            _follow(made, one, one.period_id)
    return made


def _begin(made: Standing, one: Declared) -> None:
    number = one.period_id if one.is_effective and one.period_id else _FIRST_ASSUMED + one.id
    content = _read(one) or made.purged.get(one.content)
    serves = one.serves or frozenset({one.employment})
    if isinstance(content, DimonaIn):
        made.periods[number] = KnownPeriod(DimonaNumber(number), content, serves)
        made.shown_at.pop(number, None)
    elif number in made.periods:  # the NSSO showed it, and a purge forgot what we said
        made.periods[number] = replace(made.periods[number], employments=serves)
    else:
        made.unknown |= serves


def _follow(made: Standing, one: Declared, number: int) -> None:
    period = made.periods.get(number)
    if period is None:
        return
    if one.is_open:
        changed = _changed(period, one)
        made.busy.setdefault(number, [period]).extend([changed] if changed else [])
    elif _LOCKED in one.anomalies:
        made.periods[number] = replace(period, is_locked=True)
    elif one.is_effective and one.at <= made.shown_at.get(number, -1.0):  # it was shown with it
        made.periods[number] = replace(period, employments=one.serves or period.employments)
    elif one.is_effective:
        _take_effect(made, one, period)


def _take_effect(made: Standing, one: Declared, period: KnownPeriod) -> None:
    changed = _changed(period, one)
    if changed is None:
        made.unknown |= period.employments
        del made.periods[period.period_id.number]
    else:
        made.periods[period.period_id.number] = changed


def _changed(period: KnownPeriod, one: Declared) -> KnownPeriod | None:
    if one.kind is Kind.CANCEL:
        return replace(period, is_cancelled=True, is_cancelled_by_hand=not one.serves)
    match _read(one):
        case DimonaOut() as out:
            content = replace(period.content, end_date=out.end_date)
        case DimonaUpdate() as update:
            values = {name: getattr(update, name) for name in TIMES if getattr(update, name) is not None}
            content = replace(period.content, **values)
            if update.is_reopening:
                content = replace(content, end_date=None)
        case _:
            return None
    return replace(period, content=content, employments=one.serves or period.employments)


def _read(one: Declared) -> Declaration | None:
    try:
        return read_declaration(json.loads(one.body)) if one.body else None
    except InvalidBody:
        return None
