"""The journal of API requests: who asked for what when is not in it, only which request and how it ended."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.dimona_simulator.storage import Lines

FILE = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One API request; *age* is the time in seconds since the 201 of the declaration that a GET asks for."""

    at: float
    """Epoch seconds at which the request came in."""
    method: str
    path: str
    """The path, with the number of a declaration or period only where the simulator gave that number."""
    status: int
    """The status answered; 0 when the connection was closed without an answer."""
    declaration_id: int | None = None
    age: float | None = None
    fault: str | None = None
    """The fault that met the request."""

    def as_json(self) -> dict[str, Any]:
        """Give the entry's JSON form, without what it doesn't know."""
        content = {
            "at": round(self.at, 6),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "declaration_id": self.declaration_id,
            "age": None if self.age is None else round(self.age, 6),
            "fault": self.fault,
        }
        return {name: value for name, value in content.items() if value is not None}


class Journal:
    """Keep the entries in memory and, when there is a folder, in ``journal.jsonl``."""

    def __init__(self, folder: Path | None = None) -> None:
        self._lines = Lines(folder / FILE) if folder else None
        self._entries = [_entry(line) for line in self._lines.read()] if self._lines else []

    @property
    def entries(self) -> Sequence[JournalEntry]:
        """Give all entries, oldest first."""
        return self._entries

    def write(self, entry: JournalEntry) -> None:
        """Add an entry."""
        self._entries.append(entry)
        if self._lines is not None:
            self._lines.append(entry.as_json())

    def since(self, number: int) -> dict[str, Any]:
        """Give the entries after the first *number*, and the number to ask with next."""
        return {
            "entries": [entry.as_json() for entry in self._entries[number:]],
            "next": len(self._entries),
        }

    def close(self) -> None:
        """Close the file."""
        if self._lines is not None:
            self._lines.close()


def read_journal(path: Path) -> list[JournalEntry]:
    """Read a ``journal.jsonl``, also while the simulator writes it; half a line at the end is left out."""
    return [_entry(line) for line in path.read_bytes().split(b"\n")[:-1]]


def _entry(line: bytes) -> JournalEntry:
    return JournalEntry(**json.loads(line))
