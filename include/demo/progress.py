"""Lines that show what the demo does, with the seconds since it began."""

from __future__ import annotations

import time
from collections.abc import Callable


class Progress:
    """
    Show phases at once, and what is going on within one every *interval* seconds.

    *write* and *clock* are parameters for tests.
    """

    def __init__(
        self,
        write: Callable[[str], None] = lambda line: print(line, flush=True),
        clock: Callable[[], float] = time.monotonic,
        interval: float = 5,
    ) -> None:
        self._write = write
        self._clock = clock
        self._interval = interval
        self._begin = self._shown = clock()

    def phase(self, text: str) -> None:
        """Show that something new begins."""
        self._shown = self._clock()
        self._write(f"[{self._shown - self._begin:5.1f} s] {text}")

    def detail(self, text: str) -> None:
        """Show the state of the current phase, unless a line was shown just now."""
        if self._clock() - self._shown >= self._interval:
            self.phase(f"  {text}")
