"""A declaration before it is filed, without any JSON: api/wire.py knows how it is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dimona_provider.domain.identifiers import (
    DimonaNumber,
    EnterpriseNumber,
    NssoNumber,
    ProvisionalNssoNumber,
    Ssin,
)

OPEN_END = dt.date(9999, 12, 31)
"""The end date by which an UPDATE takes the end date away (glossary zone 00911)."""


class Kind(StrEnum):
    """The four kinds of declaration."""

    IN = "IN"
    OUT = "OUT"
    UPDATE = "UPDATE"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where somebody lives or works; codes of municipality and country are NIS codes."""

    street: str
    house_number: str
    post_code: str
    municipality_code: int | None
    municipality_name: str | None
    """Of code and name one at least is known."""
    country: int
    box_number: str | None = None

    def __repr__(self) -> str:
        return "Address(***)"


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """A worker without SSIN: everything the NSSO needs to find or make one (block 90017)."""

    family_name: str
    given_name: str
    birth_date: str
    """``YYYY-MM-DD``, or ``YYYY-00-00`` when only the year is known."""
    place_of_birth: str
    country_of_birth: int
    nationality: int
    gender: str
    """``"1"`` man, ``"2"`` woman."""
    address: Address
    initial: str | None = None

    def __repr__(self) -> str:
        return "Identity(***)"


@dataclass(frozen=True, slots=True)
class Employer:
    """Who employs; the NSSO number outranks the enterprise number when both are given (zone 00011)."""

    enterprise_number: EnterpriseNumber | None = None
    nsso_number: NssoNumber | ProvisionalNssoNumber | None = None


@dataclass(frozen=True, slots=True, repr=False)
class UserEnterprise:
    """Where a temporary worker works (block 90107): an enterprise number, or name and address without one."""

    enterprise_number: EnterpriseNumber | None = None
    name: str | None = None
    address: Address | None = None
    joint_committee: str | None = None

    def __repr__(self) -> str:
        return "UserEnterprise(***)"


@dataclass(frozen=True, slots=True, repr=False)
class ConstructionCards:
    """The control cards C3.2A of a construction worker (block 90375); the two differ."""

    first_month: int
    next_month: int

    def __repr__(self) -> str:
        return "ConstructionCards(***)"


@dataclass(frozen=True, slots=True)
class SmallStatutes:
    """What IVT, TRI and STG add (block 90594)."""

    employment_nature: str
    """``WORKER`` or ``EMPLOYEE``."""
    worker_status: str
    """``F1`` or ``F2``."""
    activity_with_risk: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class PlaceOfWork:
    """Where a student works, when that is not the head office."""

    name: str
    address: Address

    def __repr__(self) -> str:
        return "PlaceOfWork(***)"


Extra = Mapping[tuple[str, ...], Any]
"""What a REST body holds besides, by the members that lead to it; kept, never shown and never judged."""


@dataclass(frozen=True, slots=True)
class DimonaIn:
    """The start of an employment; hours are ``HHMM``."""

    employer: Employer
    worker: Ssin | Identity
    worker_type: str
    joint_committee: str
    """One that Dimona accepts, not payroll's own."""
    start_date: dt.date
    end_date: dt.date | None = None
    start_hour: str | None = None
    end_hour: str | None = None
    planned_hours: int | None = None
    sub_entity: int | None = None
    user_enterprise: UserEnterprise | None = None
    construction_cards: ConstructionCards | None = None
    small_statutes: SmallStatutes | None = None
    place_of_work: PlaceOfWork | None = None
    extra: Extra = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class DimonaOut:
    """The end of an employment whose period has none yet."""

    period_id: DimonaNumber
    end_date: dt.date
    employer: Employer | None = None
    worker: Ssin | Identity | None = None
    extra: Extra = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class DimonaUpdate:
    """A change of dates, hours or planned hours of a period; nothing else can change."""

    period_id: DimonaNumber
    start_date: dt.date | None = None
    end_date: dt.date | None = None
    start_hour: str | None = None
    end_hour: str | None = None
    planned_hours: int | None = None
    employer: Employer | None = None
    worker: Ssin | Identity | None = None
    extra: Extra = field(default_factory=dict, repr=False, hash=False)

    @property
    def is_reopening(self) -> bool:
        """Whether it takes the end date away."""
        return self.end_date == OPEN_END


@dataclass(frozen=True, slots=True)
class DimonaCancel:
    """A period that never was."""

    period_id: DimonaNumber
    employer: Employer | None = None
    worker: Ssin | Identity | None = None
    extra: Extra = field(default_factory=dict, repr=False, hash=False)


Declaration = DimonaIn | DimonaOut | DimonaUpdate | DimonaCancel
