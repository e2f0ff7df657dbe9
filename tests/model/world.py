"""
The world of the model test: one ledger, one simulated NSSO, two senders whose clocks drift, and crashes.

Everything runs in one event loop without threads, so that an example is the same each time. A crash is a
kill -9: from that step on nothing of the crashed process reaches the ledger or the service, also not what
its ``finally`` blocks would still do.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

import httpx
import sqlalchemy as sa

from dimona_provider.api.client import REQUEST_TIMEOUT, open_client
from dimona_provider.errors import DimonaError
from dimona_provider.filing.submission import Submission
from dimona_provider.following.batch import follow_batch
from dimona_provider.following.poller import Poller
from dimona_provider.ledger import Ledger, claims
from dimona_provider.ledger.answers import fold
from dimona_provider.ledger.schema import intents
from dimona_provider.planning.intake import take_source
from dimona_provider.planning.wishes import Taken
from dimona_provider.settling.connection import to_settle
from dimona_provider.settling.evidence import Evidence
from dimona_provider.settling.settlement import Settlement
from include.dimona_simulator import Timing
from include.dimona_simulator.truth import fingerprint
from support.budgets import own_budget
from support.clocks import VirtualClock
from support.nsso import Wire, settings, simulator
from support.world import ROUTE, RUN

IDLE_TURNS = 3
"""Turns of the event loop without anything to do after which nothing goes on without time going by."""


MOST_TURNS = 300
"""The same where a process that stands still keeps the loop busy: its recorder looks again and again."""
MOST_WAKES = 4_000

_settings = cache(settings)  # reading a key takes longer than an example


class Killed(BaseException):
    """The process is gone."""


def _about_the_living(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what asyncio complains of, unless it is a task that died with its process."""
    if not isinstance(context.get("exception"), Killed):
        loop.default_exception_handler(context)


@dataclass
class Process:
    """A process that can be killed at one of its steps, or stand still at one until it is resumed."""

    random: Random
    drift: float = 0.0
    """Seconds by which its wall clock is wrong."""
    kill_at: int | None = None
    stop_at: int | None = None
    steps: int = 0
    is_dead: bool = False
    stopped: asyncio.Future[None] | None = None

    def step(self) -> None:
        """Pass one point between two effects; raises Killed at the chosen one and ever after."""
        self.steps += 1
        if self.kill_at is not None and self.steps >= self.kill_at:
            self.is_dead = True
        if self.is_dead:
            raise Killed

    async def turn(self) -> None:
        """Let others go on, and stand still here if that was chosen."""
        for _ in range(self.random.randrange(3)):
            await asyncio.sleep(0)
        if self.stop_at is not None and self.steps >= self.stop_at:
            self.stop_at = None
            self.stopped = asyncio.get_running_loop().create_future()
            try:
                await self.stopped
            finally:
                self.stopped = None


@dataclass
class DriftingClock:
    """The wall clock of one process."""

    true: VirtualClock
    process: Process

    def now(self) -> float:
        return self.true.now() + self.process.drift

    def monotonic(self) -> float:
        return self.true.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self.true.sleep(seconds)


class FragileLedger(Ledger):
    """The ledger as one process has it open: it may die before or after each commit."""

    __slots__ = ("process",)

    @classmethod
    def of(cls, ledger: Ledger, process: Process) -> FragileLedger:
        fragile = cls(ledger.engine, ledger.keys, "process")
        object.__setattr__(fragile, "process", process)
        return fragile

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        self.process.step()
        with super().write() as connection:
            yield connection
            self.process.step()
        self.process.step()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        self.process.step()
        with super().read() as connection:
            yield connection


class FragileWire(Wire):
    """The line of one process: it may die before a request leaves, or before its answer is read."""

    def __init__(self, world: ModelWorld, process: Process) -> None:
        super().__init__(world.nsso)
        self.process = process
        self.world = world

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.process.turn()
        self.process.step()
        if request.method == "POST" and request.url.path.endswith("/declarations"):
            self.world.left[fingerprint(json.loads(request.content))] += 1
        try:
            response = await super().handle_async_request(request)
        finally:
            await self.process.turn()
        self.process.step()
        return response


