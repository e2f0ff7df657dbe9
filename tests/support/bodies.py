"""REST bodies for tests of the rules: a good one of every worker type, and ways to change it."""

from __future__ import annotations

import copy
from typing import Any

from support import people

ADDRESS = {
    "street": "Rue du Test",
    "houseNumber": "1",
    "postCode": "59000",
    "municipality": {"code": 99999, "name": "Lille"},
    "country": 111,
}
IDENTITY = {
    "familyName": "Zwartewei",
    "givenName": "Pieternel",
    "birthDate": "1990-02-03",
    "placeOfBirth": "Lille",
    "countryOfBirth": 111,
    "nationality": 111,
    "gender": "2",
    "address": ADDRESS,
}
PERIOD = 656309292174
STATUTES = {"employmentNature": "WORKER", "workerStatus": "F1"}
CARDS = {"firstMonthC32ANumber": 123456789012, "nextMonthC32ANumber": 123456789013}
PLACE = {"name": "Bakkerij", "address": ADDRESS}
USER = {"enterpriseNumber": people.OTHER_EMPLOYER, "jointCommissionNumber": "XXX"}

_END = {"endDate": "2027-03-31"}
_DAY = {"endDate": "2027-01-20", "startHour": "0900", "endHour": "1700"}
IN: dict[str, dict[str, Any]] = {
    "OTH": {},
    "STU": _END | {"plannedHoursNumber": 40},
    "FLX": _DAY,
    "EXT": _DAY,
    "BCW": {"constructionControlCards": CARDS},
    "DWD": {},
    "IVT": _END | {"smallStatutesInformation": STATUTES},
    "TRI": _END | {"smallStatutesInformation": STATUTES},
    "STG": _END | {"smallStatutesInformation": STATUTES},
    "RTA": {},
    "ALT": {},
    "O17": _END | {"plannedHoursNumber": 40},
    "S17": _END | {"plannedHoursNumber": 40},
    "T17": {"endDate": "2027-01-20"},
    "PMP": {},
}
"""What an IN of each open worker type has besides its start."""
ALL = {
    **_DAY,
    "plannedHoursNumber": 40,
    "studentPlaceOfWork": PLACE,
    "constructionControlCards": CARDS,
    "smallStatutesInformation": STATUTES | {"activityWithRisk": 7},
}
"""Every member that an IN can have."""


def body(worker_type: str = "OTH", committee: str | None = None, **changes: Any) -> dict[str, Any]:
    """
    Return the IN of a type; *changes* replace members of its block, and None takes them out.

    ``employer``, ``worker`` and ``features`` are changed in their place.
    """
    committee = committee or ("124" if worker_type == "BCW" else "XXX")
    features = {"jointCommissionNumber": committee, "workerType": worker_type}
    whole = {
        "employer": changes.pop("employer", {"enterpriseNumber": people.EMPLOYER}),
        "worker": changes.pop("worker", {"ssin": people.SSIN}),
        "dimonaIn": {
            "startDate": "2027-01-20",
            **IN.get(worker_type, {}),
            "features": features | changes.pop("features", {}),
            **changes,
        },
    }
    return _without_none(copy.deepcopy(whole))


def follow_up(block: str, **members: Any) -> dict[str, Any]:
    """Return an OUT, UPDATE or CANCEL of a period."""
    return {block: _without_none({"periodId": PERIOD, **members})}


def _without_none(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _without_none(inner) for name, inner in value.items() if inner is not None}
