"""Which known period stands for which wanted one, and what becomes of those left over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field

from dimona_provider.domain.deadlines import cancel_by
from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.planning import steps
from dimona_provider.domain.planning.changing import ask, change, is_too_early
from dimona_provider.domain.planning.clashes import overlaps
from dimona_provider.domain.planning.differences import (
    has_other_features,
    has_same_times,
    is_flexi_period,
)
from dimona_provider.domain.planning.flexi import change_all
from dimona_provider.domain.planning.lawful import is_past, undo_by
from dimona_provider.domain.planning.values import Draft, KnownPeriod, Unplanned, Wanted
from dimona_provider.domain.planning.words import DecisionKind, Problem, Reason
from dimona_provider.domain.worker_types import earliest_filing, quarter_of, worker_types


@dataclass(slots=True)
class Matching:
    """Wanted periods beside known ones of one worker."""

    wanted: Sequence[Wanted]
    known: Sequence[KnownPeriod]
    references: Set[str]
    """The employments that payroll names, withdrawn ones too."""
    withdrawn: Set[str]
    of: dict[str, list[KnownPeriod]] = field(default_factory=dict)
    """The known periods of a wanted one, by its key."""

    def match(self) -> list[KnownPeriod]:
        """Pair them; return the known periods of payroll's employments that nothing is wanted of."""
        free = {one.period_id.number: one for one in self.known if not one.is_cancelled and one.employments}
        for one in self.wanted:
            if is_flexi_period(one.content):
                self.of[one.key] = [known for known in free.values() if _is_part(known, one)]
                for known in self.of[one.key]:
                    del free[known.period_id.number]
        pairs = sorted(
            (
                (_distance(known, one), one.key, known)
                for one in self.wanted
                for known in free.values()
                if not known.employments.isdisjoint(one.employments)
            ),
            key=lambda pair: pair[:2],
        )
        for _, key, known in pairs:
            if not self.of.get(key) and known.period_id.number in free:
                self.of[key] = [free.pop(known.period_id.number)]
        return list(free.values())

    def is_ours(self, known: KnownPeriod) -> bool:
        """Tell whether payroll still names all employments of a period: absence is not a wish."""
        return known.employments <= self.references


def _is_part(known: KnownPeriod, wanted: Wanted) -> bool:
    return (
        not known.employments.isdisjoint(wanted.employments)
        and is_flexi_period(known.content)
        and not has_other_features(known, wanted.content)
        and quarter_of(known.content.start_date) == quarter_of(wanted.content.start_date)
    )


def _distance(known: KnownPeriod, wanted: Wanted) -> tuple[bool, int, int]:
    days = abs((known.content.start_date - wanted.content.start_date).days)
    return has_other_features(known, wanted.content), days, known.period_id.number


def plan_matched(matching: Matching, left: Iterable[KnownPeriod], draft: Draft, now: dt.datetime) -> None:
    """Put into *draft* what makes the known periods the wanted ones."""
    for one in matching.wanted:
        known = matching.of.get(one.key, [])
        absent = [period for period in known if not matching.is_ours(period)]
        if absent:
            draft.findings += (_absent(period, matching) for period in absent)
        elif not known:
            _declare(matching, one, draft)
        elif is_flexi_period(one.content) and is_flexi_period(known[0].content):
            draft.add(_without_cancelled(matching, change_all(known, one, now)))
        else:
            draft.add(change(known[0], one, now))
    for period in left:
        _take_back(matching, period, draft, now)


def _absent(known: KnownPeriod, matching: Matching) -> Unplanned:
    return Unplanned(
        Problem.ABSENT, tuple(sorted(known.employments - matching.references)), (known.period_id,)
    )


def _declare(matching: Matching, wanted: Wanted, draft: Draft) -> None:
    draft.add(_without_cancelled(matching, Draft([steps.declare(wanted)])))


def _without_cancelled(matching: Matching, made: Draft) -> Draft:
    """Return *made* without the new periods that a person cancelled just so: no plan declares them again."""
    going, found = [], []
    for one in made.planned:
        content = one.declaration if not one.depends_on else None
        known = (
            _cancelled_by_hand(matching, content, one.employments) if isinstance(content, DimonaIn) else None
        )
        if known is None:
            going.append(one)
        else:
            found.append(Unplanned(Problem.CANCELLED, one.employments, (known.period_id,)))
    return Draft(going, made.decisions, [*made.findings, *found])


def _cancelled_by_hand(
    matching: Matching, content: DimonaIn, employments: Iterable[str]
) -> KnownPeriod | None:
    of_those = (
        known
        for known in matching.known
        if known.is_cancelled_by_hand
        and not known.employments.isdisjoint(employments)
        and not has_other_features(known, content)
        and has_same_times(known.content, content)
    )
    return next(of_those, None)


def _take_back(matching: Matching, known: KnownPeriod, draft: Draft, now: dt.datetime) -> None:
    """Cancel a period that payroll's explicit change left without an employment."""
    references = tuple(sorted(known.employments))
    if not matching.is_ours(known):
        draft.findings.append(_absent(known, matching))
    elif _is_duplicate(matching, known):
        draft.findings.append(Unplanned(Problem.DUPLICATE, references, (known.period_id,)))
    elif known.is_locked:
        draft.findings.append(Unplanned(Problem.LOCKED, references, (known.period_id,)))
    else:
        is_withdrawn = known.employments <= matching.withdrawn
        reason = Reason.WITHDRAWN if is_withdrawn else Reason.UNWANTED
        planned = steps.cancel(known, references, reason)
        # Who never came is withdrawn until midnight; what gives way to other work only until work starts.
        limit = cancel_by(known.content.start_date) if is_withdrawn else undo_by(known.content)
        if is_past(limit, now):
            draft.decisions.append(ask(DecisionKind.LATE_CANCEL, known, references, (planned,), now))
        else:
            draft.planned.append(planned)


def _is_duplicate(matching: Matching, known: KnownPeriod) -> bool:
    return any(
        matching.of.get(one.key)
        and not known.employments.isdisjoint(one.employments)
        and not has_other_features(known, one.content)
        and overlaps(known.content, one.content)
        for one in matching.wanted
    )


def drop_early(draft: Draft, now: dt.datetime) -> None:
    """Leave out every IN that the NSSO does not take yet: a later plan declares it."""
    early = [
        one
        for one in draft.planned
        if one.after is not None and one.after is one.declaration and is_too_early(one.after, now)
    ]
    for one in early:
        draft.planned.remove(one)
        if one.after is not None:
            opens = earliest_filing(worker_types()[one.after.worker_type], one.after.start_date)
            draft.findings.append(Unplanned(Problem.TOO_EARLY, one.employments, opens_on=opens))
