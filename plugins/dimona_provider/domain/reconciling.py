"""Ours against the NSSO's: where the periods of one employer differ from what was declared or is wished."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dimona_provider.domain.gaps import Expected, Gap, GapKind, Shown, UnderWay
from dimona_provider.domain.terms import MAY_STAND_TWICE, Terms


@dataclass(slots=True)
class Comparison:
    """What came of comparing."""

    gaps: list[Gap] = field(default_factory=list)
    pending: set[str] = field(default_factory=set)
    """References with a difference that may pass by itself: not shown yet, or a declaration is under way."""
    past: int = 0
    """Periods that nobody here knows, and that ended before our time."""
    compared: int = 0
    """Periods that stand at the NSSO."""


def compare(
    expected: Iterable[Expected], shown: Iterable[Shown], under_way: Iterable[UnderWay], *, since: dt.date
) -> Comparison:
    """
    Compare what we count on with what the NSSO shows of one employer, all of it.

    A difference of which something is under way, or that a search may not show yet, is no gap. What ended
    before *since*, our first contact, is nobody's to know.
    """
    return _Comparing(list(shown), list(under_way), since).run(list(expected))


class _Comparing:
    def __init__(self, shown: list[Shown], under_way: list[UnderWay], since: dt.date) -> None:
        self.shown = {one.period_id: one for one in sorted(shown, key=lambda one: one.period_id)}
        self.since = since
        self.done = Comparison(compared=sum(not one.is_cancelled for one in self.shown.values()))
        self.claimed: dict[int, Expected] = {}
        self.by_worker: dict[str, list[Shown]] = defaultdict(list)
        for period in self.shown.values():
            if period.worker is not None and not period.is_cancelled:
                self.by_worker[period.worker].append(period)
        self.busy_periods = {one.period_id for one in under_way if one.period_id is not None}
        self.busy_employments = {one.employment for one in under_way}
        self.busy_workers = {one.worker for one in under_way if one.worker is not None}
        # Nobody knows yet which number a worker without one has: what looks the same may be its period.
        self.busy_terms = {_likeness(one.terms) for one in under_way if one.worker is None and one.terms}

    def run(self, expected: list[Expected]) -> Comparison:
        for one in sorted(expected, key=_order):
            period = self._period_of(one)
            if period is not None:
                self.claimed[period.period_id] = one
            for gap in _differences(one, period):
                self._add(gap, is_pending=self._is_pending(one, period))
        for period in self.shown.values():
            if not period.is_cancelled and period.period_id not in self.claimed:
                self._add_stranger(period)
        self._add_doubles()
        return self.done

    def _period_of(self, one: Expected) -> Shown | None:
        if one.period_id is not None:
            return self.shown.get(one.period_id)
        alike = [
            period
            for period in self.by_worker.get(one.worker or "", ())
            if period.period_id not in self.claimed
            and one.terms is not None
            and _likeness(period.terms) == _likeness(one.terms)
        ]
        return min(alike, key=lambda period: (period.terms != one.terms, period.period_id), default=None)

    def _is_pending(self, one: Expected, period: Shown | None) -> bool:
        number = one.period_id or (period.period_id if period else None)
        return one.is_fresh or number in self.busy_periods or one.employment in self.busy_employments

    def _add(self, gap: Gap, *, is_pending: bool) -> None:
        if is_pending:
            self.done.pending.add(gap.reference)
        else:
            self.done.gaps.append(gap)

    def _add_stranger(self, period: Shown) -> None:
        if period.terms.end is not None and period.terms.end < self.since:
            self.done.past += 1
            return
        is_pending = (
            period.period_id in self.busy_periods
            or period.worker in self.busy_workers
            or _likeness(period.terms) in self.busy_terms
        )
        alike = self.by_worker.get(period.worker or "", ())
        double = next(
            (one for one in alike if one.period_id in self.claimed and one.terms == period.terms), None
        )
        if double is None:
            detail = "no employment is known for it"
            self._add(_gap(GapKind.UNKNOWN, None, period.period_id, detail), is_pending=is_pending)
        else:
            detail = f"says what period {double.period_id} says"
            self._add(_gap(GapKind.DUPLICATE, None, period.period_id, detail), is_pending=is_pending)

    def _add_doubles(self) -> None:
        """Find periods that two of our employments have and only one may have."""
        alike: dict[tuple[str, Terms], list[int]] = defaultdict(list)
        for number, one in self.claimed.items():
            period = self.shown[number]
            if period.worker is not None and not period.is_cancelled and one.is_wanted:
                alike[period.worker, period.terms].append(number)
        for (_, terms), numbers in alike.items():
            if terms.worker_type in MAY_STAND_TWICE:
                continue  # two lawful employments; what nobody wished is no period of ours
            first, *more = sorted(numbers)
            for number in more:
                employment = self.claimed[number].employment
                gap = _gap(GapKind.DUPLICATE, employment, number, f"says what period {first} says")
                self._add(gap, is_pending=self._is_pending(self.claimed[number], self.shown[number]))


def _order(one: Expected) -> tuple[bool, int, str]:
    # Those whose period is known take theirs first.
    return one.period_id is None, one.period_id or 0, one.employment


def _likeness(terms: Terms) -> tuple[str | None, dt.date | None]:
    return terms.worker_type, terms.start


def _gap(kind: GapKind, employment: str | None, period_id: int | None, detail: str) -> Gap:
    return Gap(kind, str(period_id or employment), employment, period_id, detail)


def _differences(one: Expected, period: Shown | None) -> Iterator[Gap]:
    number = one.period_id or (period.period_id if period else None)
    if not one.is_wanted:
        if period is not None and not period.is_cancelled:
            yield _gap(GapKind.UNKNOWN, one.employment, number, "not wished any more, and it stands")
        return
    if period is None:
        yield _gap(GapKind.MISSING_IN, one.employment, number, "no such period")
    elif period.is_cancelled:
        yield _gap(GapKind.MISSING_IN, one.employment, number, "cancelled at the NSSO")
    elif one.terms is not None:
        for kind, fields in _fields_that_differ(one.terms, period.terms).items():
            yield _gap(kind, one.employment, number, ", ".join(fields))


def _fields_that_differ(ours: Terms, theirs: Terms) -> dict[GapKind, list[str]]:
    found: dict[GapKind, list[str]] = defaultdict(list)
    if ours.start != theirs.start:
        found[GapKind.DATE].append("start date")
    if ours.end is not None and theirs.end is None:
        found[GapKind.MISSING_OUT].append("end date")
    elif ours.end != theirs.end:
        found[GapKind.DATE].append("end date")
    for kind, name in _CODES:
        mine, its = getattr(ours, name), getattr(theirs, name)
        # What a search does not show is no difference: nobody knows which members it has (rest_api.md 2.8).
        if its is not None and mine != its:
            found[kind].append(name.replace("_", " "))
    return found


_CODES = (
    (GapKind.TYPE, "worker_type"),
    (GapKind.COMMITTEE, "joint_committee"),
    (GapKind.HOURS, "start_hour"),
    (GapKind.HOURS, "end_hour"),
    (GapKind.HOURS, "planned_hours"),
)
