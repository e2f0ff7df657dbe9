"""What became of the declarations, as the demo prints it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Counts:
    """
    Declarations by outcome, each counted once.

    *waiting* are those without an answer yet, whatever they wait for.
    """

    accepted: int = 0
    warned: int = 0
    refused: int = 0
    identifying: int = 0
    unclear: int = 0
    waiting: int = 0

    @property
    def declarations(self) -> int:
        """How many declarations there are."""
        return sum(number for _, number in self.named())

    def named(self) -> list[tuple[str, int]]:
        """Return the outcomes in the order in which they are shown."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


@dataclass(frozen=True, slots=True)
class Row:
    """The declarations of one employer, kind and worker type."""

    employer: str
    kind: str
    worker_type: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Summary:
    """
    The outcomes of all declarations.

    *malformed* has a line ``employment id, field: reason`` for each employment that no declaration can be
    made from, *unhandled* one for each employment left for later. Neither is in *counts*.
    """

    rows: Sequence[Row] = ()
    malformed: Sequence[str] = ()
    unhandled: Sequence[str] = ()
    counts: Counts = Counts()


def last_line(counts: Counts) -> str:
    """
    Return the line that scripts read.

    >>> last_line(Counts(accepted=2, waiting=1))
    'declarations: 3  accepted: 2  warned: 0  refused: 0  identifying: 0  unclear: 0  waiting: 1'
    """
    return "  ".join(
        f"{name}: {number}" for name, number in [("declarations", counts.declarations), *counts.named()]
    )


def table(rows: Sequence[Row]) -> list[str]:
    """Return the lines of a table with a row for each employer, kind and worker type."""
    if not rows:
        return []
    head = ["employer", "kind", "worker type", *(name for name, _ in Counts().named())]
    body = [
        [row.employer, row.kind, row.worker_type, *(str(n or "-") for _, n in row.counts.named())]
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    return [_line(cells, widths) for cells in [head, ["-" * width for width in widths], *body]]


def listed(title: str, items: Sequence[str], most: int = 40) -> list[str]:
    """Return a titled list of lines, shortened to *most* items."""
    if not items:
        return []
    rest = [f"  … and {len(items) - most} more"] if len(items) > most else []
    return ["", f"{title} ({len(items)}):", *(f"  {item}" for item in items[:most]), *rest]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    texts = [cell.ljust(width) for cell, width in zip(cells[:3], widths[:3], strict=True)]
    numbers = [cell.rjust(width) for cell, width in zip(cells[3:], widths[3:], strict=True)]
    return "  ".join([*texts, *numbers])
