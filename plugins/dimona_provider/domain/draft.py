"""A declaration as far as it could be read, and what is wrong with it: what the rules look at and give."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.tables import csv_table


@dataclass(slots=True)
class Draft:
    """
    A declaration field by field, under the names of tables/fields.csv.

    Built while reading, then only looked at; payroll's records and REST bodies both become drafts.
    """

    kind: Kind
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    """The fields that could be read."""
    present: set[str] = field(default_factory=set)
    """The fields that are there, readable or not, and the blocks they stand in."""
    unreadable: set[str] = field(default_factory=set)
    """Of these, the blocks that are no blocks."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a declaration breaks: the code the NSSO would give, and where; never a value."""

    code: str
    """``ZZZZZ-TTT``."""
    field: str
    """A name of tables/fields.csv; who reads another form gives it back under its own name."""


@dataclass(frozen=True, slots=True)
class _Codes:
    absent: str
    invalid: str
    forbidden: str


@cache
def _codes() -> Mapping[str, _Codes]:
    return {
        row["field"]: _Codes(row["absent"], row["invalid"], row["forbidden"])
        for row in csv_table(
            "fields.csv", dict.fromkeys(("field", "absent", "invalid", "forbidden")), ["field"]
        )
    }


@cache
def fields_of_declarations() -> tuple[str, ...]:
    """Return every field and block, in the order of the table."""
    return tuple(_codes())


@cache
def inner_fields(block: str) -> tuple[str, ...]:
    """Return the fields inside *block*, also those of blocks in it."""
    return tuple(name for name in fields_of_declarations() if name.startswith(block + "."))


@cache
def breach(name: str, what: Literal["absent", "invalid", "forbidden"]) -> Breach:
    """Return the breach of a field that is absent, invalid or forbidden."""
    return Breach(getattr(_codes()[name], what), name)


def holds(present: Set[str], block: str) -> bool:
    """Tell whether *block* is there with a field in it."""
    return any(name in present for name in inner_fields(block))
