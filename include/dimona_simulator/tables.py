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


class Quarter(Enum):
    """Whether a period stays in the quarter it starts in (421)."""

    ANY = auto()
    ONE = auto()
    ONE_WITHOUT_HOURS = auto()
    """FLX: a period stays in one; a night with hours may end in the next."""


@dataclass(frozen=True, slots=True)
class TypeRule:
    """What an IN of one worker type needs (domain facts, section 4)."""

    end_date: Need = Need.OPTIONAL
    hours: Hours = Hours.NEVER
    planned_hours: Need = Need.FORBIDDEN
    small_statutes: Need = Need.FORBIDDEN
    needs_ssin: bool = False
    quarter: Quarter = Quarter.ANY
    one_day: bool = False
    """The end date is the start date."""
    open_from: date = date.min
    """No period may start before this day."""
    closed_since: date | None = None
    """No period may start on or after this day."""
    days_ahead: int | None = None
    """How many days before the start the IN may be filed at the earliest."""
    days_before_quarter: int | None = None
    """The same, counted from the first day of the quarter in which the period starts."""

    def is_open(self, start: date) -> bool:
        """Tell whether a period of this type may start on a day."""
        return self.open_from <= start and (self.closed_since is None or start < self.closed_since)


_2022 = date(2022, 1, 1)
_TRAINING = TypeRule(end_date=Need.REQUIRED, small_statutes=Need.REQUIRED)
_ARTICLE_17 = TypeRule(
    Need.REQUIRED, planned_hours=Need.REQUIRED, quarter=Quarter.ONE, open_from=_2022, days_ahead=15
)

WORKER_TYPES: Mapping[str, TypeRule] = {
    "OTH": TypeRule(),
    "STU": TypeRule(Need.REQUIRED, planned_hours=Need.REQUIRED, quarter=Quarter.ONE),
    "EXT": TypeRule(Need.REQUIRED, Hours.OF_A_SPELL, needs_ssin=True),
    "FLX": TypeRule(hours=Hours.OF_A_DAY, quarter=Quarter.ONE_WITHOUT_HOURS, days_before_quarter=31),
    "BCW": TypeRule(),
    "DWD": TypeRule(),
    "IVT": _TRAINING,
    "TRI": _TRAINING,
    "STG": _TRAINING,
    "RTA": TypeRule(),
    "ALT": TypeRule(open_from=date(2023, 9, 1)),
    "O17": _ARTICLE_17,
    "S17": _ARTICLE_17,
    "T17": TypeRule(Need.REQUIRED, one_day=True, open_from=_2022, days_ahead=15),
    "PMP": TypeRule(),
    "A17": TypeRule(Need.REQUIRED, one_day=True, closed_since=_2022),
    "TEA": TypeRule(closed_since=_2022),
    "QUA": TypeRule(one_day=True, closed_since=date(2023, 1, 1)),
    "STX": TypeRule(closed_since=date(2014, 1, 1)),
}

UNKNOWN_TYPE = TypeRule(planned_hours=Need.OPTIONAL, small_statutes=Need.OPTIONAL, hours=Hours.ANY)
"""A type that nobody knows, or that is closed, is refused as such; its other fields then can't be wrong."""

SMALL_STATUTES_SINCE = date(2019, 12, 1)
NO_UPDATE = frozenset({"STX"})
"""Types whose periods can't be updated any more."""
LOCAL_ONLY = frozenset({"TEA"})
LOCAL_TYPES = frozenset({"A17", "IVT", "STU", "TEA", "TRI", "DWD", "STG", "OTH"})
"""The types that provincial and local administrations had until the end of 2021."""
LOCAL_TYPES_UNTIL = _2022

JOINT_COMMITTEES = frozenset({"124", "140", "144", "145", "149", "302", "320", "322", "XXX"})
CONSTRUCTION, HORECA, TEMPORARY_WORK = "124", "302", "322"
COMMITTEES_NOT_FOR: Mapping[str, frozenset[str]] = {
    "FLX": frozenset({HORECA}),
    "STU": frozenset({HORECA}),
}
"""Joint committees that don't go with a worker type (90374-349); the glossary names no pair."""
USERS_COMMITTEES = JOINT_COMMITTEES - {TEMPORARY_WORK}
"""What a user enterprise may have; it is no temporary work agency itself."""
STATUTES_ZONES: Mapping[str, str] = {
    "employmentNature": "01231",
    "workerStatus": "00053",
    "activityWithRisk": "01231",
}

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
ONLY_FOR: Mapping[str, frozenset[str]] = {
    "90017-510": frozenset({"FLX"}),
    "90017-058": frozenset({"FLX"}),
    QUOTA: frozenset({"STU", "EXT"}) | QUOTA_BLOCKS,
}
"""Codes of a worker that say something about some worker types only."""

SCENARIO_SERIAL = 990
SCENARIOS: Mapping[str, str] = {"FLX": "90017-510", **dict.fromkeys(("STU", *QUOTA_BLOCKS), QUOTA)}
"""Anomaly of an IN whose worker has an SSIN with serial number (digits 7 to 9) of 990 and more."""

UNKNOWN_EMPLOYER = "0999990123"
INACTIVE_EMPLOYER = "0999990222"
EMPLOYER_WITHOUT_MANDATE = "0999990321"
EMPLOYER_ANOMALIES: Mapping[str, tuple[str, ...]] = {
    "0999990420": ("90256-155",),
    "0999990519": ("90256-342",),
}
SUB_ENTITIES: Mapping[str, tuple[int, ...]] = {"935467": ()}
"""The Belgian State, under whose NSSO number its services are told apart by their sub-entity."""

IDENTITY = (
    "familyName", "givenName", "birthDate", "placeOfBirth", "countryOfBirth", "nationality", "gender",
    "address",
)  # fmt: skip
"""What identifies a worker without SSIN."""
ADDRESS = ("street", "houseNumber", "postCode", "municipality", "country")
ADDRESS_ZONES: Mapping[str, str] = {
    "street": "00517",
    "houseNumber": "00518",
    "boxNumber": "00519",
    "postCode": "00520",
    "municipality": "00522",
    "country": "00523",
}
OLDEST = 120
"""Years before the declaration in which a worker may be born."""


def is_blocking(code: str, worker_type: str) -> bool:
    """Tell whether an anomaly refuses the declaration; a quota only does so for article 17."""
    return code not in NOT_BLOCKING or (code == QUOTA and worker_type in QUOTA_BLOCKS)


def rule_of(worker_type: str, start: date) -> TypeRule:
    """Give what a type needs of a period that starts on a day; nothing when it can't start then at all."""
    rule = WORKER_TYPES.get(worker_type, UNKNOWN_TYPE)
    return rule if rule.is_open(start) else UNKNOWN_TYPE
