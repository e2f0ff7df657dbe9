"""The members of the JSON of declarations and searches, and what each may hold."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Field:
    """One JSON member: a check of its value, or its own members when it is an object."""

    expects: str
    check: Callable[[object], bool] = lambda value: isinstance(value, dict)
    members: Mapping[str, "Field"] = field(default_factory=dict)
    required: bool = False


def _pattern(expression: str) -> Callable[[object], bool]:
    compiled = re.compile(expression)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _whole(low: int, high: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


_NOT_IN_TEXTS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of characters."""


def _text(longest: int) -> Field:
    def check(value: object) -> bool:
        if not isinstance(value, str) or len(value) > longest:
            return False
        return bool(value.strip()) and not _NOT_IN_TEXTS.search(value)

    return Field(f"text of 1 to {longest} characters", check)


def _is_day(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_birth_date(value: object) -> bool:
    return _is_day(value) or (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-00-00", value) is not None)


def _object(members: Mapping[str, Field], *, required: bool = False) -> Field:
    return Field("an object", members=members, required=required)


def _required(plain: Field) -> Field:
    return Field(plain.expects, plain.check, plain.members, required=True)


_DAY = Field("a day YYYY-MM-DD", _is_day)
_HOUR = Field("an hour HHMM", _pattern("([01][0-9]|2[0-3])[0-5][0-9]"))
_PLANNED = Field("a number from 1 to 999", _whole(1, 999))
_NUMBER = Field("a number of at most 12 digits", _whole(1, 999_999_999_999))
_COUNTRY = Field("a country code", _whole(1, 99_999))
_SSIN = Field("eleven digits", _pattern("[0-9]{11}"))
_ENTERPRISE = Field("nine or ten digits", _pattern("[01]?[0-9]{9}"))
_COMMITTEE = Field("a joint committee", _pattern(r"[0-9A-Z.]{1,10}"))
_CARD = Field("twelve digits", _whole(1, 999_999_999_999))

_ADDRESS = {
    "street": _text(42),
    "houseNumber": _text(10),
    "boxNumber": _text(4),
    "postCode": _text(9),
    "municipality": Field(
        "an object with code or name",
        lambda value: isinstance(value, dict) and bool(value),
        {"code": Field("a municipality code", _whole(1, 99_999)), "name": _text(40)},
    ),
    "country": _COUNTRY,
}  # fmt: skip
_EMPLOYER = Field(
    "an object with enterpriseNumber or employerId",
    lambda value: isinstance(value, dict) and bool(value),
    {"enterpriseNumber": _ENTERPRISE, "employerId": Field("an NSSO number", _whole(1, 9_999_999_999))},
)
_WORKER = _object({
    "ssin": _SSIN,
    "familyName": _text(48),
    "givenName": _text(24),
    "initial": _text(1),
    "birthDate": Field("a day YYYY-MM-DD or a year YYYY-00-00", _is_birth_date),
    "placeOfBirth": _text(40),
    "countryOfBirth": _COUNTRY,
    "nationality": _COUNTRY,
    "gender": Field("1 or 2", _pattern("[12]")),
    "address": _object({**_ADDRESS, "street": _text(35)}),
})  # fmt: skip
_SPAN = {
    "startDate": _DAY,
    "startHour": _HOUR,
    "endDate": _DAY,
    "endHour": _HOUR,
    "plannedHoursNumber": _PLANNED,
}
_USER_ENTERPRISE = {
    "jointCommissionNumber": _COMMITTEE,
    "enterpriseNumber": _ENTERPRISE,
    "name": _text(96),
    "address": _object(_ADDRESS),
}
_FEATURES = {
    "jointCommissionNumber": _required(_COMMITTEE),
    "workerType": _required(Field("three capitals or digits", _pattern("[A-Z0-9]{3}"))),
    "subEntityNumber": Field("a sub-entity number", _whole(1, 9_999_999_999)),
    "userEnterprise": _object(_USER_ENTERPRISE),
}
_STATUTES = {
    "employmentNature": Field("EMPLOYEE or WORKER", _pattern("EMPLOYEE|WORKER")),
    "workerStatus": Field("F1 or F2", _pattern("F1|F2")),
    "activityWithRisk": Field("a number from 0 to 999", _whole(0, 999)),
}
BLOCKS: Mapping[str, Field] = {
    "dimonaIn": _object({
        **_SPAN,
        "startDate": _required(_DAY),
        "features": _object(_FEATURES, required=True),
        "studentPlaceOfWork": _object({"name": _text(96), "address": _object(_ADDRESS)}),
        "constructionControlCards": _object({"firstMonthC32ANumber": _CARD, "nextMonthC32ANumber": _CARD}),
        "smallStatutesInformation": _object(_STATUTES),
    }),
    "dimonaOut": _object({"periodId": _required(_NUMBER), "endDate": _required(_DAY)}),
    "dimonaUpdate": _object({"periodId": _required(_NUMBER), **_SPAN}),
    "dimonaCancel": _object({"periodId": _required(_NUMBER)}),
}  # fmt: skip
DECLARATION = {"employer": _EMPLOYER, "worker": _WORKER, **BLOCKS}
SEARCH = {"employer": _required(_EMPLOYER), "worker": _object({"ssin": _SSIN})}
