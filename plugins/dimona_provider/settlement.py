"""
Use case: resolve what is unclear, by looking and never by hoping.

Each unclear intent is looked for at the NSSO: found, it is adopted; there already, that is written down; not
found although it should show by now, it may be sent once more, if that is lawful and can't make a second
period. Everything else stays unclear, with the reason, for a person to decide (docs/adr/0002).
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from dimona_provider.api.client import REQUEST_TIMEOUT
from dimona_provider.api.comparing import is_effect_of, is_period_of, is_same_declaration
from dimona_provider.api.found import FoundDeclaration, FoundPeriod
from dimona_provider.clock import Clock
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import Result
from dimona_provider.errors import AuthenticationFailed, DimonaError, ServiceUnavailable
from dimona_provider.evidence import Evidence
from dimona_provider.ledger import Ledger, unclear
from dimona_provider.ledger.answers import Received, insert_answers
from dimona_provider.ledger.unclear import Unclear
from dimona_provider.refiling import why_not_again

ALREADY_TRUE = ("90373-333", "00913-355", "00913-356", "90378-444")
"""Codes with which the service refuses what it has: equal period, cancelled, closed, nothing to change."""

_ELSEWHERE = "already true, filed elsewhere"
_BUSY = "another declaration of this worker is being sent; looked at again later"
_LATER = 3
"""Declarations of an employer that are tried as a sign that the search has caught up."""


@dataclass(slots=True)
class Settled:
    """What one pass came to."""

    adopted: int = 0
    already_true: int = 0
    planned_again: int = 0
    left: int = 0
    """Intents that stay unclear."""
    trouble: str | None = None
    """Why the pass could not look at everything."""
    batches: set[str] = field(default_factory=set)
    """Batches with something planned again."""
    resolved: set[int] = field(default_factory=set)
    """Intents that are unclear no longer."""

    def line(self) -> str:
        """Return the counts in words."""
        return (
            f"settled: {self.adopted} found, {self.already_true} already true, "
            f"{self.planned_again} planned again, {self.left} stay unclear"
        )


class Settlement:
    """Settle what one connection filed."""

    def __init__(self, ledger: Ledger, evidence: Evidence, clock: Clock, *, refile_after: float) -> None:
        self._ledger = ledger
        self._evidence = evidence
        self._clock = clock
        self._refile_after = refile_after
        self._caught_up: dict[str, float] = {}
        self._not_shown: set[int] = set()

    async def settle(self, intents: Sequence[Unclear], refused: Sequence[Unclear] = ()) -> Settled:
        """
        Look at each of *intents*, and at those *refused* as known; raises nothing that the service did.

        What can't be looked at now stays as it is: a pass may be repeated at any time.
        """
        settled = Settled()
        by_worker = itertools.groupby(sorted(intents, key=_worker), key=_worker)
        looks = [partial(self._look, list(group), settled) for _, group in by_worker]
        looks += [partial(self._compare, one, settled) for one in refused]
        for look in looks:
            try:
                await look()
            except (ServiceUnavailable, AuthenticationFailed) as error:
                settled.trouble = str(error)
                break  # the service can't be used now; the next pass looks again
            except DimonaError as error:
                settled.trouble = str(error)
        settled.left = len({one.id for one in intents} - settled.resolved)
        return settled

    async def _look(self, group: list[Unclear], settled: Settled) -> None:
        """Look at what is unclear of one worker, in the order in which it was sent."""
        if await asyncio.to_thread(unclear.is_sending, self._ledger, group[0]):
            for one in group:
                await self._explain(one, _BUSY)
            return
        caught_up = await self._caught_up_to(max(group, key=lambda one: one.sent_until))
        ins = [one for one in group if one.kind == Kind.IN]
        if ins:
            await self._look_for(ins, caught_up, settled)
        for one in group:
            if one.kind != Kind.IN:
                await self._look_at_period(one, caught_up, settled)

    async def _look_for(self, ins: list[Unclear], caught_up: float, settled: Settled) -> None:
        body = json.loads(ins[0].body)
        found = await self._evidence.declarations(body["employer"], body["worker"].get("ssin"))
        ids = [item.answer.declaration_id for item in found]
        owned = await asyncio.to_thread(unclear.owned, self._ledger, ins[0].environment, ids)
        free = sorted(
            (item for item in found if item.answer.declaration_id not in owned),
            key=lambda item: item.answer.declaration_id,
        )
        for one in ins:
            same = [item for item in free if is_same_declaration(json.loads(one.body), item.body)]
            ours = next((item for item in same if item.answer.declaration_id > one.known_up_to), None)
            if ours is not None:
                free.remove(ours)
                await self._adopt(one, ours, settled)
            elif (period := await self._standing_period(one, same)) is not None:
                await self._note_already_true(one, period, settled)
            else:
                await self._file_again_or_leave(one, None, caught_up, settled)

    async def _adopt(self, one: Unclear, found: FoundDeclaration, settled: Settled) -> None:
        now = self._clock.now()
        number = found.answer.declaration_id
        if await asyncio.to_thread(unclear.adopt, self._ledger, one, number, now=now):
            received = Received(one.id, found.answer, found.raw, now)
            await asyncio.to_thread(insert_answers, self._ledger, one.environment, [received])
            settled.adopted += 1
            settled.resolved.add(one.id)

    async def _standing_period(self, one: Unclear, same: Iterable[FoundDeclaration]) -> FoundPeriod | None:
        """Return the period of an equal declaration that is older than our attempt, if it still stands."""
        for item in same:
            if item.answer.result not in {Result.ACCEPTED, Result.WARNED} or item.answer.period_id is None:
                continue
            period = await self._evidence.period(item.answer.period_id)
            if period is not None and is_period_of(json.loads(one.body), period):
                return period
        return None

    async def _look_at_period(self, one: Unclear, caught_up: float, settled: Settled) -> None:
        assert one.period_id is not None  # noqa: S101 - for mypy: intake refuses follow-ups without a period
        period = await self._evidence.period(one.period_id)
        if period is not None and is_effect_of(json.loads(one.body), period):
            await self._note_already_true(one, period, settled)
        else:
            await self._file_again_or_leave(one, period, caught_up, settled)

    async def _note_already_true(self, one: Unclear, period: FoundPeriod, settled: Settled) -> None:
        reason = _ELSEWHERE if one.kind == Kind.IN else "already true at the NSSO"
        now = self._clock.now()
        number = period.period_id
        if await asyncio.to_thread(
            unclear.mark_already_true, self._ledger, one, reason, period_id=number, now=now
        ):
            settled.already_true += 1
            settled.resolved.add(one.id)

    async def _file_again_or_leave(
        self, one: Unclear, period: FoundPeriod | None, caught_up: float, settled: Settled
    ) -> None:
        now = self._clock.now()
        reason = why_not_again(one, period, now=now, refile_after=self._refile_after, caught_up=caught_up)
        if reason is None and await asyncio.to_thread(unclear.is_overtaken, self._ledger, one):
            reason = "not found, and a newer declaration of this employment exists: a person decides"
        if reason is not None:
            await self._explain(one, reason)
        elif await asyncio.to_thread(unclear.plan_again, self._ledger, one, "not found at the NSSO", now=now):
            settled.planned_again += 1
            settled.resolved.add(one.id)
            settled.batches.add(one.batch)

    async def _explain(self, one: Unclear, reason: str) -> None:
        await asyncio.to_thread(unclear.explain, self._ledger, one, reason, now=self._clock.now())

    async def _caught_up_to(self, one: Unclear) -> float:
        """
        Return up to which filing time the search surely shows this employer's declarations, or 0.

        Asked before the search whose emptiness it is to explain.
        """
        proven = self._caught_up.get(one.employer, 0.0)
        if proven > one.sent_until:
            return proven
        # The earliest that prove enough: newer ones may not show yet, however far the search has come.
        after = one.sent_until + REQUEST_TIMEOUT
        candidates = await asyncio.to_thread(
            unclear.answered_after, self._ledger, one.environment, one.employer, after, limit=_LATER
        )
        for later in candidates:
            body: Mapping[str, Any] = json.loads(later.body)
            ssin = body.get("worker", {}).get("ssin")
            if "employer" not in body or ssin is None or later.declaration_id in self._not_shown:
                continue
            shown = await self._evidence.declarations(body["employer"], ssin)
            if later.declaration_id in {item.answer.declaration_id for item in shown}:
                self._caught_up[one.employer] = later.filed_at - REQUEST_TIMEOUT
                break
            self._not_shown.add(later.declaration_id)
        return self._caught_up.get(one.employer, 0.0)

    async def _compare(self, one: Unclear, settled: Settled) -> None:
        """See whether what was refused as known is just what was wished."""
        body = json.loads(one.body)
        if one.kind == Kind.IN:
            ssin = body["worker"].get("ssin")
            periods = await self._evidence.periods(body["employer"], ssin) if ssin else []
            period = next((item for item in periods if is_period_of(body, item)), None)
            if period is not None and await asyncio.to_thread(
                unclear.is_period_of_another, self._ledger, one, period.period_id
            ):
                period = None  # payroll wishes one period under two employments: a person has to look
        else:
            standing = await self._evidence.period(one.period_id) if one.period_id else None
            period = standing if standing is not None and is_effect_of(body, standing) else None
        if period is not None:
            await self._note_already_true(one, period, settled)
        await asyncio.to_thread(unclear.note_compared, self._ledger, one, now=self._clock.now())


def _worker(one: Unclear) -> tuple[str, str, str]:
    return one.environment, one.employer, one.worker_hash or ""
