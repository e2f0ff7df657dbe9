"""Figures: what every cell gives, as JSON and as one Markdown table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """
    One measured value.

    *ratio* holds it against what *against* names. *wanted* says what it should be, *met* whether it is.
    """

    cell: str
    case: str
    name: str
    value: float
    unit: str = ""
    ratio: float | None = None
    against: str = ""
    wanted: str = ""
    met: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the figure without what it doesn't say."""
        return {name: value for name, value in asdict(self).items() if value not in {None, ""}}


def markdown(figures: Iterable[Figure]) -> str:
    """Return one table, a row for each figure."""
    lines = ["| cell | case | figure | value | ratio | wanted |", "|---|---|---|---:|---:|---|"]
    for one in figures:
        ratio = "" if one.ratio is None else f"{number(one.ratio)} × {one.against}"
        met = {True: " (met)", False: " (**not met**)", None: ""}[one.met]
        value = f"{number(one.value)} {one.unit}".strip()
        lines.append(f"| {one.cell} | {one.case} | {one.name} | {value} | {ratio} | {one.wanted}{met} |")
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """
    Write a value with three significant digits, and whole ones in full.

    >>> number(12345), number(123.456), number(0.00123456), number(1.0)
    ('12 345', '123', '0.00123', '1')
    """
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:#.3g}".rstrip(".")
