"""Payroll's own record of who works where from when to when, read strictly: the wish behind declarations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dimona_provider.domain.declaration import Identity
from dimona_provider.domain.identifiers import EnterpriseNumber, Ssin, contains_ssin
from dimona_provider.domain.record import Fields, Malformed, read_date
from dimona_provider.domain.rules import Dates, Defect, check, worker_types
from dimona_provider.domain.worker import read_worker

_HOUR = re.compile(r"([01][0-9]|2[0-3])[0-5][0-9]")
STATUSES = frozenset({"active", "ended", "changed", "withdrawn"})


@dataclass(frozen=True, slots=True)
class Employment:
    """An employment whose every field was read and whose dates fit its worker type."""

    reference: str
    """Payroll's own id; proven to hold no SSIN."""
    status: str
    employer: EnterpriseNumber
    worker: Ssin | Identity
    worker_type: str
    joint_committee: str
    dates: Dates


def read_reference(raw: object) -> str:
    """
    Read payroll's id of an employment: 1 to 64 printable characters without an SSIN in them.

    Raises ValueError without echoing the input.
    """
    text = str(raw) if isinstance(raw, (str, int)) and not isinstance(raw, bool) else ""
    if not 1 <= len(text) <= 64 or not text.isprintable():
        raise ValueError("not a reference of 1 to 64 printable characters")
    if contains_ssin(text):
        raise ValueError("contains a social security number; give each employment an id that names no person")
    return text


def read_employment(record: object) -> Employment:
    """
    Read one record of payroll's export (docs/payroll.md has it field by field).

    Raises Malformed with all its defects.
    """
    if not isinstance(record, Mapping):
        raise Malformed(None, [Defect("record", "not a JSON object")])
    fields = Fields(record)
    reference = fields.read("employment_id", read_reference)
    status = fields.read("status", _read_status)
    employer = fields.read("employer", EnterpriseNumber.parse)
    worker = fields.read("worker", read_worker)
    worker_type = fields.read("worker_type", _read_worker_type)
    committee = fields.read("joint_committee", _read_committee)
    dates = _read_dates(fields)
    if dates is not None and worker_type is not None:
        fields.defects.extend(check(worker_types()[worker_type], dates))
    if fields.defects:
        raise Malformed(reference, fields.defects)
    # No defects: every required field was read.
    read = (reference, status, employer, worker, worker_type, committee, dates)
    return Employment(*read)  # type: ignore[arg-type]


def _read_dates(fields: Fields) -> Dates | None:
    start = fields.read("start_date", read_date)
    before = len(fields.defects)
    end = fields.read("end_date", read_date, required=False)
    start_hour = fields.read("start_hour", _read_hour, required=False)
    end_hour = fields.read("end_hour", _read_hour, required=False)
    planned_hours = fields.read("planned_hours", _read_planned_hours, required=False)
    if start is None or len(fields.defects) > before:
        return None
    return Dates(start, end, start_hour, end_hour, planned_hours)


def _read_status(raw: object) -> str:
    if not isinstance(raw, str) or raw not in STATUSES:
        raise ValueError("not one of " + ", ".join(sorted(STATUSES)))
    return raw


def _read_worker_type(raw: object) -> str:
    if not isinstance(raw, str) or raw not in worker_types():
        raise ValueError("not a worker type that Dimona knows")
    return raw


def _read_committee(raw: object) -> str:
    if not isinstance(raw, str) or not re.fullmatch(r"XXX|[0-9]{3}([.]?[0-9]{2,4})?", raw):
        raise ValueError('not a joint committee number such as "200" or "302.01"')
    return raw


def _read_hour(raw: object) -> str:
    if not isinstance(raw, str) or not _HOUR.fullmatch(raw):
        raise ValueError('not an hour such as "0930"')
    return raw


def _read_planned_hours(raw: object) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or not 1 <= raw <= 999:
        raise ValueError("not a whole number from 1 to 999")
    return raw
