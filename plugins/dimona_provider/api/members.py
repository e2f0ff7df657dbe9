"""The form of every member of a REST body: strictly what the service's description says, no kindness."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from dimona_provider.api.names import INSIDE, location_of, member_of
from dimona_provider.domain.draft import Breach, breach, fields_of_declarations
from dimona_provider.domain.identifiers import DimonaNumber, EnterpriseNumber, Ssin, parse_employer_id
from dimona_provider.domain.needs import limits
from dimona_provider.domain.record import UNWRITABLE
from dimona_provider.domain.worker_types import worker_types

Reader = Callable[[Any], Any]
"""Gives the value, or None when it is none; never raises. Exceptions would cost more than the rules."""

_HOUR = re.compile(r"([01][0-9]|2[0-3])[0-5][0-9]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR_ALONE = re.compile(r"[0-9]{4}-00-00")
_TWELVE_DIGITS = 10**12
_TEN_DIGITS = 10**9
_PROVISIONAL = Breach("00948-003", "employer.nsso_number")


@dataclass(frozen=True, slots=True)
class Block:
    """An object of the body: what it is called in the domain, and what may stand in it."""

    field: str
    members: Mapping[str, Block | Leaf]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A member that is no object."""

    field: str
    read: Reader


def read_json_date(raw: Any) -> dt.date | None:
    """Read ``YYYY-MM-DD``, whatever the year."""
    return _read_date(raw) if isinstance(raw, str) and len(raw) == 10 else None


@lru_cache(maxsize=4096)
def _read_date(raw: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(raw) if _DATE.fullmatch(raw) else None
    except ValueError:
        return None


def _birth_date(raw: Any) -> str | None:
    if isinstance(raw, str) and (_YEAR_ALONE.fullmatch(raw) or read_json_date(raw)):
        return raw
    return None


def _hour(raw: Any) -> str | None:
    return raw if isinstance(raw, str) and _HOUR.fullmatch(raw) else None


def _whole(lowest: int, highest: int) -> Reader:
    # bool is an int to Python, and not to JSON.
    return lambda raw: raw if type(raw) is int and lowest <= raw <= highest else None


def _text(longest: int) -> Reader:
    def read(raw: Any) -> str | None:
        # The service refuses empty members, and a blank is no name.
        is_text = isinstance(raw, str) and len(raw) <= longest and raw.strip() and not UNWRITABLE.search(raw)
        return raw if is_text else None

    return read


def _one_of(known: Iterable[str]) -> Reader:
    names = frozenset(known)
    return lambda raw: raw if isinstance(raw, str) and raw in names else None


def _parsed(parse: Callable[[Any], Any], form: re.Pattern[str]) -> Reader:
    def read(raw: Any) -> Any:
        if not isinstance(raw, str) or not form.fullmatch(raw):
            return None
        try:
            return parse(raw)
        except ValueError:
            return None

    return read


def _number(parse: Callable[[Any], Any]) -> Reader:
    def read(raw: Any) -> Any:
        try:
            return parse(raw) if type(raw) is int else None
        except ValueError:
            return None

    return read


_ENTERPRISE_NUMBER = _parsed(lru_cache(maxsize=1024)(EnterpriseNumber.parse), re.compile(r"[01]?[0-9]{9}"))
_COMMITTEE = limits()["committees"]["known"]
_READERS: Mapping[str, Reader] = {
    "employer.enterprise_number": _ENTERPRISE_NUMBER,
    "employer.nsso_number": _number(parse_employer_id),
    "worker.ssin": _parsed(Ssin.parse, re.compile(r"[0-9]{11}")),
    "worker.family_name": _text(48),
    "worker.given_name": _text(24),
    "worker.initial": _text(1),
    "worker.birth_date": _birth_date,
    "worker.place_of_birth": _text(40),
    "worker.country_of_birth": _whole(1, 99999),
    "worker.nationality": _whole(1, 99999),
    "worker.gender": _one_of(("1", "2")),
    "worker.address.street": _text(35),
    "period_id": _number(DimonaNumber.parse),
    "start_date": read_json_date,
    "start_hour": _hour,
    "end_date": read_json_date,
    "end_hour": _hour,
    "planned_hours": _whole(1, 999),
    "features.joint_committee": _one_of(_COMMITTEE),
    "features.worker_type": _one_of(worker_types()),
    "features.sub_entity": _whole(1, 9999999999),
    "user_enterprise.joint_committee": _one_of(
        set(_COMMITTEE) - {limits()["committees"]["temporary_work"]}  # a user is no temp agency itself
    ),
    "user_enterprise.enterprise_number": _ENTERPRISE_NUMBER,
    "user_enterprise.name": _text(96),
    "place_of_work.name": _text(96),
    "construction_cards.first_month": _whole(1, _TWELVE_DIGITS - 1),
    "construction_cards.next_month": _whole(1, _TWELVE_DIGITS - 1),
    "small_statutes.employment_nature": _one_of(("WORKER", "EMPLOYEE")),
    "small_statutes.worker_status": _one_of(("F1", "F2")),
    "small_statutes.activity_with_risk": _whole(0, 999),
}
_ADDRESS_READERS: Mapping[str, Reader] = {
    "street": _text(42),
    "house_number": _text(10),
    "box_number": _text(4),
    "post_code": _text(9),
    "municipality.code": _whole(1, 99999),
    "municipality.name": _text(40),
    "country": _whole(1, 99999),
}


def invalid(field: str, value: Any) -> Breach:
    """Return the breach of an unreadable field; a provisional NSSO number has a zone of its own."""
    is_provisional = field == _PROVISIONAL.field and type(value) is int and value >= _TEN_DIGITS
    return _PROVISIONAL if is_provisional else breach(field, "invalid")


@cache
def root_blocks() -> Mapping[str, Block | Leaf]:
    """Return the members of a body beside the block of its kind."""
    return {member_of(name): _part(name) for name in ("employer", "worker")}


@cache
def kind_members() -> Mapping[str, Block | Leaf]:
    """Return what may stand in a block of a kind; which kind needs which is the rules' to say."""
    top = [name for name in fields_of_declarations() if "." not in name and name not in INSIDE]
    outside = {"declaration", "block", "employer", "worker"}
    return {member_of(name): _part(name) for name in top if name not in outside}


def _part(name: str) -> Block | Leaf:
    reader = _READERS.get(name) or _ADDRESS_READERS.get(name.partition("address.")[2])
    if reader is not None:
        return Leaf(name, reader)
    depth = len(location_of(name)) + 1
    inner = [
        field
        for field in fields_of_declarations()
        if field not in {"declaration", "block"}
        and len(location_of(field)) == depth
        and location_of(field)[:-1] == location_of(name)
        and (field.startswith(name + ".") or INSIDE.get(field) == name)
    ]
    return Block(name, {member_of(field): _part(field) for field in inner})
