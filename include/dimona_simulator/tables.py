"""What the rules look up: worker types, joint committees, anomaly classes, scenarios."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto


class Need(Enum):
    """Whether a field must, may or must not be sent."""

    REQUIRED = auto()
    OPTIONAL = auto()
    FORBIDDEN = auto()


class Hours(Enum):
    """Which worker types carry hours of the day."""

    NEVER = auto()
    ANY = auto()
    OF_A_SPELL = auto()
    """EXT: one spell of work, always with hours."""
    OF_A_DAY = auto()
    """FLX: with hours for one day, without for a period."""


@dataclass(frozen=True, slots=True)
class TypeRule:
    """What an IN of one worker type needs (domain facts, section 4)."""

    end_date: Need = Need.OPTIONAL
    hours: Hours = Hours.NEVER
    planned_hours: Need = Need.FORBIDDEN
    small_statutes: Need = Need.FORBIDDEN
    needs_ssin: bool = False
    one_quarter: bool = False
    """Start and end lie in one quarter (421)."""
    one_day: bool = False
    """The end date is the start date."""
    closed_since: date | None = None
    """No period may start on or after this day."""
    days_ahead: int | None = None
    """How many days before the start the IN may be filed at the earliest."""


_TRAINING = TypeRule(end_date=Need.REQUIRED, small_statutes=Need.REQUIRED)
_ARTICLE_17 = TypeRule(Need.REQUIRED, planned_hours=Need.REQUIRED, one_quarter=True, days_ahead=15)

WORKER_TYPES: Mapping[str, TypeRule] = {
    "OTH": TypeRule(),
    "STU": TypeRule(Need.REQUIRED, planned_hours=Need.REQUIRED, one_quarter=True),
    "EXT": TypeRule(Need.REQUIRED, Hours.OF_A_SPELL, needs_ssin=True),
    "FLX": TypeRule(Need.REQUIRED, Hours.OF_A_DAY),
    "BCW": TypeRule(),
    "DWD": TypeRule(),
    "IVT": _TRAINING,
    "TRI": _TRAINING,
    "STG": _TRAINING,
    "RTA": TypeRule(),
    "ALT": TypeRule(),
    "O17": _ARTICLE_17,
    "S17": _ARTICLE_17,
    "T17": TypeRule(Need.REQUIRED, one_day=True, days_ahead=15),
    "PMP": TypeRule(),
    "A17": TypeRule(closed_since=date(2022, 1, 1)),
    "TEA": TypeRule(closed_since=date(2022, 1, 1)),
    "QUA": TypeRule(closed_since=date(2023, 1, 1)),
    "STX": TypeRule(closed_since=date(2014, 1, 1)),
}

UNKNOWN_TYPE = TypeRule(planned_hours=Need.OPTIONAL, small_statutes=Need.OPTIONAL, hours=Hours.ANY)
"""A type that nobody knows is refused as such; its other fields then can't be wrong."""

JOINT_COMMITTEES = frozenset({"124", "140", "144", "145", "149", "302", "320", "322", "XXX"})
CONSTRUCTION, HORECA, TEMPORARY_WORK = "124", "302", "322"
XXX_ONLY_IN_HORECA = frozenset({"FLX", "STU"})
"""Types that horeca employers file under XXX (302 gives 90374-349)."""

CARDS_WITH_TEMPORARY_WORK: Mapping[str, Need] = {
    "BCW": Need.REQUIRED,
    "DWD": Need.OPTIONAL,
    "IVT": Need.OPTIONAL,
    "TRI": Need.OPTIONAL,
    "STU": Need.OPTIONAL,
}
"""C3.2A cards under joint committee 322 when the user's committee is not given."""

NOT_BLOCKING = frozenset({
    "00014-022", "00024-348", "00025-348", "00026-348", "00028-348", "00029-348",
    "90017-058", "90017-369", "90017-510", "90017-514", "90017-515", "90256-369",
    "90373-460", "90373-483", "90378-460", "90378-483",
})  # fmt: skip
QUOTA = "90017-369"
QUOTA_BLOCKS = frozenset({"O17", "S17", "T17"})

SCENARIO_SERIAL = 990
SCENARIOS: Mapping[str, str] = {"FLX": "90017-510", **dict.fromkeys(("STU", *QUOTA_BLOCKS), QUOTA)}
"""Anomaly of an IN whose worker has an SSIN with serial number (digits 7 to 9) of 990 and more."""

UNKNOWN_EMPLOYER = "0999990123"
INACTIVE_EMPLOYER = "0999990222"
EMPLOYER_WITHOUT_MANDATE = "0999990321"

IDENTITY = (
    "familyName", "givenName", "birthDate", "placeOfBirth", "countryOfBirth", "nationality", "gender",
    "address",
)  # fmt: skip
"""What identifies a worker without SSIN."""
ADDRESS = ("street", "houseNumber", "postCode", "municipality", "country")


def is_blocking(code: str, worker_type: str) -> bool:
    """Tell whether an anomaly refuses the declaration; a quota only does so for article 17."""
    return code not in NOT_BLOCKING or (code == QUOTA and worker_type in QUOTA_BLOCKS)
