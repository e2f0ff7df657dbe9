"""What can't be filed beside the rest is left out, and what makes room goes first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dimona_provider.domain.assembly import draft_of
from dimona_provider.domain.checking import check
from dimona_provider.domain.declaration import DimonaIn, Kind
from dimona_provider.domain.identifiers import DimonaNumber
from dimona_provider.domain.planning.clashes import clash, is_near, overlaps, runs_on
from dimona_provider.domain.planning.differences import TIMES
from dimona_provider.domain.planning.values import Draft, KnownPeriod, Planned, Unplanned
from dimona_provider.domain.planning.words import Problem, Reason
from dimona_provider.domain.sentences import severity_of

_LEAD_TIME = "00910-008"


def drop_refused(draft: Draft, known: Sequence[KnownPeriod], now: dt.datetime) -> None:
    """Leave out, one after the other, what the NSSO would refuse, and what only makes sense with it."""
    standing = [one for one in known if not one.is_cancelled]
    planned = sorted(draft.planned, key=_rank)
    dropped: list[tuple[list[Planned], Unplanned]] = []
    while (found := _first_refused(planned, standing, now)) is not None:
        one, problem, code = found
        gone = _with_dependents(planned, one)
        periods = (one.period_id,) if one.period_id else ()
        unit = [other for other in planned if other.key in gone]
        dropped.append((unit, Unplanned(problem, one.employments, periods, code)))
        planned = [other for other in planned if other.key not in gone]
    for unit, unplanned in dropped:
        # What was in its way may have been dropped after it.
        trial = sorted([*planned, *unit], key=_rank)
        if _first_refused(trial, standing, now) is None:
            planned = trial
        else:
            draft.findings.append(unplanned)
    draft.planned = planned


def _rank(planned: Planned) -> tuple[bool, dt.date, str]:
    """Return the order in which declarations claim their days: what stands goes before what is new."""
    is_new = planned.kind is Kind.IN and planned.reason is not Reason.REPLACEMENT
    return is_new, planned.after.start_date if planned.after else dt.date.min, planned.key


def _first_refused(
    planned: Sequence[Planned], standing: Sequence[KnownPeriod], now: dt.datetime
) -> tuple[Planned, Problem, str | None] | None:
    for number, one in enumerate(planned):
        if (code := _blocking(one, now)) is not None:
            return one, Problem.REFUSED, code
        # Nothing but the end of an open period changes by an OUT, and none is refused for its neighbours.
        if one.after is not None and one.kind is not Kind.OUT:
            problem = _in_the_way(one, one.after, planned[:number], list(_beside(one, planned, standing)))
            if problem is not None:
                return one, problem, None
    return None


def _in_the_way(
    one: Planned, after: DimonaIn, earlier: Sequence[Planned], others: Sequence[tuple[DimonaIn, bool]]
) -> Problem | None:
    made = [(other.after, True) for other in earlier if other.kind is Kind.IN and other.after]
    for other, is_ours in (*others, *made):
        # A student's period that payroll does not know reserves the same hours already.
        is_doubled = not is_ours and one.kind is Kind.IN and overlaps(after, other)
        if is_doubled or clash(after, other):
            return Problem.OVERLAP
    return Problem.RUNS_ON if runs_on(after, (other for other, _ in (*others, *made))) else None


def _beside(
    one: Planned, planned: Sequence[Planned], standing: Sequence[KnownPeriod]
) -> Iterator[tuple[DimonaIn, bool]]:
    """Yield the other periods as the plan leaves them, and whether payroll's employments have them."""
    last = {other.period_id: other.after for other in _in_turn(planned) if other.period_id is not None}
    for period in standing:
        if period.period_id == one.period_id:
            continue
        content = last.get(period.period_id, period.content)
        if content is not None:
            yield content, bool(period.employments)


def _blocking(one: Planned, now: dt.datetime) -> str | None:
    """Return the first code for which the NSSO would refuse it, for what it says or what it leads to."""
    for breach in check(draft_of(one.declaration), now.date()):
        if severity_of(breach.code) == "B":
            return breach.code
    if one.after is None or one.kind is Kind.IN:
        return None
    for breach in check(draft_of(one.after), now.date()):
        # Of what it leads to, dates and hours alone are judged: a period from the NSSO shows no more, and the
        # lead time of an IN does not bind an UPDATE that leaves the start alone.
        if breach.field in TIMES and breach.code != _LEAD_TIME and severity_of(breach.code) == "B":
            return breach.code
    return None


def _with_dependents(planned: Sequence[Planned], dropped: Planned) -> set[str]:
    """Return the keys of what goes with *dropped*: what waits for it, and the CANCEL that made room."""
    gone = {dropped.key}
    if dropped.reason is Reason.REPLACEMENT:
        gone |= set(dropped.depends_on)
    if dropped.kind is Kind.IN:
        # Periods that were to give way to this one stay: else nobody would be declared.
        gone |= {
            one.key
            for one in planned
            if one.reason is Reason.UNWANTED and not set(dropped.employments).isdisjoint(one.employments)
        }
    while more := {one.key for one in planned if gone & set(one.depends_on)} - gone:
        gone |= more
    return gone


def order(draft: Draft, known: Sequence[KnownPeriod]) -> list[Planned]:
    """Return what is planned with its prerequisites, these first, else by deadline."""
    contents = {one.period_id: one.content for one in known}
    last = {one.period_id: one for one in _in_turn(draft.planned) if one.period_id is not None}
    waiting = {
        one.key: replace(one, depends_on=tuple(sorted({*one.depends_on, *_makes_room(one, last, contents)})))
        for one in draft.planned
    }
    ordered: list[Planned] = []
    done: set[str] = set()
    while waiting:
        ready = [one for one in waiting.values() if done.issuperset(one.depends_on)]
        if not ready:
            _give_up(draft, waiting)
            break
        first = min(ready, key=_urgency)
        ordered.append(waiting.pop(first.key))
        done.add(first.key)
    return ordered


def _in_turn(planned: Sequence[Planned]) -> list[Planned]:
    return sorted(planned, key=lambda one: len(one.depends_on))


def _makes_room(
    one: Planned, last: Mapping[DimonaNumber, Planned], contents: Mapping[DimonaNumber, DimonaIn]
) -> Iterator[str]:
    if one.after is None or one.kind is Kind.OUT:
        return
    for period_id, other in last.items():
        before = contents[period_id]
        if period_id != one.period_id and (clash(one.after, before) or is_near(one.after, before)):
            yield other.key


def _urgency(one: Planned) -> tuple[float, bool, str]:
    limit = one.file_by.timestamp() if one.file_by else float("inf")
    return limit, one.kind is Kind.IN, one.key


def _give_up(draft: Draft, waiting: Mapping[str, Planned]) -> None:
    for one in waiting.values():
        periods = (one.period_id,) if one.period_id else ()
        draft.findings.append(Unplanned(Problem.CIRCULAR, one.employments, periods))