@dataclass
class ModelWorld:
    """What one example works on."""

    ledger: Ledger
    search_lag: float
    seed: int
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    clock: VirtualClock = field(default_factory=VirtualClock)
    left: Counter[str] = field(default_factory=Counter)
    """How many POSTs of each content left a sender."""
    standing_still: list[tuple[Process, asyncio.Task[Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.loop.set_exception_handler(_about_the_living)
        self.nsso = simulator(
            self.clock.now, seed=self.seed, search_lag=self.search_lag, timing=Timing(2, 4, 0.1, 4, 45)
        )

    def plan(self, items: list[dict[str, Any]], origin: str) -> str:
        batch, taken = self.take(items, origin)
        assert not taken.findings
        return batch

    def take(self, items: list[dict[str, Any]], origin: str) -> tuple[str, Taken]:
        return take_source(self.ledger, RUN, ROUTE, origin, items, now=self.clock.now())

    def file(self, batch: str, process: Process, faults: list[object]) -> Coroutine[Any, Any, None]:
        async def work(client: Any, ledger: Ledger, clock: DriftingClock) -> None:
            await Submission(ledger, client, own_budget(clock), clock).file(batch)

        return self._as_process(process, work, faults)

    def settle(self, process: Process, faults: list[object] | None = None) -> Coroutine[Any, Any, None]:
        async def work(client: Any, ledger: Ledger, clock: DriftingClock) -> None:
            claims.expire(ledger, None, now=clock.now(), request_timeout=REQUEST_TIMEOUT)
            evidence = Evidence(client, own_budget(clock), clock)
            settlement = Settlement(ledger, evidence, clock, refile_after=1200.0)
            await settlement.settle(*to_settle(ledger, None))
            fold(ledger, None, now=clock.now())

        return self._as_process(process, work, [], faults)

    def follow(self, batch: str, process: Process, seconds: float = 90.0) -> Coroutine[Any, Any, None]:
        async def work(client: Any, ledger: Ledger, clock: DriftingClock) -> None:
            poller = Poller(client, own_budget(clock), clock)
            async with poller.running():
                await follow_batch(ledger, poller, batch, until=clock.now() + seconds, clock=clock)
            fold(ledger, None, now=clock.now())

        return self._as_process(process, work, [])

    async def _as_process(
        self,
        process: Process,
        work: Callable[[Any, Ledger, DriftingClock], Coroutine[Any, Any, None]],
        faults: list[object],
        search_faults: list[object] | None = None,
    ) -> None:
        clock = DriftingClock(self.clock, process)
        wire = FragileWire(self, process)
        wire.faults, wire.search_faults = list(faults), list(search_faults or [])
        try:
            async with open_client(_settings(), transport=wire, clock=clock) as client:
                await work(client, FragileLedger.of(self.ledger, process), clock)
        except (Killed, DimonaError):
            return
        except BaseExceptionGroup as group:
            # A killed process leaves through all its tasks; anything else is a defect.
            if group.split(Killed)[1] is not None:
                raise

    def run(self, *works: tuple[Process, Coroutine[Any, Any, None]]) -> None:
        """Run processes side by side until each has ended or stands still."""
        self.loop.run_until_complete(self._run(works))

    async def _run(self, works: tuple[tuple[Process, Coroutine[Any, Any, None]], ...]) -> None:
        tasks = [(process, asyncio.ensure_future(work)) for process, work in works]
        await self._drive(tasks)
        for process, task in tasks:
            if task.done():
                task.result()
            else:
                self.standing_still.append((process, task))

    async def _drive(self, tasks: list[tuple[Process, asyncio.Task[Any]]]) -> None:
        for _ in range(MOST_WAKES):
            idle = turns = 0
            while idle < IDLE_TURNS and turns < MOST_TURNS:
                turns += 1
                if all(task.done() or process.stopped is not None for process, task in tasks):
                    return
                await asyncio.sleep(0)
                idle = 0 if self.loop._ready else idle + 1  # type: ignore[attr-defined]
            self.clock._wake_next()
        raise AssertionError("a process waits for something that never comes")

    def resume(self) -> None:
        """Let the process that stands still for longest go on."""
        process, task = self.standing_still.pop(0)

        async def go_on() -> None:
            if process.stopped is not None and not process.stopped.done():
                process.stopped.set_result(None)
                await asyncio.sleep(0)
            await self._drive([(process, task)])
            if task.done():
                task.result()
            else:
                self.standing_still.append((process, task))

        self.loop.run_until_complete(go_on())

    def rows(self) -> list[Any]:
        with self.ledger.read() as connection:
            return list(connection.execute(sa.select(intents).order_by(intents.c.id)))

    def close(self) -> None:
        for process, task in self.standing_still:
            process.is_dead = True
            task.cancel()
        pending = asyncio.all_tasks(self.loop)
        if pending:
            self.loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self.loop.close()
        self.ledger.close()
