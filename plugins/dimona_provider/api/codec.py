"""Declarations to and from the REST service's JSON, whole: nothing is lost on the way there and back."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from dimona_provider.api.names import full_location, path_of
from dimona_provider.api.reading import Reading, read_draft
from dimona_provider.api.wire import InvalidBody
from dimona_provider.domain.assembly import KIND_OF, assemble, assemble_worker, take_apart
from dimona_provider.domain.declaration import Declaration, Extra, Kind
from dimona_provider.domain.draft import Breach, Draft, breach, fields_of_declarations, holds, inner_fields
from dimona_provider.domain.identifiers import (
    DimonaNumber,
    EnterpriseNumber,
    NssoNumber,
    ProvisionalNssoNumber,
    Ssin,
)
from dimona_provider.domain.needs import limits
from dimona_provider.domain.parties import check_address, check_employer
from dimona_provider.domain.rules import Defect
from dimona_provider.domain.sentences import sentence

_IN = ("start_date", "features.joint_committee", "features.worker_type")
_WHOLE: Mapping[str, tuple[str, ...]] = {
    "place_of_work": ("place_of_work.name",),
    "construction_cards": inner_fields("construction_cards"),
    "small_statutes": ("small_statutes.employment_nature", "small_statutes.worker_status"),
}
"""What a block that is there can't be without."""
_CODES = frozenset({"features.joint_committee", "features.worker_type", "user_enterprise.joint_committee"})
"""Codes of which the service may know more than we do: one that we don't know is read as it stands."""


def write_declaration(declaration: Declaration) -> dict[str, Any]:
    """Return the REST body of *declaration*; fields without a value are left out, never sent empty."""
    kind = KIND_OF[type(declaration)]
    body: dict[str, Any] = {}
    for name, value in take_apart(declaration).items():
        _put(body, full_location(name, kind), _as_json(value))
    for location, value in declaration.extra.items():
        _put(body, location, value)
    return body


def _put(body: dict[str, Any], location: tuple[str, ...], value: Any) -> None:
    for member in location[:-1]:
        body = body.setdefault(member, {})
    body[location[-1]] = copy.deepcopy(value)


def _as_json(value: Any) -> Any:
    match value:
        case dt.date():
            return value.isoformat()
        case Ssin() | EnterpriseNumber():
            return value.digits
        case NssoNumber() | ProvisionalNssoNumber() | DimonaNumber():
            return value.number
        case _:
            return value


def read_declaration(body: object) -> Declaration:
    """
    Read a REST body of any kind, also as the service gives it back.

    Members that have no name here are kept in ``extra``; so are identity data beside an SSIN. Codes of
    worker types and joint committees that no table has are read as they stand. What the law says of the
    declaration is ``check_body``'s to say.

    Raises InvalidBody with every defect of its form.
    """
    reading = read_draft(body)
    draft = reading.draft
    if draft is None or not isinstance(body, Mapping):
        raise InvalidBody([_defect(one, None) for one in reading.breaches])
    breaches = [one for one in reading.breaches if not _is_new_code(one, draft, body)]
    breaches.extend(_missing(draft))
    if breaches:
        raise InvalidBody([_defect(one, draft.kind) for one in dict.fromkeys(breaches)])
    return assemble(draft, _extra(reading, draft, body))


def _defect(found: Breach, kind: Kind | None) -> Defect:
    return Defect(path_of(found.field, kind), f"{sentence(found.code, 'en')} ({found.code})")


def _is_new_code(found: Breach, draft: Draft, body: Mapping[str, Any]) -> bool:
    if found.field not in _CODES:
        return False
    raw = _dig(body, full_location(found.field, draft.kind))
    if not isinstance(raw, str) or not 1 <= len(raw) <= 10 or not raw.isalnum() or not raw.isascii():
        return False
    draft.values[found.field] = raw
    return True


def _dig(body: Mapping[str, Any], location: tuple[str, ...]) -> Any:
    value: Any = body
    for member in location:
        value = value[member]
    return value


def _missing(draft: Draft) -> Iterator[Breach]:
    required = _IN if draft.kind is Kind.IN else tuple(limits()["kinds"][draft.kind]["required"])
    for block, inner in _WHOLE.items():
        if block in draft.present and block not in draft.unreadable:
            required += inner
    for name in required:
        if name not in draft.present and name.partition(".")[0] not in draft.unreadable:
            yield breach(name, "absent")
    for address in ("place_of_work.address", "user_enterprise.address"):
        if address in draft.present or (address.startswith("place") and "place_of_work" in draft.present):
            yield from check_address(draft, address)
    yield from check_employer(draft)
    if draft.kind is Kind.IN and assemble_worker(draft.values) is None:
        yield breach("worker", "absent")


def _extra(reading: Reading, draft: Draft, body: Mapping[str, Any]) -> Extra:
    """Return what the declaration has no field for; a follow-up has none for the fields of an IN."""
    kept = dict(reading.unknown)
    taken = take_apart(assemble(draft))
    for name in fields_of_declarations():
        if name in draft.present and name not in taken and not holds(draft.present, name):
            location = full_location(name, draft.kind)
            kept[location] = _dig(body, location)
    return kept
