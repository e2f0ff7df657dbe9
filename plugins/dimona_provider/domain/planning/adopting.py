"""Periods that the NSSO showed and nobody declared here: the employments that each surely stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.employment import Employment
from dimona_provider.domain.planning.differences import has_other_features, is_flexi_period
from dimona_provider.domain.planning.values import KnownPeriod
from dimona_provider.domain.worker_types import quarter_of


def adopt(known: Sequence[KnownPeriod], employments: Sequence[Employment]) -> list[KnownPeriod]:
    """
    Return *known* with the employments of each period that has none, where no other could be meant.

    One fits with the same employer, type, committee and start. A student's contracts fit when they lie in the
    period of their quarter, and occasional work in an ordinary period that begins with it. What fits nothing
    is left alone, in the way.
    """
    active = [one for one in employments if one.status != "withdrawn"]
    # Who is wished for comes first; a withdrawal is about what is left.
    return _adopt(_adopt(known, active), [one for one in employments if one not in active])


def _adopt(known: Sequence[KnownPeriod], employments: Sequence[Employment]) -> list[KnownPeriod]:
    served = {name for one in known if not one.is_cancelled for name in one.employments}
    free = [one for one in employments if one.reference not in served]
    foreign = [one for one in known if not one.employments and not one.is_cancelled]
    sure = {one.reference for one in free if sum(_fits(period, one.start) for period in foreign) == 1}
    adopted = {}
    for period in foreign:
        fitting = [one for one in free if _fits(period, one.start)]
        if (
            fitting
            and sure.issuperset(one.reference for one in fitting)
            and _are_all(period.content, fitting)
        ):
            adopted[period.period_id] = frozenset(one.reference for one in fitting)
    return [replace(one, employments=adopted.get(one.period_id, one.employments)) for one in known]


def _are_all(period: DimonaIn, fitting: Sequence[Employment]) -> bool:
    """Tell whether a period was made for these: one, or several of which the first begins with it."""
    if len(fitting) == 1 and fitting[0].start.worker_type not in {"STU", "EXT"}:
        return True
    first = min(one.start.start_date for one in fitting)
    may_be_many = all(one.start.worker_type in {"STU", "EXT"} for one in fitting)
    return may_be_many and first == period.start_date


def _fits(known: KnownPeriod, wish: DimonaIn) -> bool:
    period = known.content
    if wish.worker_type == "EXT" and period.worker_type == "OTH":
        is_same = not has_other_features(known, replace(wish, worker_type="OTH"))
        return is_same and period.end_date is not None and _is_within(wish, period)
    if has_other_features(known, wish) or period.start_hour != wish.start_hour:
        return False
    if period.start_date == wish.start_date:
        return True
    if period.worker_type == "STU":
        return _is_within(wish, period)
    # A flexi-job has a period in every quarter; its later ones begin with the quarter.
    _, number = quarter_of(period.start_date)
    begins = (period.start_date.day, period.start_date.month) == (1, number * 3 - 2)
    is_later = wish.start_date < period.start_date <= (wish.end_date or period.start_date)
    return is_flexi_period(period) and begins and is_later


def _is_within(wish: DimonaIn, period: DimonaIn) -> bool:
    if wish.end_date is None or period.end_date is None:
        return False
    return period.start_date <= wish.start_date and wish.end_date <= period.end_date
