"""The drift report: open gaps as files for programs and as a table for people; references only, no person."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields

from dimona_provider.ledger.gaps import Entry
from dimona_provider.ledger.listing import iso

COLUMNS = tuple(field.name for field in fields(Entry))
_INSTANTS = frozenset({"first_seen", "last_seen", "solved"})
_IN_TABLE = {"employer": 10, "kind": 15, "reference": 14, "employment": 14, "first_seen": 10, "detail": 0}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MOST_LINES = 500
"""Gaps shown in a log; the file and the ledger have them all."""


def plain(one: Entry) -> dict[str, object]:
    """Return a gap as JSON has it; instants are ISO 8601 in UTC."""
    values = {name: getattr(one, name) for name in COLUMNS}
    return {name: iso(value) if name in _INSTANTS else value for name, value in values.items()}


def json_line(one: Entry) -> str:
    """Return a gap as one line of JSON."""
    return json.dumps(plain(one), ensure_ascii=False) + "\n"


def csv_text(gaps: Sequence[Entry]) -> str:
    """Return gaps as CSV, with a line of names."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in plain(one).items()} for one in gaps)
    return out.getvalue()


def _cell(value: object) -> object:
    # Payroll's ids are anybody's text: a spreadsheet must not take one for a formula.
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def rows(gaps: Iterable[Entry]) -> Iterator[str]:
    """Yield the lines of a table of gaps."""
    yield _row({name: name.replace("_", " ") for name in _IN_TABLE})
    for one in gaps:
        shown = plain(one)
        yield _row({name: str(shown[name] or "-") for name in _IN_TABLE})


def table_lines(gaps: Sequence[Entry]) -> Iterator[str]:
    """Yield gaps as a table for a log, the first 500 of them."""
    if gaps:
        yield from rows(gaps[:MOST_LINES])
    if len(gaps) > MOST_LINES:
        yield f"… and {len(gaps) - MOST_LINES} more"


def _row(values: dict[str, str]) -> str:
    cut = {**values, "first_seen": values["first_seen"][:10]}
    return "  ".join(cut[name].ljust(width) for name, width in _IN_TABLE.items()).rstrip()
