"""A declaration before it is filed, without any JSON: api/wire.py knows how it is written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from dimona_provider.domain.identifiers import EnterpriseNumber, Ssin


class Kind(StrEnum):
    """The four kinds of declaration."""

    IN = "IN"
    OUT = "OUT"
    UPDATE = "UPDATE"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where a worker without SSIN lives; codes of municipality and country are NIS codes."""

    street: str
    house_number: str
    post_code: str
    municipality_code: int
    municipality_name: str
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

    def __repr__(self) -> str:
        return "Identity(***)"


@dataclass(frozen=True, slots=True)
class DimonaIn:
    """The start of an employment; hours are ``HHMM``."""

    employer: EnterpriseNumber
    worker: Ssin | Identity
    worker_type: str
    joint_committee: str
    start_date: dt.date
    end_date: dt.date | None = None
    start_hour: str | None = None
    end_hour: str | None = None
    planned_hours: int | None = None
