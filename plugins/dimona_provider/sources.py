"""A team's own declarations: from a callable that runs in the worker, or from a JSON Lines file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from airflow.sdk import ObjectStoragePath

from dimona_provider.errors import InvalidSource
from dimona_provider.planning.wishes import BadRecord
from dimona_provider.task_errors import Log, team_code

Source = Callable[[], Iterable[Any]] | str | ObjectStoragePath
"""Gives ``{"reference": payroll's own id, "declaration": REST body}`` for each declaration."""


def read_source(source: Source, log: Log) -> Iterator[Any]:
    """
    Yield the items of *source*; a bad line is a BadRecord.

    Raises InvalidSource if it can't be read, and AirflowException, without its text, for what a callable
    raises.
    """
    if callable(source):
        with team_code(log, "the callable given as source"):
            items = source()
            if not isinstance(items, Iterable) or isinstance(items, (str, bytes, dict)):
                raise InvalidSource(
                    "the callable given as source must return or yield items, one for each declaration"
                )
            yield from items
        return
    try:
        path = ObjectStoragePath(source) if isinstance(source, str) else source
        with path.open("rb") as file:
            for line in file:
                if line.strip():
                    yield _read_line(line)
    except (OSError, ValueError, ImportError) as error:  # also storage that is unknown, or not installed
        place = str(source).rpartition("@")[2]  # a URL may hold credentials
        raise InvalidSource(f"the source can't be read ({type(error).__name__}): {place!r}") from None


def _read_line(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):  # its text repeats the line
        return BadRecord("not a JSON object on one line")
