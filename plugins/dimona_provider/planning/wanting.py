"""What payroll wishes of an employer by now, for whoever compares it with what the NSSO has."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence

from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.domain.declaration import DimonaIn, Kind
from dimona_provider.domain.employment import Employment
from dimona_provider.domain.gaps import Wish
from dimona_provider.domain.outcome import State
from dimona_provider.domain.planning.adopting import adopt
from dimona_provider.domain.planning.changing import is_too_early
from dimona_provider.domain.planning.values import Draft, Wanted, employer_key
from dimona_provider.domain.planning.wanting import wanted_periods
from dimona_provider.domain.terms import Terms
from dimona_provider.ledger import Ledger, agenda, said
from dimona_provider.ledger.history import Declared
from dimona_provider.planning.gathering import Known, gather
from dimona_provider.planning.histories import Standing, stand

_AT_ONCE = 100
"""Workers in one reading of the ledger."""


def wished(ledger: Ledger, environment: str, employer: str, *, now: float) -> Iterator[Wish]:
    """
    Yield the periods that payroll wishes of an employer, each under the employment that it was declared for.

    Left out is what somebody decided not to follow, what can't be declared yet, what the NSSO refused (its
    run told), workers who are still to be planned, and an employment that needs several periods: nobody could
    say which of them a wish is about.
    """
    moment = dt.datetime.fromtimestamp(now, BRUSSELS)
    workers = agenda.planned_workers(ledger, environment, employer)
    with ledger.read() as connection:
        kept = said.kept(connection, environment, employer, now=now)
    for start in range(0, len(workers), _AT_ONCE):
        some = [agenda.Due(environment, worker, 0) for worker in workers[start : start + _AT_ONCE]]
        with ledger.read() as connection:
            gathered = gather(ledger, connection, some, lock=False)
        for known in gathered:
            wishes = (wish for of, wish in _of_worker(known, moment) if of == employer)
            yield from (wish for wish in wishes if wish.employment not in kept)


def _of_worker(known: Known, moment: dt.datetime) -> Iterator[tuple[str, Wish]]:
    """Yield the wishes for a worker, each with its employer."""
    declared, worker = known.declared, known.worker_hash
    standing = stand(declared, known.shown)
    wanted = _wanted(known.wanted, standing, moment)
    refused = _refused(declared, standing)
    several = Counter(name for one in wanted for name in one.employments)
    taken = set()
    for one in wanted:
        names = _names(one, declared, standing)
        taken |= {*names, *one.employments}
        is_sure = len(names) == 1 and all(several[name] == 1 for name in one.employments)
        is_sure = is_sure and refused.isdisjoint(one.employments)
        if is_sure and not is_too_early(one.content, moment):
            yield employer_key(one.content.employer), Wish(names.pop(), worker, _terms(one.content))
    for withdrawn in known.wanted:
        if withdrawn.status == "withdrawn" and withdrawn.reference not in taken:
            wish = Wish(withdrawn.reference, worker, _terms(withdrawn.start), is_withdrawn=True)
            yield employer_key(withdrawn.start.employer), wish


def _refused(declared: Sequence[Declared], standing: Standing) -> set[str]:
    """Return the employments whose IN was refused, and that have no period."""
    refused = {
        name
        for one in declared
        if one.kind is Kind.IN and one.state is State.REFUSED
        for name in (one.employment, *one.serves)
    }
    return refused - {name for one in standing.known if not one.is_cancelled for name in one.employments}


def _wanted(employments: Sequence[Employment], standing: Standing, moment: dt.datetime) -> list[Wanted]:
    ordered = sorted(employments, key=lambda one: one.reference)
    known = adopt(sorted(standing.known, key=lambda one: one.period_id.number), ordered)
    draft = Draft()
    wanted = wanted_periods(ordered, [one for one in known if not one.is_cancelled], draft, moment)
    told = {name for one in draft.findings for name in one.employments}  # the plan says what is wrong with it
    return [one for one in wanted if told.isdisjoint(one.employments)]


def _names(wanted: Wanted, declared: Sequence[Declared], standing: Standing) -> set[str]:
    """Return the employments under which a wanted period was declared, or else is to be."""
    numbers = {
        one.period_id.number
        for one in standing.known
        if not one.is_cancelled and not one.employments.isdisjoint(wanted.employments)
    }
    by_us = {one.employment for one in declared if one.kind is Kind.IN and one.period_id in numbers}
    return by_us or {wanted.employments[0]}


def _terms(content: DimonaIn) -> Terms:
    return Terms(
        content.worker_type,
        content.joint_committee,
        content.start_date,
        content.end_date,
        content.start_hour,
        content.end_hour,
        content.planned_hours,
    )
