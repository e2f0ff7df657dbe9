"""
Use case: compare the NSSO's periods of an employer with ours, and keep a register of where they differ.

Reads all of an employer's periods or decides nothing. Files nothing, and changes nothing but the register.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from dimona_provider.api.parties import employer_member
from dimona_provider.clock import Clock
from dimona_provider.contact.effects import Effect, Ours, apply, effect_of
from dimona_provider.contact.importing import seen_periods
from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.gaps import Expected, Shown, UnderWay, Wish, with_wishes
from dimona_provider.domain.reconciling import Comparison, compare
from dimona_provider.ledger import Ledger, contacts, gaps, periods
from dimona_provider.ledger.declared import declared, first_declared, owners
from dimona_provider.ledger.gaps import Registered
from dimona_provider.settling.evidence import Evidence

MOST_PAGES = 4_000
"""Pages of 50 periods that a reconciliation reads of an employer."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconciliation came to; holds no person."""

    pages: int
    compared: int
    """Periods that stand at the NSSO."""
    pending: int
    """Differences that may pass by themselves."""
    past: int
    """Periods that nobody here knows, and that ended before our first contact."""
    register: Registered

    def line(self) -> str:
        """Return the counts in words."""
        return (
            f"{self.compared} periods compared: {self.register.open} gaps, {self.register.new} new, "
            f"{self.register.solved} solved; {self.pending} may pass by themselves"
        )


@dataclass(slots=True)
class _Picture:
    """What the ledger says of an employer."""

    expected: list[Expected] = field(default_factory=list)
    under_way: list[UnderWay] = field(default_factory=list)


async def reconcile(
    ledger: Ledger,
    evidence: Evidence,
    environment: str,
    employer: str,
    *,
    clock: Clock,
    visible_after: float,
    wishes: Iterable[Wish] = (),
    most_pages: int = MOST_PAGES,
) -> Reconciled:
    """
    Reconcile one employer; raises DimonaError, and changes nothing, when not everything could be read.

    *visible_after* is how many seconds after its outcome a declaration surely shows in a search. *wishes* is
    what payroll wished last, where that is known.
    """
    began_at = clock.now()
    shown: dict[int, Shown] = {}
    pages = 0
    async for page in evidence.pages_of_periods(employer_member(employer), most=most_pages):
        pages += 1
        for one in await asyncio.to_thread(seen_periods, ledger, page):
            shown[one.period_id] = Shown(one.period_id, one.worker_hash, one.terms, one.is_cancelled)
    # Only now, so that what was accepted meanwhile is known, and not taken for somebody else's.
    fresh_since = began_at - visible_after
    picture = await asyncio.to_thread(_picture, ledger, environment, employer, fresh_since)
    since = await asyncio.to_thread(_first_contact, ledger, environment, employer, began_at)
    compared = compare(with_wishes(picture.expected, wishes), shown.values(), picture.under_way, since=since)
    await asyncio.to_thread(_leave_out_others, ledger, environment, compared)
    registered = await asyncio.to_thread(
        gaps.register, ledger, environment, employer, compared.gaps, compared.pending, now=clock.now()
    )
    return Reconciled(pages, compared.compared, len(compared.pending), compared.past, registered)


def _picture(ledger: Ledger, environment: str, employer: str, fresh_since: float) -> _Picture:
    effects = [effect_of(one) for one in declared(ledger, environment, employer)]
    ours = apply(effects, _imported(ledger, environment, employer))
    return _Picture(
        [
            Expected(
                one.employment,
                one.period_id,
                one.worker,
                one.terms,
                is_wanted=not one.is_cancelled,
                is_fresh=one.at >= fresh_since,
            )
            for one in ours
        ],
        [_under_way(one) for one in effects if one.declared.is_open],
    )


def _imported(ledger: Ledger, environment: str, employer: str) -> dict[int, Ours]:
    """Return the periods that were imported and belong to an employment."""
    found = {}
    for group in periods.by_worker(ledger, environment, employer):
        for one in group:
            seen = one.seen
            if one.employment is not None:
                found[seen.period_id] = Ours(
                    seen.period_id,
                    one.employment,
                    seen.worker_hash,
                    seen.terms,
                    is_cancelled=seen.is_cancelled,
                    at=0.0,
                    shown_at=one.seen_at,
                )
    return found


def _under_way(one: Effect) -> UnderWay:
    is_in = one.kind is Kind.IN
    return UnderWay(
        one.declared.employment,
        None if is_in else one.declared.period_id,
        one.declared.worker_hash if one.has_ssin else None,
        one.terms,
    )


def _first_contact(ledger: Ledger, environment: str, employer: str, now: float) -> dt.date:
    """Return the day since when we know of an employer."""
    known = (
        contacts.imported_at(ledger, environment, employer),
        first_declared(ledger, environment, employer),
    )
    at = min((one for one in known if one is not None), default=now)
    return dt.datetime.fromtimestamp(at, BRUSSELS).date()


def _leave_out_others(ledger: Ledger, environment: str, compared: Comparison) -> None:
    """Leave out periods that an IN of ours made under another number of the same employer."""
    strangers = {one.period_id for one in compared.gaps if one.employment is None and one.period_id}
    elsewhere = owners(ledger, environment, strangers)
    compared.gaps = [
        one for one in compared.gaps if one.employment is not None or one.period_id not in elsewhere
    ]
