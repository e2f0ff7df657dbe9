"""The fields of payroll's export (docs/payroll.md) that make an IN, read into a draft."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from dimona_provider.domain.assembly import flatten_address, flatten_worker
from dimona_provider.domain.committees import Translations, dimona_joint_committee, read_committee
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.draft import Draft
from dimona_provider.domain.identifiers import EnterpriseNumber
from dimona_provider.domain.needs import limits
from dimona_provider.domain.record import Fields, one_of, read_date, text_up_to, whole_number
from dimona_provider.domain.worker import address_reader, read_worker
from dimona_provider.domain.worker_types import worker_types

_HOUR = re.compile(r"([01][0-9]|2[0-3])[0-5][0-9]")
_CARD = whole_number(1, 10**12 - 1)
_NAMES = {
    "employer.enterprise_number": "employer",
    "features.joint_committee": "joint_committee",
    "features.worker_type": "worker_type",
    "features.sub_entity": "sub_entity",
}
"""Fields that payroll calls otherwise than tables/fields.csv."""


def payroll_name(field: str) -> str:
    """
    Return what *field* is called in payroll's export.

    >>> payroll_name("features.sub_entity"), payroll_name("user_enterprise.address.municipality")
    ('sub_entity', 'user_enterprise.address.municipality_name')
    """
    name = re.sub(r"\.municipality\.(\w+)$", r".municipality_\1", field)
    name = re.sub(r"\.municipality$", ".municipality_name", name)
    return _NAMES.get(name, name)


def read_in(fields: Fields, translations_of: Callable[[str], Translations]) -> Draft:
    """
    Read what the IN of an employment is made of; what can't be read is noted in *fields* and counts as there.

    Which fields a worker type needs is the rules' to say, so only those that every IN needs are required.
    *translations_of* gives the joint committees of an employer's connection, by enterprise number.
    """
    draft = Draft(Kind.IN)
    employer = _put(draft, "employer.enterprise_number", fields.read("employer", EnterpriseNumber.parse))
    translations = translations_of(str(employer or ""))
    _read_worker(draft, fields)
    worker_type = _put(draft, "features.worker_type", fields.read("worker_type", _read_worker_type))
    committee = fields.read("joint_committee", lambda raw: _translate(raw, worker_type, translations))
    _put(draft, "features.joint_committee", committee)
    _put(draft, "start_date", fields.read("start_date", read_date))
    for name, read in _OPTIONAL.items():
        field = f"features.{name}" if name == "sub_entity" else name
        if fields.has(name):
            _put(draft, field, fields.read(name, read))
    for block, members in _members(translations).items():
        _read_block(draft, fields, block, members)
    return draft


def _put(draft: Draft, field: str, value: Any) -> Any:
    draft.present.add(field)
    if value is not None:
        draft.values[field] = value
    return value


def _read_worker(draft: Draft, fields: Fields) -> None:
    worker = fields.read("worker", read_worker)
    draft.present.add("worker")
    if worker is None:
        draft.unreadable.add("worker")
        return
    for field, value in flatten_worker(worker):
        if value is not None:
            _put(draft, field, value)
            draft.present.add(field.rpartition(".")[0])


def _read_block(
    draft: Draft, fields: Fields, block: str, members: Mapping[str, Callable[[Any], Any]]
) -> None:
    if not fields.has(block):
        return
    draft.present.add(block)
    inner = fields.inner(block)
    if inner is None:
        draft.unreadable.add(block)
        return
    for name, read in members.items():
        if not inner.has(name):
            continue
        value = inner.read(name, read)
        _put(draft, f"{block}.{name}", None if name == "address" else value)
        if name == "address":
            _put_address(draft, f"{block}.address", value)


def _put_address(draft: Draft, block: str, address: Any) -> None:
    if address is None:
        draft.unreadable.add(block)
        return
    draft.present.add(f"{block}.municipality")
    for field, value in flatten_address(block, address):
        if value is not None:
            _put(draft, field, value)


def _members(translations: Translations) -> dict[str, dict[str, Callable[[Any], Any]]]:
    def read_user_committee(raw: object) -> str | None:
        committee = _translate(raw, "*", translations)
        if committee == limits()["committees"]["temporary_work"]:
            raise ValueError("a user enterprise is no temporary work agency itself")
        return committee

    return {
        "user_enterprise": {
            "enterprise_number": EnterpriseNumber.parse,
            "name": text_up_to(96),
            "address": address_reader("user_enterprise.address.", longest_street=42),
            "joint_committee": read_user_committee,
        },
        **_FIXED_BLOCKS,
    }


def _read_worker_type(raw: object) -> str:
    if not isinstance(raw, str) or raw not in worker_types() or not worker_types()[raw].is_open:
        raise ValueError("not a worker type that Dimona knows")
    return raw


def _translate(raw: object, worker_type: str | None, translations: Translations) -> str | None:
    committee = read_committee(raw)
    # Without a worker type, which decides the translation, there is none: its own defect is noted.
    return None if worker_type is None else dimona_joint_committee(committee, worker_type, translations)


def _read_hour(raw: object) -> str:
    if not isinstance(raw, str) or not _HOUR.fullmatch(raw):
        raise ValueError('not an hour such as "0930"')
    return raw


def _read_planned_hours(raw: object) -> int:
    if not isinstance(raw, (int, float)) or isinstance(raw, bool) or not 0 < raw <= 999:
        raise ValueError("not a number of hours above 0 and up to 999")
    return math.ceil(raw)  # each begun hour counts as one


_OPTIONAL: Mapping[str, Callable[[Any], Any]] = {
    "end_date": read_date,
    "start_hour": _read_hour,
    "end_hour": _read_hour,
    "planned_hours": _read_planned_hours,
    "sub_entity": whole_number(1, 9999999999),
}
_FIXED_BLOCKS: Mapping[str, dict[str, Callable[[Any], Any]]] = {
    "construction_cards": {"first_month": _CARD, "next_month": _CARD},
    "small_statutes": {
        "employment_nature": one_of("WORKER", "EMPLOYEE"),
        "worker_status": one_of("F1", "F2"),
        "activity_with_risk": whole_number(0, 999),
    },
    "place_of_work": {
        "name": text_up_to(96),
        "address": address_reader("place_of_work.address.", longest_street=42),
    },
}
