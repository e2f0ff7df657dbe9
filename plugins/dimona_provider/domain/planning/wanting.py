"""From the employments of one worker to the periods that they need."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace

from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.employment import Employment
from dimona_provider.domain.needs import limits
from dimona_provider.domain.planning.differences import is_flexi_period
from dimona_provider.domain.planning.flexi import quarters_of
from dimona_provider.domain.planning.occasional import occasional_periods
from dimona_provider.domain.planning.students import student_periods
from dimona_provider.domain.planning.values import Draft, KnownPeriod, Wanted, employer_key

_GO_ON = frozenset({"OTH", "BCW", "DWD", "RTA", "ALT", "PMP"})
"""Types whose period goes on when a new contract follows at once: no new Dimona is due then."""
_DAY = dt.timedelta(days=1)


def wanted_periods(
    employments: Sequence[Employment], known: Sequence[KnownPeriod], draft: Draft, now: dt.datetime
) -> list[Wanted]:
    """Return the periods that the employments of one worker need; *known* are those not cancelled."""
    references = {one.reference for one in employments}
    by_employer: dict[str, list[Employment]] = defaultdict(list)
    for one in employments:
        if one.status != "withdrawn":
            by_employer[employer_key(one.start.employer)].append(one)
    found: list[Wanted] = []
    for members in by_employer.values():
        found += _of_employer(members, known, references, draft, now)
    return sorted(found, key=lambda one: (one.content.start_date, one.subject))


def _of_employer(
    members: Sequence[Employment],
    known: Sequence[KnownPeriod],
    references: Set[str],
    draft: Draft,
    now: dt.datetime,
) -> Iterator[Wanted]:
    students = [one for one in members if one.start.worker_type == "STU"]
    occasional = [one for one in members if one.start.worker_type == "EXT"]
    flexi = [one for one in members if is_flexi_period(one.start)]
    others = [one for one in members if one not in students and one not in occasional and one not in flexi]
    yield from student_periods(students, known, now)
    yield from occasional_periods(occasional, known, references, draft, now)
    for one in flexi:
        yield from quarters_of(one.reference, one.start, now, _last_start(one.reference, known))
    yield from _in_sequence(others, known)


def _last_start(reference: str, known: Iterable[KnownPeriod]) -> dt.date:
    starts = (one.content.start_date for one in known if reference in one.employments)
    return max(starts, default=dt.date.min)


def _in_sequence(employments: Sequence[Employment], known: Sequence[KnownPeriod]) -> Iterator[Wanted]:
    """Yield a period for each employment, but one for those that follow each other without a day between."""
    chains: list[list[Employment]] = []
    for one in sorted(employments, key=lambda one: (one.start.start_date, one.reference)):
        before = next((chain for chain in chains if _follows(chain[-1], one, known)), None)
        if before is None:
            chains.append([one])
        else:
            before.append(one)
    for chain in chains:
        content = replace(chain[0].start, end_date=chain[-1].start.end_date)
        yield Wanted(f"employment {chain[0].reference}", content, tuple(one.reference for one in chain))


def _follows(earlier: Employment, later: Employment, known: Sequence[KnownPeriod]) -> bool:
    one, other = earlier.start, later.start
    if one.end_date is None or other.start_date != one.end_date + _DAY or not _goes_on(one, other):
        return False
    # What was declared apart stays apart.
    return _serving(later, known) <= _serving(earlier, known)


def _goes_on(one: DimonaIn, other: DimonaIn) -> bool:
    names = ("worker_type", "joint_committee", "sub_entity")
    return (
        one.worker_type in _GO_ON
        and one.joint_committee != limits()["committees"]["temporary_work"]
        and all(getattr(one, name) == getattr(other, name) for name in names)
    )


def _serving(one: Employment, known: Iterable[KnownPeriod]) -> set[int]:
    return {period.period_id.number for period in known if one.reference in period.employments}
