"""One way to write a REST body: what says the same must look the same, or it would be filed twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dimona_provider.domain.identifiers import EnterpriseNumber, Ssin


def canonical(body: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return *body* without empty members, with whole numbers and plain identifiers.

    The service refuses members that are null; dots and dashes in numbers are for people.
    What can't be read stays as it is: who reads the body names it as a defect.
    """
    plain: dict[str, Any] = _plain(body)
    employer, worker = plain.get("employer"), plain.get("worker")
    if isinstance(employer, dict) and "enterpriseNumber" in employer:
        employer["enterpriseNumber"] = _read(EnterpriseNumber, employer["enterpriseNumber"])
    if isinstance(employer, dict) and "employerId" in employer:
        employer["employerId"] = _whole(employer["employerId"])
    if isinstance(worker, dict) and "ssin" in worker:
        worker["ssin"] = _read(Ssin, worker["ssin"])
    for block in plain.values():
        if isinstance(block, dict) and "periodId" in block:
            block["periodId"] = _whole(block["periodId"])
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _read(kind: type[EnterpriseNumber | Ssin], raw: Any) -> Any:
    try:
        return str(kind.parse(raw))
    except ValueError:
        return raw


def _whole(raw: Any) -> Any:
    return int(raw) if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) <= 12 else raw
