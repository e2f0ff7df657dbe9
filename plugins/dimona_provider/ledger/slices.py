"""Lists cut into pieces, because a database takes a limited number of bound values in one statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

_MOST_VALUES = 500


def slices(values: Sequence[T], size: int = _MOST_VALUES) -> Iterator[Sequence[T]]:
    """Yield *values* in pieces of *size*."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
