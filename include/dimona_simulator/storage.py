"""The declarations on disk: one JSON line each, written before the client hears of it, read at the start."""

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from include.dimona_simulator.model import Declaration, Filing, Span, Verdict


class Lines:
    """
    A file of lines that only grows; every line reaches the operating system before ``append`` returns.

    So nothing is lost when the process is killed. The file belongs to its owner alone (mode 0600), and half a
    line at its end, left by a machine that died, is cut off when it is opened.
    """

    def __init__(self, path: Path) -> None:
        self._known = _whole_lines(path)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.ftruncate(self._file, sum(len(line) + 1 for line in self._known))

    def read(self) -> list[bytes]:
        """Give the lines that were there when the file was opened, once."""
        known, self._known = self._known, []
        return known

    def append(self, content: dict[str, Any]) -> None:
        """Write one line of JSON, or raise ``OSError`` and leave no part of it, when the disk is full."""
        line = json.dumps(content, separators=(",", ":")).encode() + b"\n"
        written = os.write(self._file, line)
        if written < len(line):
            os.ftruncate(self._file, os.fstat(self._file).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def declarations(lines: Lines) -> Iterator[Declaration]:
    """Read back what was written."""
    return (_from_json(json.loads(line)) for line in lines.read())


def read_declarations(path: Path) -> list[Declaration]:
    """Read a file of declarations, also while it is written; half a line at the end is left out."""
    return [_from_json(json.loads(line)) for line in _whole_lines(path)]


def as_json(declaration: Declaration) -> dict[str, Any]:
    """Give a declaration's JSON form; it holds personal data."""
    return {
        "id": declaration.id,
        "filed_at": declaration.filed_at,
        "body": declaration.filing.body,
        "stages": [
            [instant, {"result": seen.result, "anomalies": seen.anomalies, "period_id": seen.period_id}]
            for instant, seen in declaration.stages
        ],
        "employer": declaration.employer,
        "ssin": declaration.ssin,
        "span": declaration.span.as_json() if declaration.span else None,
    }


def _from_json(content: dict[str, Any]) -> Declaration:
    return Declaration(
        id=content["id"],
        filing=Filing.of(content["body"]),
        filed_at=content["filed_at"],
        stages=tuple(
            (instant, Verdict(seen["result"], tuple(seen["anomalies"]), seen["period_id"]))
            for instant, seen in content["stages"]
        ),
        employer=content["employer"],
        ssin=content["ssin"],
        span=Span.from_json(content["span"]) if content["span"] else None,
    )


def _whole_lines(path: Path) -> list[bytes]:
    if not path.exists():
        return []
    return path.read_bytes().split(b"\n")[:-1]
