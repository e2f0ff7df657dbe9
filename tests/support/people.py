"""Made-up people and employments for tests; builders with defaults, so that tests name only what matters."""

from __future__ import annotations

import datetime as dt
from typing import Any

TODAY = dt.date(2027, 1, 11)
"""A day on which everything below may be filed, and in time."""

SSIN = "93051822361"
OTHER_SSIN = "87062315653"
EMPLOYER = "0477472701"
OTHER_EMPLOYER = "1028230781"


def ssin(serial: int, born: str = "850730") -> str:
    """Return a valid SSIN of somebody born in the last century."""
    head = f"{born}{serial:03d}"
    return f"{head}{97 - int(head) % 97:02d}"


def employment(**changes: Any) -> dict[str, Any]:
    """Return a record of payroll's export."""
    return {
        "employment_id": "E-1",
        "status": "active",
        "employer": EMPLOYER,
        "worker": {"ssin": SSIN},
        "worker_type": "OTH",
        "joint_committee": "200",
        "start_date": "2027-01-20",
        "end_date": None,
        "start_hour": None,
        "end_hour": None,
        "planned_hours": None,
        **changes,
    }


def identity(**changes: Any) -> dict[str, Any]:
    """Return a worker without SSIN."""
    return {
        "family_name": "Zwartewei",
        "given_name": "Pieternel",
        "birth_date": "1990-02-03",
        "place_of_birth": "Lille",
        "country_of_birth": 111,
        "nationality": 111,
        "gender": "2",
        "address": {
            "street": "Rue du Test",
            "house_number": "1",
            "post_code": "59000",
            "municipality_code": 99999,
            "municipality_name": "Lille",
            "country": 111,
        },
        **changes,
    }


def in_body(worker_ssin: str = SSIN, *, employer: str = EMPLOYER, **block: Any) -> dict[str, Any]:
    """Return the REST body of an IN."""
    return {
        "employer": {"enterpriseNumber": employer},
        "worker": {"ssin": worker_ssin},
        "dimonaIn": {
            "startDate": "2027-01-20",
            "features": {"jointCommissionNumber": "XXX", "workerType": "OTH"},
            **block,
        },
    }


def item(number: int, **block: Any) -> dict[str, Any]:
    """Return one item of a source: another worker for each number."""
    return {"reference": f"E-{number}", "declaration": in_body(ssin(number % 997 + 1), **block)}


ADDRESS = identity()["address"]
BLOCKS: dict[str, Any] = {
    "sub_entity": 12,
    "user_enterprise": {
        "enterprise_number": OTHER_EMPLOYER,
        "name": "Bakkerij",
        "address": ADDRESS,
        "joint_committee": "118",
    },
    "construction_cards": {"first_month": 123456789012, "next_month": 123456789013},
    "small_statutes": {"employment_nature": "WORKER", "worker_status": "F1", "activity_with_risk": 7},
    "place_of_work": {"name": "Bakkerij", "address": ADDRESS},
}
"""Every optional block of payroll's export, whatever the worker type."""

_END = {"end_date": "2027-03-31"}
_STATUTES = {"small_statutes": {"employment_nature": "WORKER", "worker_status": "F1"}}
_DAY = {"end_date": "2027-01-20", "start_hour": "0900", "end_hour": "1700"}
GOOD: dict[str, dict[str, Any]] = {
    "OTH": {},
    "STU": _END | {"planned_hours": 40, "place_of_work": BLOCKS["place_of_work"]},
    "FLX": _DAY,
    "EXT": _DAY | {"joint_committee": "302"},
    "BCW": {"joint_committee": "124", "construction_cards": BLOCKS["construction_cards"]},
    "DWD": _END
    | {
        "joint_committee": "322",
        "user_enterprise": {"enterprise_number": OTHER_EMPLOYER, "joint_committee": "200"},
    },
    "IVT": _END | _STATUTES,
    "TRI": _END | _STATUTES,
    "STG": _END | _STATUTES,
    "RTA": {},
    "ALT": {},
    "O17": _END | {"planned_hours": 40},
    "S17": _END | {"planned_hours": 40},
    "T17": {"end_date": "2027-01-20"},
    "PMP": {"sub_entity": 12},
}
"""What each open worker type needs besides, in payroll's words."""


def good(worker_type: str, **changes: Any) -> dict[str, Any]:
    """Return a record of a worker type that has all it needs."""
    return employment(**{"worker_type": worker_type, **GOOD[worker_type], **changes})
