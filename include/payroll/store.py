"""The payroll store: employments and what became of them, in one SQLite file."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_SCHEMA = """
CREATE TABLE IF NOT EXISTS employments (
    number INTEGER PRIMARY KEY,
    employment_id TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS outcomes (
    employment_id TEXT PRIMARY KEY,
    outcome TEXT NOT NULL,
    declaration_id INTEGER,
    period_id INTEGER,
    anomalies TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS changes (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    employment_id TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON employments
BEGIN INSERT INTO changes (employment_id) VALUES (new.employment_id); END;
CREATE TRIGGER IF NOT EXISTS changed AFTER UPDATE ON employments
BEGIN INSERT INTO changes (employment_id) VALUES (new.employment_id); END;
"""
_UPSERT = """
INSERT INTO outcomes VALUES (:employment_id, :outcome, :declaration_id, :period_id, :anomalies)
ON CONFLICT (employment_id) DO UPDATE SET outcome = excluded.outcome,
    declaration_id = excluded.declaration_id, period_id = excluded.period_id, anomalies = excluded.anomalies
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an employment's declaration."""

    employment_id: str
    outcome: str
    declaration_id: int | None = None
    period_id: int | None = None
    anomalies: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, content: object) -> Self:
        """
        Read the JSON form; numbers may come as digits.

        Raises ``ValueError`` naming the member that is wrong, never its value.
        """
        if not isinstance(content, dict):
            raise ValueError("an outcome is an object")
        unknown = set(content) - {"employment_id", "outcome", "declaration_id", "period_id", "anomalies"}
        if unknown:
            raise ValueError("an outcome has an unknown member")
        codes = content.get("anomalies") or []
        if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
            raise ValueError("anomalies is not a list of codes")
        return cls(
            _text(content, "employment_id"),
            _text(content, "outcome"),
            _number(content, "declaration_id"),
            _number(content, "period_id"),
            tuple(codes),
        )

    def as_json(self) -> dict[str, Any]:
        """Give the JSON form."""
        return {
            "employment_id": self.employment_id,
            "outcome": self.outcome,
            "declaration_id": self.declaration_id,
            "period_id": self.period_id,
            "anomalies": list(self.anomalies),
        }


@dataclass(frozen=True, slots=True)
class Page:
    """A page of employment records, and where the next one starts (``None`` after the last)."""

    records: list[dict[str, Any]]
    next: int | None


class PayrollStore:
    """Keep employments and outcomes; only the owner can read the file (mode 0600)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch(mode=0o600)
        path.chmod(0o600)
        with self._connection() as connection:
            connection.executescript(_SCHEMA)

    def fill(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Add records whose employment id is new; gives how many were."""
        rows = ((record["employment_id"], json.dumps(record, ensure_ascii=False)) for record in records)
        with self._connection() as connection:
            # Not total_changes, which counts what triggers add too.
            return connection.executemany(
                "INSERT OR IGNORE INTO employments (employment_id, record) VALUES (?, ?)", rows
            ).rowcount

    def put(self, record: Mapping[str, Any]) -> None:
        """Add a record, or change the one with its employment id."""
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO employments (employment_id, record) VALUES (?, ?) "
                "ON CONFLICT (employment_id) DO UPDATE SET record = excluded.record",
                (record["employment_id"], json.dumps(record, ensure_ascii=False)),
            )

    def position(self) -> int:
        """Give the number of the last change; 0 before the first."""
        with self._connection() as connection:
            (position,) = connection.execute("SELECT COALESCE(MAX(position), 0) FROM changes").fetchone()
        return int(position)

    def page(self, after: int = 0, limit: int = 100) -> Page:
        """Give up to *limit* records in the order they were added, beginning after the cursor *after*."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT number, record FROM employments WHERE number > ? ORDER BY number LIMIT ?",
                (after, limit + 1),
            ).fetchall()
        following = rows[limit - 1][0] if len(rows) > limit else None
        return Page([json.loads(record) for _, record in rows[:limit]], following)

    def save_outcomes(self, outcomes: Iterable[Outcome]) -> int:
        """Keep outcomes, the last one of each employment; gives how many came."""
        rows = [outcome.as_json() | {"anomalies": json.dumps(outcome.anomalies)} for outcome in outcomes]
        with self._connection() as connection:
            connection.executemany(_UPSERT, rows)
        return len(rows)

    def outcomes(self) -> list[Outcome]:
        """Give all outcomes, by employment id."""
        with self._connection() as connection:
            rows = connection.execute("SELECT * FROM outcomes ORDER BY employment_id").fetchall()
        return [
            Outcome(employment, outcome, declaration, period, tuple(json.loads(codes)))
            for employment, outcome, declaration, period, codes in rows
        ]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # One connection a call: the routes run in several threads.
        with closing(sqlite3.connect(self._path, timeout=10)) as connection, connection:
            yield connection


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is not a text")
    return value


def _number(content: Mapping[str, Any], name: str) -> int | None:
    value = content.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not str(value).isdecimal():
        raise ValueError(f"{name} is not a number")
    return int(value)
