"""Periods that the NSSO showed and nobody declared here: the employment that each surely stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dimona_provider.domain.employment import Employment
from dimona_provider.domain.planning.differences import has_other_features, is_flexi_period
from dimona_provider.domain.planning.values import KnownPeriod
from dimona_provider.domain.worker_types import quarter_of


def adopt(known: Sequence[KnownPeriod], employments: Sequence[Employment]) -> list[KnownPeriod]:
    """
    Return *known* with the employment of each period that has none, if exactly one fits.

    It fits with the same employer, type, committee and start. What fits nothing is left alone, in the way.
    """
    served = {name for one in known if not one.is_cancelled for name in one.employments}
    free = [one for one in employments if one.reference not in served and one.status != "withdrawn"]
    foreign = [one for one in known if not one.employments and not one.is_cancelled]
    fitting = {one.period_id: [wish for wish in free if _fits(one, wish)] for one in foreign}
    return [
        replace(one, employments=frozenset({fitting[one.period_id][0].reference}))
        if len(fitting.get(one.period_id, ())) == 1 and not _has_rival(one, foreign)
        else one
        for one in known
    ]


def _fits(known: KnownPeriod, wish: Employment) -> bool:
    period, wanted = known.content, wish.start
    if has_other_features(known, wanted) or period.start_hour != wanted.start_hour:
        return False
    if period.start_date == wanted.start_date:
        return True
    # A flexi-job has a period in every quarter; its later ones begin with the quarter.
    is_within = wanted.start_date < period.start_date <= (wanted.end_date or period.start_date)
    begins_quarter = (
        period.start_date.day == 1 and quarter_of(period.start_date)[1] * 3 - 2 == period.start_date.month
    )
    return is_flexi_period(period) and is_within and begins_quarter


def _has_rival(one: KnownPeriod, foreign: Sequence[KnownPeriod]) -> bool:
    return any(
        other is not one
        and not has_other_features(other, one.content)
        and (other.content.start_date, other.content.start_hour)
        == (one.content.start_date, one.content.start_hour)
        for other in foreign
    )
