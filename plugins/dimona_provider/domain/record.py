"""Reading one JSON record field by field: every defect is collected, no value is ever repeated."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from dimona_provider.domain.rules import Defect

T = TypeVar("T")

_EARLIEST = dt.date(1920, 1, 1)  # glossary zone 00910
UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # control characters and halves of characters


class Malformed(Exception):
    """An employment that can't become a declaration; carries every defect and no value of it."""

    def __init__(self, reference: str | None, defects: Iterable[Defect]) -> None:
        super().__init__("malformed employment")
        self.reference = reference
        """Payroll's own id, or None when it is missing or unsafe to show."""
        self.defects = tuple(defects)


class Fields:
    """Reads fields of one record and collects what is wrong instead of stopping at the first."""

    def __init__(self, record: Mapping[str, Any], prefix: str = "") -> None:
        self._record = record
        self._prefix = prefix
        self.defects: list[Defect] = []

    def read(self, name: str, parse: Callable[[Any], T], *, required: bool = True) -> T | None:
        """Return the field *name* as *parse* reads it, or None with a defect noted."""
        raw = self._record.get(name)
        if raw is None:
            if required:
                self.defects.append(Defect(self._prefix + name, "missing"))
            return None
        try:
            return parse(raw)
        except Malformed as nested:
            self.defects.extend(nested.defects)
        except ValueError as error:
            self.defects.append(Defect(self._prefix + name, str(error)))
        return None

    def has(self, name: str) -> bool:
        """Tell whether the field *name* is there; null counts as missing."""
        return self._record.get(name) is not None

    def inner(self, name: str) -> Fields | None:
        """Return a reader of the object *name* that notes its defects here, or None with a defect noted."""
        raw = self._record[name]
        if not isinstance(raw, Mapping):
            self.defects.append(Defect(self._prefix + name, "not a JSON object"))
            return None
        inside = Fields(raw, f"{self._prefix}{name}.")
        inside.defects = self.defects
        return inside


def read_date(raw: object) -> dt.date:
    """Read ``YYYY-MM-DD``. Raises ValueError."""
    if not isinstance(raw, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", raw):
        raise ValueError("not a date YYYY-MM-DD")
    try:
        day = dt.date.fromisoformat(raw)
    except ValueError:
        raise ValueError("not a day of the calendar") from None
    if day < _EARLIEST:
        raise ValueError("before 1920")
    return day


def text_up_to(longest: int) -> Callable[[object], str]:
    """Return a reader of texts of 1 to *longest* characters."""

    def read(raw: object) -> str:
        if not isinstance(raw, str) or not 1 <= len(raw.strip()) <= longest or UNWRITABLE.search(raw):
            raise ValueError(f"not a text of 1 to {longest} characters")
        return raw.strip()

    return read


def read_nis_code(raw: object) -> int:
    """Read a NIS code of a country or municipality. Raises ValueError."""
    if not isinstance(raw, int) or isinstance(raw, bool) or not 1 <= raw <= 99999:
        raise ValueError("not a NIS code")
    return raw


def whole_number(lowest: int, highest: int) -> Callable[[object], int]:
    """Return a reader of whole numbers from *lowest* to *highest*."""

    def read(raw: object) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool) or not lowest <= raw <= highest:
            raise ValueError(f"not a whole number from {lowest} to {highest}")
        return raw

    return read


def one_of(*words: str) -> Callable[[object], str]:
    """Return a reader of one of some words."""

    def read(raw: object) -> str:
        if not isinstance(raw, str) or raw not in words:
            raise ValueError("not one of " + ", ".join(words))
        return raw

    return read
