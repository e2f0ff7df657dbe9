"""
Use case: say of each line of a JSON Lines stream what the NSSO would object to, without filing anything.

What comes out never holds anything of the line: neither values nor names of members that are not Dimona's.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

from dimona_provider.api.verdict import BodyDefect, check_body
from dimona_provider.domain.anomalies import Language
from dimona_provider.domain.sentences import sentence

LONGEST_LINE = 1 << 20
"""Bytes; a longer line is no declaration, and is not kept in memory to find that out."""

_NO_JSON = None
"""No JSON value that is a declaration: read like any other value that is none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with one line."""

    line: int
    """From 1; blank lines count, and get no verdict."""
    defects: Sequence[BodyDefect]

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
            yield Verdict(number, check_body(_parse(line), today))


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


def as_json_lines(verdicts: Iterable[Verdict], lang: Language) -> Iterator[str]:
    """Yield one JSON object for each verdict: ``line``, ``valid`` and ``defects``."""
    for verdict in verdicts:
        defects = ", ".join(_as_json(defect, lang) for defect in verdict.defects)
        valid = "true" if verdict.is_valid else "false"
        yield f'{{"line": {verdict.line}, "valid": {valid}, "defects": [{defects}]}}\n'


@cache  # of these there are as many as the tables have rows
def _as_json(defect: BodyDefect, lang: Language) -> str:
    return json.dumps(
        {
            "code": defect.code,
            "severity": defect.severity,
            "field": defect.field,
            "message": sentence(defect.code, lang),
        },
        ensure_ascii=False,
    )


def as_table(verdicts: Iterable[Verdict], lang: Language) -> Iterator[str]:
    """Yield a row for each defect, for people; lines without any are only counted, at the end."""
    lines = refused = 0
    yield f"{'line':>7}  {'code':9}  {'':2}  {'field':42}  message\n"
    for verdict in verdicts:
        lines += 1
        refused += not verdict.is_valid
        for defect in verdict.defects:
            said = sentence(defect.code, lang)
            yield f"{verdict.line:>7}  {defect.code:9}  {defect.severity:2}  {defect.field:42}  {said}\n"
    yield f"{lines} declarations, {refused} of them invalid\n"
