"""Students: one period in each quarter and with each employer, with the hours of all contracts in it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.employment import Employment
from dimona_provider.domain.planning.differences import why_no_update, with_times_of
from dimona_provider.domain.planning.lawful import change_by, is_past, starts_at, undo_by
from dimona_provider.domain.planning.values import KnownPeriod, Wanted, employer_key
from dimona_provider.domain.planning.words import Reason
from dimona_provider.domain.worker_types import quarter_of


def student_periods(
    employments: Sequence[Employment], known: Sequence[KnownPeriod], now: dt.datetime
) -> Iterator[Wanted]:
    """
    Yield the periods of a student with one employer.

    A new contract joins the period of its quarter if that can still be changed in time: a late change would
    make all its hours count as declared late. Else it gets a period of its own: it has to be declared.
    """
    groups: dict[Hashable, list[Employment]] = defaultdict(list)
    for one in employments:
        content = one.start
        groups[
            quarter_of(content.start_date),
            content.joint_committee,
            content.sub_entity,
            content.user_enterprise,
        ].append(one)
    quarters = set()
    for members in groups.values():
        quarter = quarter_of(members[0].start.start_date)
        yield from _periods(
            members, _of_quarter(known, members[0].start), now, is_first=quarter not in quarters
        )
        quarters.add(quarter)


def _of_quarter(known: Sequence[KnownPeriod], content: DimonaIn) -> list[KnownPeriod]:
    return [
        one
        for one in known
        if one.content.worker_type == "STU"
        and employer_key(one.content.employer) == employer_key(content.employer)
        and quarter_of(one.content.start_date) == quarter_of(content.start_date)
    ]


def _periods(
    members: Sequence[Employment], known: Sequence[KnownPeriod], now: dt.datetime, *, is_first: bool
) -> Iterator[Wanted]:
    held: dict[KnownPeriod, list[Employment]] = {}
    new = []
    for member in members:
        holder = _holder(member, known)
        if holder is None:
            new.append(member)
        else:
            held.setdefault(holder, []).append(member)
    holders = sorted(held, key=lambda one: (one.content.start_date, one.period_id.number))
    joins = next((one for one in holders if new and _may_join(one, [*held[one], *new], now)), None)
    if joins is not None:
        held[joins] += new
        new = []
    if new:
        yield _together(new, is_first=is_first and not held)
    for holder in holders:
        yield _together(held[holder], is_first=is_first and holder is holders[0])


def _holder(member: Employment, known: Sequence[KnownPeriod]) -> KnownPeriod | None:
    holding = [one for one in known if member.reference in one.employments]
    same_start = [one for one in holding if one.content.start_date == member.start.start_date]
    return min(same_start or holding, key=lambda one: one.period_id.number, default=None)


def _may_join(holder: KnownPeriod, members: Sequence[Employment], now: dt.datetime) -> bool:
    before = holder.content
    after = with_times_of(before, _together(members, is_first=True).content)
    if holder.is_locked:
        return False
    if why_no_update(before, after) is None:
        limit = change_by(before, after)
        return limit is None or not is_past(limit, now)
    return not (is_past(undo_by(before), now) or is_past(starts_at(after), now))


def _together(members: Sequence[Employment], *, is_first: bool) -> Wanted:
    ordered = sorted(members, key=lambda one: (one.start.start_date, one.reference))
    first = ordered[0].start
    content = replace(
        first,
        end_date=max((one.start.end_date for one in ordered if one.start.end_date), default=None),
        planned_hours=sum(one.start.planned_hours or 0 for one in ordered),
    )
    year, number = quarter_of(first.start_date)
    rest = "" if is_first else f" {ordered[0].reference}"
    return Wanted(
        subject=f"student {year}Q{number}{rest}",
        content=content,
        employments=tuple(one.reference for one in ordered),
        reason=Reason.NEW if len(ordered) == 1 else Reason.STUDENT,
    )
