"""People who can't be anywhere by chance, every form their data could be found in, and the search for it."""

from __future__ import annotations

import base64
import json
import sqlite3
import string
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from support import people

STEM = "Vrquäxel"
GIVEN = "Ooblixt"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is nowhere else."""

    ssin: str
    family_name: str
    given_name: str
    birth_date: str

    @classmethod
    def number(cls, number: int) -> Self:
        """Give another person for each number."""
        high, low = divmod(number, len(string.ascii_lowercase))
        mark = string.ascii_lowercase[high] + string.ascii_lowercase[low]
        born = f"{1961 + number % 37}-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        ssin = people.ssin(number + 1, born[2:].replace("-", ""))
        return cls(ssin, f"{STEM}{mark}", f"{GIVEN}{mark}", born)

    def known(self) -> dict[str, Any]:
        """Give the worker as payroll has him."""
        return {
            "ssin": self.ssin,
            "family_name": self.family_name,
            "given_name": self.given_name,
            "birth_date": self.birth_date,
        }

    def unnumbered(self) -> dict[str, Any]:
        """Give the worker as payroll has him before he has an SSIN."""
        known = self.known()
        del known["ssin"]
        return people.identity(**known)

    def needles(self) -> dict[str, str]:
        """Give what must not be found, by what it is."""
        return {
            "SSIN": self.ssin,
            "family name": self.family_name,
            "given name": self.given_name,
            "birth date": self.birth_date,
        }


def forms(value: str) -> set[bytes]:
    """Return the forms in which a text could lie about: as it is, escaped for JSON or a URL, in base64."""
    raw = value.encode()
    escaped = json.dumps(value)[1:-1].encode()
    return {raw, escaped, value.encode("latin-1", "ignore"), quote(value).encode(), *_base64(raw)}


def _base64(raw: bytes) -> Iterator[bytes]:
    """Give what base64 of any text around *raw* has in it, wherever *raw* begins in that text."""
    for lead in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * lead + raw)
            # The first and the last characters also depend on the neighbours.
            first = -(-lead * 8 // 6)
            yield whole[first : (lead + len(raw)) * 8 // 6]


def ssin_forms(ssin: str) -> set[bytes]:
    """Return the forms of an SSIN: also with the separators people write."""
    year, month, day, serial, check = ssin[:2], ssin[2:4], ssin[4:6], ssin[6:9], ssin[9:]
    written = (
        ssin,
        f"{year}.{month}.{day}-{serial}.{check}",
        f"{year}.{month}.{day}-{serial}-{check}",
        f"{year}{month}{day}-{serial}-{check}",
        f"{year}{month}{day}-{serial}.{check}",
        f"{year} {month} {day} {serial} {check}",
        f"{year}{month}{day} {serial} {check}",
    )
    return {form for text in written for form in forms(text)}


@dataclass(slots=True)
class Search:
    """Looks for needles and keeps count of where it has looked and what it has found."""

    needles: dict[bytes, str] = field(default_factory=dict, repr=False)
    """Form -> what it is."""
    places: Counter[str] = field(default_factory=Counter)
    """Kind of place -> how many of them were searched."""
    octets: int = 0
    hits: dict[str, set[str]] = field(default_factory=dict)
    """Place -> what was found there."""

    def add_person(self, person: Person) -> None:
        """Look for somebody."""
        for what, value in person.needles().items():
            found = ssin_forms(value) if what == "SSIN" else forms(value)
            self.needles.update(dict.fromkeys(found, what))

    def add_secrets(self, what: str, secrets: Iterable[str]) -> None:
        """Look for keys and tokens."""
        for secret in secrets:
            self.needles.update(dict.fromkeys(forms(secret), what))

    def anew(self) -> Search:
        """Return a search for the same that has not looked anywhere."""
        return Search(self.needles)

    def look(self, kind: str, place: str, content: bytes) -> None:
        """Search one place."""
        self.places[kind] += 1
        self.octets += len(content)
        if found := {what for needle, what in self.needles.items() if needle in content}:
            self.hits.setdefault(place, set()).update(found)

    def files(self, folder: Path, exempt: Collection[str]) -> None:
        """Search the bytes of every file below *folder*, but for those that hold persons by design."""
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if path.is_file() and not any(name.match(one) for one in exempt):
                self.look(_kind(name), str(name), path.read_bytes())

    def tables(self, kind: str, database: Path, only: Collection[str] = ()) -> None:
        """Search every row of every table of a SQLite database, or those of the tables *only*."""
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)) as connection:
            connection.text_factory = bytes
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for name in sorted(name.decode() for (name,) in names):
                if not only or name in only:
                    rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()  # noqa: S608 - its own
                    self.places[f"rows of {kind} {name}"] += len(rows)
                    self.look(f"tables of {kind}", f"{kind} {name}", b"\n".join(map(_bytes, chain(*rows))))


def _bytes(cell: object) -> bytes:
    return cell if isinstance(cell, bytes) else str(cell).encode()


def _kind(name: Path) -> str:
    if "logs" in name.parts:
        return "task logs" if name.parts[0] == "airflow" else "output of components"
    return "database files" if name.suffix.startswith(".db") else "other files"
