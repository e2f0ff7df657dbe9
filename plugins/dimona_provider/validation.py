"""
Use case: say of each line of a JSON Lines stream what the NSSO would object to, without filing anything.

What comes out never holds anything of the line: neither values nor names of members that are not Dimona's.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from dimona_provider.api.names import BLOCKS
from dimona_provider.api.verdict import BodyDefect, check_body, has_unusual_period
from dimona_provider.domain.employment import read_reference

LONGEST_LINE = 1 << 20
"""Bytes; a longer line is no declaration, and is not kept in memory to find that out."""

_REFUSED_REFERENCE = BodyDefect("90372-003", "B", "reference")
"""The reference is ours: no code of the NSSO is about it, and this one is of the form of the declaration."""
_NO_JSON = None
"""No JSON value that is a declaration: read like any other value that is none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with one line."""

    line: int
    """From 1; blank lines count, and get no verdict."""
    defects: Sequence[BodyDefect]

    has_unusual_period: bool = False
    """Whether the check digits of its period id look like a typing error; nothing that would refuse it."""

    @property
    def is_valid(self) -> bool:
        """Whether no defect would refuse the declaration."""
        return not any(defect.is_blocking for defect in self.defects)


def validate(stream: BinaryIO, today: dt.date) -> Iterator[Verdict]:
    """
    Yield the verdict on each line of *stream* that is not blank, as it is read.

    Raises OSError when the stream can't be read.
    """
    for number, line in enumerate(_lines(stream), start=1):
        if not line.isspace():
            yield _judge(number, _parse(line), today)


def _judge(number: int, value: Any, today: dt.date) -> Verdict:
    if not _is_item(value):
        return Verdict(number, check_body(value, today), has_unusual_period(value))
    try:
        read_reference(value.get("reference"))
        refused = []
    except ValueError:
        refused = [_REFUSED_REFERENCE]
    body = value["declaration"]
    return Verdict(number, [*refused, *check_body(body, today)], has_unusual_period(body))


def _is_item(value: Any) -> bool:
    """Tell whether it is a declaration with its reference, as ``DimonaSubmitOperator`` takes them."""
    return isinstance(value, dict) and "declaration" in value and BLOCKS.keys().isdisjoint(value)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    first = True
    while line := stream.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            _skip_rest(stream)
            line = b"too long to be JSON"
        if first:
            line = line.removeprefix(b"\xef\xbb\xbf") or b"\n"  # a byte order mark is no content
            first = False
        yield line


def _skip_rest(stream: BinaryIO) -> None:
    while (part := stream.readline(LONGEST_LINE)) and not part.endswith(b"\n"):
        pass


def _parse(line: bytes) -> Any:
    try:
        return _DECODER.decode(line.decode("utf-8"))
    except (ValueError, RecursionError):  # its text repeats the line
        return _NO_JSON


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")  # the first one would be dropped silently
    return members


def _no_number(_name: str) -> Any:
    raise ValueError("not JSON: NaN or infinity")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)
