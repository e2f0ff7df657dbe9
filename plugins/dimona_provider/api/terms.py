"""The terms of a period, read leniently from the service's JSON or a body of ours: odd codes are kept."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from dimona_provider.api.canonical import canonical
from dimona_provider.api.members import read_json_date
from dimona_provider.api.names import BLOCKS
from dimona_provider.domain.declaration import OPEN_END, Kind
from dimona_provider.domain.terms import Terms

_CODE = re.compile(r"[0-9A-Za-z.]{1,10}")
_HOUR = re.compile(r"[0-9]{4}")
_MEMBERS = {
    "startDate": "start",
    "endDate": "end",
    "startHour": "start_hour",
    "endHour": "end_hour",
    "plannedHoursNumber": "planned_hours",
}


def read_terms(block: Mapping[str, Any]) -> Terms | None:
    """
    Read the terms of a period, or of the block of an IN.

    None without a start date, or with dates that can't be read: whoever compares would see what is not there.
    Codes that we don't know are kept as they are.
    """
    start, end = (_date(block.get(name)) for name in ("startDate", "endDate"))
    if start is None or (end is None and block.get("endDate") is not None):
        return None
    features = block.get("features")
    features = features if isinstance(features, Mapping) else {}
    planned = block.get("plannedHoursNumber")
    return Terms(
        worker_type=_text(features.get("workerType"), _CODE),
        joint_committee=_text(features.get("jointCommissionNumber"), _CODE),
        start=start,
        end=None if end == OPEN_END else end,
        start_hour=_text(block.get("startHour"), _HOUR),
        end_hour=_text(block.get("endHour"), _HOUR),
        planned_hours=planned if type(planned) is int else None,
    )


def read_effect(body: Mapping[str, Any]) -> tuple[Kind, Terms | None, dict[str, Any]]:
    """
    Read what a declaration of ours does once it is accepted.

    Returns its kind, the terms that an IN gives its period, and what an OUT or UPDATE changes of them.
    """
    plain = canonical(body)
    name = next(name for name in BLOCKS if name in plain)
    kind, block = BLOCKS[name], plain[name]
    if kind is Kind.IN:
        return kind, read_terms(block), {}
    if kind is Kind.CANCEL:
        return kind, None, {}
    changes = {_MEMBERS[member]: value for member, value in block.items() if member in _MEMBERS}
    for date in {"start", "end"} & set(changes):
        changes[date] = _date(changes[date])
    return kind, None, changes


def _date(raw: object) -> dt.date | None:
    return read_json_date(raw)


def _text(raw: object, form: re.Pattern[str]) -> str | None:
    return raw if isinstance(raw, str) and form.fullmatch(raw) else None
