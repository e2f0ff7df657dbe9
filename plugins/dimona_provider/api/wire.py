"""REST bodies that somebody else made, read as far as filing them needs; api/codec.py reads them whole."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dimona_provider.api.canonical import canonical
from dimona_provider.api.names import BLOCKS
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.identifiers import EnterpriseNumber, Ssin, parse_employer_id
from dimona_provider.domain.record import read_date
from dimona_provider.domain.rules import Defect

_HOUR = re.compile(r"([01][0-9]|2[0-3])[0-5][0-9]")
_WORKER_TYPE = re.compile(r"[A-Za-z0-9]{3}")


@dataclass(frozen=True, slots=True)
class Filing:
    """A REST body that is ready to be filed, and what we read from it; its person is never shown."""

    kind: Kind
    body: Mapping[str, Any] = field(repr=False)
    employer: str
    """Enterprise or NSSO number, digits only; empty when a follow-up names only its period."""
    ssin: Ssin | None = field(default=None, repr=False)
    worker_type: str | None = None
    start_date: dt.date | None = None
    start_hour: str | None = None
    period_id: int | None = None
    """The period that an OUT, UPDATE or CANCEL is about."""


class InvalidBody(Exception):
    """A REST body that the service would refuse with 400; carries its defects and no value."""

    def __init__(self, defects: list[Defect]) -> None:
        super().__init__("invalid declaration")
        self.defects = tuple(defects)


def read_filing(body: object) -> Filing:
    """
    Read a REST body that somebody else made. Raises InvalidBody with its defects.

    Checks the structure only; what the law says of it is the service's to answer.
    """
    if not isinstance(body, Mapping):
        raise InvalidBody([Defect("declaration", "not a JSON object")])
    if not _is_json(body):
        raise InvalidBody([Defect("declaration", "holds what JSON can't say")])
    body = canonical(body)
    blocks = [name for name in BLOCKS if name in body]
    if len(blocks) != 1 or not isinstance(body[blocks[0]], Mapping):
        raise InvalidBody([Defect("declaration", "needs exactly one object of " + ", ".join(BLOCKS))])
    kind, block = BLOCKS[blocks[0]], body[blocks[0]]
    defects: list[Defect] = []
    employer = _read_employer(body.get("employer"), kind, defects)
    ssin = _read_ssin(body.get("worker"), kind, defects)
    if kind is not Kind.IN:
        period_id = read_number(block.get("periodId"))
        if period_id is None:
            defects.append(Defect(f"{blocks[0]}.periodId", "missing or not a number"))
        _raise_if(defects)
        return Filing(kind, body, employer, ssin, period_id=period_id)
    start_date = _read_date(block.get("startDate"))
    features = block.get("features")
    worker_type = features.get("workerType") if isinstance(features, Mapping) else None
    if start_date is None:
        defects.append(Defect("dimonaIn.startDate", "missing or not a date YYYY-MM-DD"))
    if not isinstance(worker_type, str) or not _WORKER_TYPE.fullmatch(worker_type):
        defects.append(Defect("dimonaIn.features.workerType", "missing or not three letters"))
    _raise_if(defects)
    start_hour = block.get("startHour")
    hour = start_hour if isinstance(start_hour, str) and _HOUR.fullmatch(start_hour) else None
    return Filing(kind, body, employer, ssin, worker_type, start_date, hour)


def _is_json(body: object) -> bool:
    """Tell whether *body* can be sent: a team's callable may yield dates, NaN or halves of characters."""
    try:
        json.dumps(body, allow_nan=False, sort_keys=True, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _raise_if(defects: list[Defect]) -> None:
    if defects:
        raise InvalidBody(defects)


def _read_employer(raw: object, kind: Kind, defects: list[Defect]) -> str:
    if not isinstance(raw, Mapping):
        if kind is Kind.IN or raw is not None:
            defects.append(Defect("employer", "missing or not a JSON object"))
        return ""
    try:
        # The NSSO number outranks the enterprise number when both are given (glossary zones 00011 and 00014).
        if raw.get("employerId") is not None:
            return str(parse_employer_id(raw["employerId"]))
        return str(EnterpriseNumber.parse(raw.get("enterpriseNumber")))
    except ValueError as error:
        defects.append(Defect("employer", str(error)))
        return ""


def _read_ssin(raw: object, kind: Kind, defects: list[Defect]) -> Ssin | None:
    if not isinstance(raw, Mapping):
        if kind is Kind.IN or raw is not None:
            defects.append(Defect("worker", "missing or not a JSON object"))
        return None
    if raw.get("ssin") is None:
        return None
    try:
        return Ssin.parse(raw["ssin"])
    except ValueError as error:
        defects.append(Defect("worker.ssin", str(error)))
        return None


def _read_date(raw: object) -> dt.date | None:
    try:
        return read_date(raw)
    except ValueError:
        return None


def read_number(raw: object) -> int | None:
    """Read a declaration or period id: at most twelve digits."""
    text = str(raw) if isinstance(raw, (int, str)) and not isinstance(raw, bool) else ""
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) and int(text) > 0 else None
