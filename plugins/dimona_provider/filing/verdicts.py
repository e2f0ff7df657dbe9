"""Writes down what each POST came to, in groups, for as long as nobody else may touch the intents."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import sqlalchemy as sa

from dimona_provider.api.client import REQUEST_TIMEOUT
from dimona_provider.clock import Clock
from dimona_provider.errors import ServiceUnavailable
from dimona_provider.filing.windows import Window
from dimona_provider.ledger import Ledger, claims
from dimona_provider.ledger.attempts import Attempted, Verdict, record_attempts

PATIENCE = claims.LEASE + REQUEST_TIMEOUT
"""Seconds for which a verdict that the ledger does not take is tried again: others stay away for longer."""
_GATHER = 0.05
"""Seconds between two groups of verdicts."""
_TAKEN = "the service gave a declaration id that another declaration has"


class Verdicts:
    """The verdicts of a sender."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def record(self, window: Window, done: asyncio.Event) -> None:
        """Write verdicts down as they come, as many as there are at a time: one commit for each group."""
        try:
            while not (done.is_set() and window.written == len(window.ends)):
                # What comes together is written together; the last ones wait for nobody.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_GATHER):
                        await done.wait()
                if group := window.ends[window.written :]:
                    await self._write(window, group)
                    window.written += len(group)
        except Exception:
            window.stretch.trouble = window.stretch.trouble or ServiceUnavailable(
                "what left could not be written down"
            )
            raise

    async def _write(self, window: Window, group: list[Attempted]) -> None:
        """Try for as long as nobody else may touch these intents."""
        gives_up = self._clock.monotonic() + PATIENCE
        while True:
            try:
                await self._write_once(window, group)
            except sa.exc.DBAPIError as error:
                window.stretch.trouble = ServiceUnavailable(
                    f"the ledger does not answer ({type(error.orig).__name__})"
                )
                if self._clock.monotonic() > gives_up:
                    raise
                await self._clock.sleep(1.0)
            else:
                return

    async def _write_once(self, window: Window, group: list[Attempted]) -> None:
        now = self._clock.now()
        try:
            await asyncio.to_thread(record_attempts, self._ledger, window.token, group, now=now)
        except sa.exc.IntegrityError:
            if len(group) > 1:  # one bad verdict must not cost the others theirs
                for end in group:
                    await self._write_once(window, [end])
                return
            taken = replace(group[0], verdict=Verdict.UNCLEAR, declaration_id=None, detail=_TAKEN)
            await asyncio.to_thread(record_attempts, self._ledger, window.token, [taken], now=now)
