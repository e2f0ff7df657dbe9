"""From a REST body to a draft: every member is read, refused by name or kept, and none is dropped."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from dimona_provider.api.members import Block, invalid, kind_members, root_blocks
from dimona_provider.api.names import BLOCKS
from dimona_provider.domain.draft import Breach, Draft, breach

_GUESSES = 8
"""Unknown members of one block that are compared with the known ones: it takes time."""
_LONGEST_NAME = 40


@dataclass(slots=True)
class Reading:
    """What came out of a body."""

    draft: Draft | None = None
    """None when the body is none of the four kinds, so that no rule can look at it."""
    breaches: list[Breach] = field(default_factory=list)
    """What the service would answer with 400, or refuse as the content of a zone."""
    strangers: list[Breach] = field(default_factory=list)
    """Where members stand that have no name here: one breach for each block."""
    meant: dict[Breach, tuple[str, ...]] = field(default_factory=dict)
    """The members that these were probably meant to be."""
    unknown: dict[tuple[str, ...], Any] = field(default_factory=dict, repr=False)
    """These members, by where they stand; a key may hold anything, so it is never shown."""


def read_draft(body: object) -> Reading:
    """Read any JSON value at all."""
    reading = Reading()
    if not isinstance(body, Mapping):
        reading.breaches.append(breach("declaration", "invalid"))
        return reading
    blocks = [name for name in BLOCKS if name in body]
    if len(blocks) != 1:
        reading.breaches.append(breach("declaration", "absent"))
        return reading
    block = body[blocks[0]]
    if not isinstance(block, Mapping):
        reading.breaches.append(breach("block", "invalid"))
        return reading
    draft = reading.draft = Draft(BLOCKS[blocks[0]])
    rest = {name: value for name, value in body.items() if name != blocks[0]}
    _read(reading, draft, Block("declaration", root_blocks()), rest, ())
    _read(reading, draft, Block("block", kind_members()), block, (blocks[0],))
    return reading


def _read(reading: Reading, draft: Draft, block: Block, raw: Mapping[str, Any], at: tuple[str, ...]) -> None:
    unknown: list[str] = []
    for name, value in raw.items():
        member = block.members.get(name)
        if member is None:
            reading.unknown[*at, name] = value
            unknown.append(name)
            continue
        draft.present.add(member.field)
        if isinstance(member, Block):
            _read_block(reading, draft, member, value, (*at, name))
            continue
        read = member.read(value)
        if read is None:
            reading.breaches.append(invalid(member.field, value))
        else:
            draft.values[member.field] = read
    if unknown:
        reading.strangers.append(stranger := breach(block.field, "forbidden"))
        known = tuple(name for name in block.members if name not in raw)
        guesses = (_guess(name, known) for name in unknown[:_GUESSES] if len(name) <= _LONGEST_NAME)
        reading.meant[stranger] = tuple(dict.fromkeys(name for name in guesses if name))


def _read_block(reading: Reading, draft: Draft, block: Block, raw: Any, at: tuple[str, ...]) -> None:
    if not isinstance(raw, Mapping):
        draft.unreadable.add(block.field)
        reading.breaches.append(breach(block.field, "invalid"))
        return
    _read(reading, draft, block, raw, at)
    if not raw and block.field.endswith(".municipality"):
        reading.breaches.append(breach(block.field, "invalid"))


@lru_cache(maxsize=1024)
def _guess(name: str, known: tuple[str, ...]) -> str | None:
    """Return the known member that *name* is nearly called; a key may be a person, and is never shown."""
    if not (name.isascii() and name.replace("_", "").isalpha()):
        return None
    by_lower = {member.lower(): member for member in known}
    found = difflib.get_close_matches(name.lower().replace("_", ""), by_lower, n=1, cutoff=0.8)
    return by_lower[found[0]] if found else None
