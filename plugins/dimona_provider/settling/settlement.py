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
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from dimona_provider.api.comparing import is_effect_of, is_same_declaration
from dimona_provider.api.found import FoundDeclaration, FoundPeriod
from dimona_provider.clock import Clock
from dimona_provider.domain.declaration import Kind
from dimona_provider.errors import AuthenticationFailed, DimonaError, ServiceUnavailable
from dimona_provider.ledger import Ledger, settled, surroundings
from dimona_provider.ledger.answers import Received, insert_answers
from dimona_provider.ledger.unclear import Unclear
from dimona_provider.settling.catching_up import CatchingUp
from dimona_provider.settling.evidence import Evidence
from dimona_provider.settling.matching import Doubtful, Elsewhere, Matcher, Ours, made_period
from dimona_provider.settling.refiling import why_not_again
from dimona_provider.settling.refusals import is_shown, standing_period

_ELSEWHERE = "already true, filed elsewhere"
_BUSY = "another declaration of this worker is being sent; looked at again later"
_DOUBTFUL = "an equal declaration shows that has no effect, perhaps filed by hand: a person decides"


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
    """Settle what one connection filed, in one pass."""

    def __init__(self, ledger: Ledger, evidence: Evidence, clock: Clock, *, refile_after: float) -> None:
        self._ledger = ledger
        self._evidence = evidence
        self._clock = clock
        self._refile_after = refile_after
        self._catching_up = CatchingUp(ledger, evidence)
        self._matcher = Matcher(ledger, evidence)
        self._done = Settled()

    async def settle(self, intents: Sequence[Unclear], refused: Sequence[Unclear] = ()) -> Settled:
        """
        Look at each of *intents*, and at those *refused* as known; raises nothing that the service did.

        What can't be looked at now stays as it is: a pass may be repeated at any time.
        """
        done = self._done = Settled()
        groups = [list(group) for _, group in itertools.groupby(sorted(intents, key=_worker), key=_worker)]
        looks: list[tuple[list[Unclear], Callable[[], Awaitable[None]]]]
        looks = [(group, partial(self._look, group)) for group in groups]
        looks += [([], partial(self._compare, one)) for one in refused]
        for group, look in looks:
            try:
                await look()
            except (ServiceUnavailable, AuthenticationFailed) as error:
                done.trouble = str(error)
                break  # the service can't be used now; the next pass looks again
            except DimonaError as error:
                done.trouble = str(error)
                for one in group:
                    await self._explain(one, f"it can't be looked for: {error}")
        done.left = len({one.id for one in intents if not one.is_decided} - done.resolved)
        return done

    async def _look(self, group: list[Unclear]) -> None:
        """Look at what is unclear of one worker, in the order in which it was sent."""
        if await asyncio.to_thread(surroundings.is_sending, self._ledger, group[0]):
            for one in group:
                await self._explain(one, _BUSY)
            return
        caught_up = await self._catching_up.up_to(max(group, key=lambda one: one.sent_until))
        ins = [one for one in group if one.kind == Kind.IN]
        if ins:
            await self._look_for(ins, caught_up)
        for one in group:
            if one.kind != Kind.IN:
                await self._look_at_period(one, caught_up)

    async def _look_for(self, ins: list[Unclear], caught_up: float) -> None:
        body = json.loads(ins[0].body)
        found = await self._evidence.declarations(body["employer"], body["worker"].get("ssin"))
        free = await self._matcher.of_nobody(ins[0].environment, found)
        for one in ins:
            same = [item for item in free if is_same_declaration(json.loads(one.body), item.body)]
            match await self._matcher.match(one, same, is_complete=self._would_show(one, caught_up)):
                case Ours(item):
                    free.remove(item)
                    await self._adopt(one, item)
                case Elsewhere(item, period):
                    free.remove(item)
                    await self._note_already_true(one, period, item)
                case Doubtful() if not one.is_decided:
                    await self._explain(one, _DOUBTFUL)
                case _:
                    await self._file_again_or_leave(one, None, caught_up)

    def _would_show(self, one: Unclear, caught_up: float) -> bool:
        """Tell whether a search would show *one* by now, had it arrived; a person who says no is believed."""
        if one.is_decided:
            return False
        return caught_up > one.sent_until or self._clock.now() >= one.sent_until + self._refile_after

    async def _adopt(self, one: Unclear, found: FoundDeclaration) -> None:
        now = self._clock.now()
        number = found.answer.declaration_id
        adopt = partial(settled.adopt, self._ledger, one, number, period_id=made_period(found), now=now)
        if await asyncio.to_thread(adopt):
            received = Received(one.id, found.answer, found.raw, now)
            await asyncio.to_thread(insert_answers, self._ledger, one.environment, [received])
            self._done.adopted += 1
            self._done.resolved.add(one.id)

    async def _look_at_period(self, one: Unclear, caught_up: float) -> None:
        assert one.period_id is not None  # noqa: S101 - for mypy: intake refuses follow-ups without a period
        period = await self._evidence.period(one.period_id)
        if period is not None and is_effect_of(json.loads(one.body), period):
            await self._note_already_true(one, period)
        else:
            await self._file_again_or_leave(one, period, caught_up)

    async def _note_already_true(
        self, one: Unclear, period: FoundPeriod, found: FoundDeclaration | None = None
    ) -> bool:
        reason = _ELSEWHERE if one.kind == Kind.IN else "already true at the NSSO"
        mark = partial(
            settled.mark_already_true,
            self._ledger,
            one,
            reason,
            period_id=period.period_id,
            declaration_id=found.answer.declaration_id if found else None,
            now=self._clock.now(),
        )
        is_marked = await asyncio.to_thread(mark)
        if is_marked:
            self._done.already_true += 1
            self._done.resolved.add(one.id)
        return is_marked

    async def _file_again_or_leave(self, one: Unclear, period: FoundPeriod | None, caught_up: float) -> None:
        now = self._clock.now()
        if one.is_decided:  # by a person; this was the last look before it is sent
            if await asyncio.to_thread(settled.let_go, self._ledger, one, now=now):
                self._done.batches.add(one.batch)
            return
        reason = why_not_again(one, period, now=now, refile_after=self._refile_after, caught_up=caught_up)
        if reason is None and await asyncio.to_thread(surroundings.is_overtaken, self._ledger, one):
            reason = "not found, and a newer declaration of this employment exists: a person decides"
        if reason is not None:
            await self._explain(one, reason)
        elif await asyncio.to_thread(settled.plan_again, self._ledger, one, "not found at the NSSO", now=now):
            self._done.planned_again += 1
            self._done.resolved.add(one.id)
            self._done.batches.add(one.batch)

    async def _explain(self, one: Unclear, reason: str) -> None:
        await asyncio.to_thread(settled.explain, self._ledger, one, reason, now=self._clock.now())

    async def _compare(self, one: Unclear) -> None:
        """See whether what was refused as known is just what was wished."""
        now = self._clock.now()
        is_last = await is_shown(self._evidence, one, now=now, refile_after=self._refile_after)
        period = await standing_period(self._evidence, one)
        # A period of ours that payroll wishes under two employments answers the first: a person has to look.
        if period is not None:
            await self._note_already_true(one, period)
        if period is not None or is_last:
            await asyncio.to_thread(settled.note_compared, self._ledger, one, now=now)


def _worker(one: Unclear) -> tuple[str, str, str]:
    return one.environment, one.employer, one.worker_hash or ""
