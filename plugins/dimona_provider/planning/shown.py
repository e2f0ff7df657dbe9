"""Periods that an import brought from the NSSO, as the planner takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from dimona_provider.domain.declaration import DimonaIn, Employer
from dimona_provider.domain.employment import Employment
from dimona_provider.domain.identifiers import DimonaNumber, EnterpriseNumber, parse_employer_id
from dimona_provider.domain.imported import ImportedPeriod
from dimona_provider.domain.planning.values import KnownPeriod, employer_key
from dimona_provider.ledger.periods import imported_periods


@dataclass(frozen=True, slots=True)
class ShownPeriod:
    """A period as the NSSO showed it."""

    period: KnownPeriod
    at: float
    """When, in epoch seconds: what was declared of it before is in it."""


def shown_periods(
    connection: sa.Connection, environment: str, worker_hash: str, wanted: Sequence[Employment]
) -> Iterator[ShownPeriod]:
    """
    Yield the imported periods of a worker, who is known by what payroll wishes of him.

    What the NSSO did not show of a period is taken to be what payroll says of the same employment: nobody
    knows better, and a difference would be made up.
    """
    if not wanted:
        return
    for one in imported_periods(connection, environment, worker_hash):
        period = KnownPeriod(
            period_id=DimonaNumber(one.period_id),
            content=_content(one, wanted),
            employments=frozenset(one.employments),
            is_cancelled=one.is_cancelled,
            is_locked=one.is_locked,
            knows_blocks=False,
        )
        yield ShownPeriod(period, one.seen_at)


def _content(one: ImportedPeriod, wanted: Sequence[Employment]) -> DimonaIn:
    likely = _likely(one, wanted)
    return DimonaIn(
        employer=likely.employer if likely else _employer(one.employer),
        worker=wanted[0].start.worker,
        worker_type=one.worker_type or (likely.worker_type if likely else "OTH"),
        joint_committee=one.joint_committee or (likely.joint_committee if likely else "XXX"),
        start_date=one.start_date,
        end_date=one.end_date,
        start_hour=one.start_hour or (likely.start_hour if likely else None),
        end_hour=one.end_hour or (likely.end_hour if likely else None),
        planned_hours=likely.planned_hours if likely and one.planned_hours is None else one.planned_hours,
    )


def _likely(one: ImportedPeriod, wanted: Sequence[Employment]) -> DimonaIn | None:
    """Return what payroll says of the employment that a period is most likely for."""
    of_employer = [wish for wish in wanted if employer_key(wish.start.employer) == one.employer]
    own = [wish.start for wish in of_employer if wish.reference in one.employments]
    alike = [
        wish.start
        for wish in of_employer
        if wish.start.start_date == one.start_date and one.worker_type in {None, wish.start.worker_type}
    ]
    return next(iter(own or alike), None)


def _employer(number: str) -> Employer:
    if len(number) == 10 and number[0] in "01":
        return Employer(enterprise_number=EnterpriseNumber.parse(number))
    return Employer(nsso_number=parse_employer_id(number))
