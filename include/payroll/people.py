"""People who don't exist: names, birth dates and social security numbers with right check digits."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

_FAMILY_NAMES = (
    "Janssens", "Peeters", "Maes", "Jacobs", "Willems", "Claes", "Goossens", "Wouters", "De Smet",
    "Dubois", "Lambert", "Dupont", "Martin", "Simon", "Laurent", "Leroy", "Denis", "Lejeune", "Verhoeven",
    "Van den Broeck", "El Idrissi", "Yilmaz", "Nowak", "Schmitz", "Müller",
)  # fmt: skip
_WOMEN = (
    "Marie", "Louise", "Emma", "Olivia", "An", "Els", "Nathalie", "Fatima", "Lotte", "Camille",
    "Zoé", "Ingrid",
)  # fmt: skip
_MEN = (
    "Lucas", "Arthur", "Noah", "Jan", "Pieter", "Luc", "Philippe", "Mohamed", "Wout", "Hugo",
    "Gérard", "Dirk",
)  # fmt: skip
_PLACES = (
    ("Kerkstraat", "9000", 44021, "Gent"),
    ("Rue de la Station", "4000", 62063, "Liège"),
    ("Stationsstraat", "2000", 11002, "Antwerpen"),
    ("Avenue Louise", "1000", 21004, "Bruxelles"),
    ("Bahnhofstraße", "4700", 63023, "Eupen"),
)
_BELGIUM = 150
_ORDINARY_SERIALS = 988
"""Serial numbers 001 to 988; 990 and more are kept for the simulator's scenarios."""
_SPREAD = 7_368_787
"""A prime: neighbours in the sample get distant birth dates, and no two get the same number."""


@dataclass(frozen=True, slots=True)
class Ages:
    """Ages (years) that a group of workers has."""

    youngest: int
    oldest: int


ADULTS = Ages(26, 63)
STUDENTS = Ages(17, 24)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a unique number; ``repr`` hides everything, out of habit."""

    family_name: str
    given_name: str
    born: date
    serial: int
    is_bis: bool

    def __repr__(self) -> str:
        return "Person(...)"

    @property
    def ssin(self) -> str:
        """Give the eleven digits."""
        month = self.born.month + (40 if self.is_bis else 0)
        head = f"{self.born:%y}{month:02d}{self.born:%d}{self.serial:03d}"
        century = 2_000_000_000 if self.born.year >= 2000 else 0
        return f"{head}{97 - (century + int(head)) % 97:02d}"

    def known(self) -> dict[str, object]:
        """Give the worker as payroll has him, with his number."""
        return {
            "ssin": self.ssin,
            "family_name": self.family_name,
            "given_name": self.given_name,
            "birth_date": self.born.isoformat(),
        }

    def unnumbered(self) -> dict[str, object]:
        """Give the worker with the full identity that stands in for a number."""
        street, post_code, code, municipality = _PLACES[self.serial % len(_PLACES)]
        return {
            "family_name": self.family_name,
            "given_name": self.given_name,
            "birth_date": self.born.isoformat(),
            "place_of_birth": municipality,
            "country_of_birth": _BELGIUM,
            "nationality": _BELGIUM,
            "gender": "1" if self.serial % 2 else "2",
            "address": {
                "street": street,
                "house_number": str(self.serial % 200 + 1),
                "post_code": post_code,
                "municipality_code": code,
                "municipality_name": municipality,
                "country": _BELGIUM,
            },
        }


def person(position: int, ages: Ages, today: date, seed: int, serial: int | None = None) -> Person:
    """
    Give the person at a position; the same arguments always give the same one.

    Positions up to some million give different numbers. *serial* fixes the serial number (990 to 997);
    positions that share one then still differ in the day of birth.
    """
    last = _years_before(today, ages.youngest)
    days = (last - _years_before(today, ages.oldest + 1)).days
    places = days * (_ORDINARY_SERIALS if serial is None else 1)
    place = (position * _SPREAD + seed) % places
    day, ordinary = divmod(place, _ORDINARY_SERIALS) if serial is None else (place, 0)
    serial = serial or ordinary + 1
    draw = Random(f"person:{seed}:{position}")  # noqa: S311 - reproducible on purpose
    given = draw.choice(_MEN if serial % 2 else _WOMEN)
    return Person(
        draw.choice(_FAMILY_NAMES), given, last - timedelta(days=day), serial, is_bis=draw.random() < 0.04
    )


def _years_before(day: date, years: int) -> date:
    return date(day.year - years, day.month, min(day.day, 28))
