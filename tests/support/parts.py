"""What generated declarations are made of: numbers with right check digits, people, addresses."""

from __future__ import annotations

from random import Random
from typing import Any

TYPES = (
    *(
        "OTH",
        "STU",
        "FLX",
        "EXT",
        "BCW",
        "DWD",
        "IVT",
        "TRI",
        "STG",
        "RTA",
        "ALT",
        "O17",
        "S17",
        "T17",
        "PMP",
    ),
    *("A17", "TEA", "QUA", "STX", "ART"),
)
"""Every worker type, the closed ones too, and one that is none."""
WITH_STATUTES = ("IVT", "TRI", "STG")
COMMITTEES = ("124", "140", "144", "145", "149", "302", "320", "322", "XXX")
EMPLOYERS = ("0477472701", "1028230781", "1009237290")
STATE = 935467
"""NSSO number of the Belgian State, whose services are sub-entities."""

Json = dict[str, Any]


def ssin(rng: Random) -> str:
    """Return a valid SSIN or BIS number of either century, now and then with an unusual date in it."""
    year, month, day = rng.randint(1950, 2009), rng.randint(1, 12), rng.randint(1, 28)
    month += rng.choice((0, 0, 0, 20, 40))
    if rng.random() < 0.05:
        month, day = rng.choice(((0, 0), (20, 0), (40, 0), (13, 1), (19, 5), (60, 1), (33, 9)))
    if rng.random() < 0.05:
        day = rng.randint(29, 45)
    return _with_check(year, f"{year % 100:02d}{month:02d}{day:02d}{rng.randint(1, 980):03d}")


def ssin_of(born: str, *, man: bool) -> str:
    """Return the SSIN of somebody born on the day ``YYYY-MM-DD``."""
    year, month, day = born.split("-")
    return _with_check(int(year), f"{year[2:]}{month}{day}{'123' if man else '124'}")


def _with_check(year: int, head: str) -> str:
    return f"{head}{97 - int(('2' if year >= 2000 else '') + head) % 97:02d}"


def dimona_number(rng: Random) -> int:
    """Return a declaration or period number with right check digits."""
    head = rng.randint(4_000_000_000, 7_000_000_000)
    return head * 100 + head % 97


def card(rng: Random) -> int:
    """Return the number of a C3.2A card."""
    return rng.randint(100_000_000_000, 999_999_999_999)


def address(rng: Random) -> Json:
    """Return a full address."""
    return {
        "street": "Rue du Test",
        "houseNumber": str(rng.randint(1, 300)),
        "postCode": "1000",
        "municipality": {"code": 21004, "name": "Bruxelles"},
        "country": 150,
    }


def part_of(rng: Random, whole: Json) -> Json:
    """Return *whole* without some of its members, perhaps all."""
    return {name: value for name, value in whole.items() if rng.random() < 0.7}


def identity(rng: Random) -> Json:
    """Return a worker without SSIN, described in full."""
    return {
        "familyName": "Zwartewei",
        "givenName": "Pieternel",
        "birthDate": "1990-02-03",
        "placeOfBirth": "Lille",
        "countryOfBirth": 111,
        "nationality": 111,
        "gender": rng.choice(("1", "2")),
        "address": address(rng),
    }


def user_enterprise(rng: Random) -> Json:
    """Return the enterprise that uses a temporary worker, by number or by name."""
    user: Json = {"jointCommissionNumber": rng.choice(("124", "140", "302", "XXX"))}
    if rng.random() < 0.5:
        return {**user, "enterpriseNumber": rng.choice(EMPLOYERS)}
    return {**user, "name": "Atelier", "address": address(rng)}
