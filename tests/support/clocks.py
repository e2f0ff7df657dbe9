"""Clocks that tests set."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

START = 1_800_000_000.0


class VirtualClock:
    """Time that jumps to the next sleeper whenever nothing else is to do; for code without threads."""

    def __init__(self, start: float = START) -> None:
        self.time = start
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        sleeper = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time + max(0.0, seconds), next(self._order), sleeper))
        await sleeper

    async def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run *coroutine* to its end."""
        task = asyncio.ensure_future(coroutine)
        while not task.done():
            for _ in range(40):  # let everything that can go on go on
                await asyncio.sleep(0)
            if task.done():
                break
            self._wake_next()
        return task.result()

    def _wake_next(self) -> None:
        while self._sleepers:
            due, _, sleeper = heapq.heappop(self._sleepers)
            if not sleeper.done():
                self.time = max(self.time, due)
                sleeper.set_result(None)
                return


class JumpingClock(VirtualClock):
    """Time that jumps whenever neither tasks nor threads have anything to do."""

    async def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run *coroutine* to its end."""
        threads = _Counted()
        asyncio.get_running_loop().set_default_executor(threads)
        task = asyncio.ensure_future(coroutine)
        while not task.done():
            await _all_idle(threads)
            if not task.done():
                self._wake_next()
        return task.result()


class _Counted(ThreadPoolExecutor):
    """Threads that know whether one of them works."""

    busy = 0

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        self.busy += 1
        future = super().submit(*args, **kwargs)
        future.add_done_callback(self._ended)
        return future

    def _ended(self, _future: Future[Any]) -> None:
        self.busy -= 1


async def _all_idle(threads: _Counted) -> None:
    while True:
        was_busy = False
        for _ in range(40):
            await asyncio.sleep(0)
            was_busy = was_busy or threads.busy > 0
        if not was_busy:
            return
        await asyncio.sleep(0.0005)  # a thread that has ended still has to tell its loop


class FastClock:
    """Time that flows *speed* times faster than the machine's; for code with threads."""

    def __init__(self, speed: float = 50.0, start: float = START) -> None:
        self._speed = speed
        self._start = start
        self._began = time.monotonic()
        self.offset = 0.0
        """Seconds by which a test has moved the wall clock."""

    def now(self) -> float:
        return self._start + self.offset + (time.monotonic() - self._began) * self._speed

    def monotonic(self) -> float:
        return self.now()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self._speed)
