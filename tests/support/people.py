"""Made-up people and employments for tests; builders with defaults, so that tests name only what matters."""

from __future__ import annotations

from typing import Any

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
