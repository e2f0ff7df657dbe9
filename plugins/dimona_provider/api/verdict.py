"""What the service would object to in a REST body, without asking it: ``dimona validate`` and tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from dimona_provider.api.names import BLOCKS, path_of
from dimona_provider.api.reading import read_draft
from dimona_provider.domain.checking import check
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.draft import Breach, Draft
from dimona_provider.domain.identifiers import DimonaNumber
from dimona_provider.domain.needs import forbidden_blocks
from dimona_provider.domain.sentences import severity_of


@dataclass(frozen=True, slots=True)
class BodyDefect:
    """One objection; holds no value of the body."""

    code: str
    """``ZZZZZ-TTT``, as the service would give it."""
    severity: str
    """``B`` refuses the declaration, ``NP`` is a warning."""
    field: str
    """The JSON path, such as ``dimonaIn.startDate``; ``declaration`` is the whole body."""
    meant: tuple[str, ...] = ()
    """Of members that Dimona does not know, what they were probably meant to be."""

    @property
    def is_blocking(self) -> bool:
        """Whether the declaration would be refused."""
        return self.severity == "B"


def check_body(body: object, today: dt.date) -> list[BodyDefect]:
    """
    Return every defect of any JSON value at all; an empty list means that only the NSSO can object.

    A pure function: *today* is the Brussels day on which the declaration would be filed.
    """
    reading = read_draft(body)
    if reading.draft is None:
        return [_defect(breach, None) for breach in reading.breaches]
    kind = reading.draft.kind
    content = _outside_forbidden_blocks(reading.breaches, reading.draft)
    breaches = dict.fromkeys((*content, *reading.strangers, *check(reading.draft, today)))
    return [_defect(breach, kind, reading.meant.get(breach, ())) for breach in breaches]


def has_unusual_period(body: object) -> bool:
    """Tell whether the check digits of a follow-up's period id look like a typing error; no defect."""
    blocks = [body[name] for name in BLOCKS if name in body] if isinstance(body, Mapping) else []
    number = blocks[0].get("periodId") if len(blocks) == 1 and isinstance(blocks[0], Mapping) else None
    if not isinstance(number, int) or not 0 < number < 10**12:
        return False
    return not DimonaNumber(number).has_usual_check_digits


def _outside_forbidden_blocks(breaches: list[Breach], draft: Draft) -> list[Breach]:
    """Leave out what is in blocks that have no place here: they are refused as such."""
    forbidden = forbidden_blocks(draft) if breaches else frozenset()
    return [breach for breach in breaches if breach.field.partition(".")[0] not in forbidden]


@cache  # breaches are as many as the tables have rows
def _defect(breach: Breach, kind: Kind | None, meant: tuple[str, ...] = ()) -> BodyDefect:
    return BodyDefect(breach.code, severity_of(breach.code), path_of(breach.field, kind), meant)
