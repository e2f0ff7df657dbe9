"""
Employments as a payroll has them, made up but plausible, with a fixed share of each difficulty.

What happens to record k is decided by its place in its hundred, so every sample of 100 and more has each
case.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from include.payroll.people import ADULTS, STUDENTS, person

EMPLOYERS = (
    ("0477472701", "200"),
    ("0999991113", "302"),
    ("0999991212", "118"),
    ("0999991311", "140"),
    ("1999991233", "149"),
)
"""Enterprise numbers and the joint committee that payroll knows for them."""
UNKNOWN_EMPLOYER = "0999990123"
"""A right number that the simulated NSSO doesn't know."""


class Case(StrEnum):
    """What is to become of a record."""

    ACCEPTED = "accepted"
    WARNED = "warned"
    REFUSED = "refused"
    IDENTIFIED_LATER = "identified later"
    MALFORMED = "malformed"
    ENDED = "ended"
    CHANGED = "changed"


_CASES = {
    **dict.fromkeys((7, 32, 57, 82), Case.WARNED),
    **dict.fromkeys((19, 44, 69, 94), Case.REFUSED),
    **dict.fromkeys((13, 63), Case.IDENTIFIED_LATER),
    **dict.fromkeys((27, 61, 88), Case.MALFORMED),
    50: Case.ENDED,
    75: Case.CHANGED,
}
_SCENARIO_TYPES = {32: "FLX", 82: "STU"}
_TYPES = ("OTH", "OTH", "OTH", "STU", "FLX")
_HOURS = (("1100", "1500"), ("1700", "2200"), ("0900", "1730"), ("1800", "0130"))


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place in the sample."""

    number: int
    today: date
    seed: int

    @property
    def place(self) -> int:
        return self.number % 100

    @property
    def draw(self) -> Random:
        return Random(f"{self.seed}:{self.number}")  # noqa: S311 - reproducible on purpose


def employments(count: int, today: date, seed: int = 1) -> Iterator[dict[str, object]]:
    """
    Give *count* employment records (see docs/payroll.md for their form).

    Record k depends on *seed*, k and *today* only, so a longer sample begins with the shorter one.
    """
    for number in range(1, count + 1):
        yield employment(number, today, seed)


def case_of(number: int) -> Case:
    """Tell what is to become of record *number* (from 1) of any sample."""
    return _CASES.get(number % 100, Case.ACCEPTED)


def employment(number: int, today: date, seed: int = 1) -> dict[str, object]:
    """Give one record; *number* counts from 1."""
    slot = _Slot(number, today, seed)
    record = _regular(slot)
    match case_of(number):
        case Case.WARNED if slot.place not in _SCENARIO_TYPES:
            record["start_date"] = (today - timedelta(days=slot.draw.randint(1, 5))).isoformat()
            record["end_date"] = None
        case Case.REFUSED:
            record["employer"] = UNKNOWN_EMPLOYER
        case Case.IDENTIFIED_LATER:
            record["worker"] = person(number, ADULTS, today, seed).unnumbered()
        case Case.MALFORMED:
            _spoil(record, slot)
        case Case.ENDED:
            record |= {"status": "ended", "end_date": (today + timedelta(days=45)).isoformat()}
        case Case.CHANGED:
            record["status"] = "changed"
    return record


def _id(number: int) -> str:
    return f"E-{number:06d}"


def _regular(slot: _Slot) -> dict[str, object]:
    special = case_of(slot.number) is not Case.ACCEPTED
    worker_type = _SCENARIO_TYPES.get(slot.place, "OTH" if special else _TYPES[slot.number % len(_TYPES)])
    serial = 990 + slot.number // 100 % 8 if slot.place in _SCENARIO_TYPES else None
    ages = STUDENTS if worker_type == "STU" else ADULTS
    position = slot.number if serial is None else slot.number // 800
    employer, committee = slot.draw.choice(EMPLOYERS)
    return {
        "employment_id": _id(slot.number),
        "status": "active",
        "employer": employer,
        "worker": person(position, ages, slot.today, slot.seed, serial).known(),
        "worker_type": worker_type,
        "joint_committee": committee,
        **_span(slot, worker_type),
    }


def _span(slot: _Slot, worker_type: str) -> dict[str, object]:
    start = slot.today + timedelta(days=slot.draw.randint(1, 30))
    match worker_type:
        case "STU":
            end = min(start + timedelta(days=slot.draw.randint(5, 60)), _quarter_end(start))
            return _dates(start, end) | {"planned_hours": slot.draw.randint(8, 160)}
        case "FLX" if slot.number % 10 == 9:
            start = start if start < _quarter_end(start) else start + timedelta(days=1)
            return _dates(start, _quarter_end(start))
        case "FLX":
            from_hour, to_hour = slot.draw.choice(_HOURS)
            end = start + timedelta(days=1 if to_hour < from_hour else 0)
            return _dates(start, end) | {"start_hour": from_hour, "end_hour": to_hour}
        case _:
            start -= timedelta(days=1)
            limited = slot.draw.random() < 0.4
            return _dates(start, start + timedelta(days=30 + slot.number % 300) if limited else None)


def _dates(start: date, end: date | None) -> dict[str, object]:
    return {
        "start_date": start.isoformat(),
        "end_date": end.isoformat() if end else None,
        "start_hour": None,
        "end_hour": None,
        "planned_hours": None,
    }


def _quarter_end(day: date) -> date:
    months = day.year * 12 + (day.month - 1) // 3 * 3 + 3
    return date(months // 12, months % 12 + 1, 1) - timedelta(days=1)


def _spoil(record: dict[str, object], slot: _Slot) -> None:
    """Make a record wrong, in turn in each of the ways."""
    places = [place for place, case in _CASES.items() if case is Case.MALFORMED]
    turn = slot.number // 100 * len(places) + places.index(slot.place)
    known = person(slot.number, ADULTS, slot.today, slot.seed).known()
    ways: tuple[dict[str, object], ...] = (
        {"worker": {**known, "ssin": _wrong_check(str(known["ssin"]))}},
        {"end_date": (slot.today - timedelta(days=30)).isoformat()},
        {"worker_type": "ZZZ"},
        {"employer": _wrong_check(str(record["employer"]))},
        {"start_date": None},
        {"worker_type": "STU", "end_date": record["start_date"], "planned_hours": None},
        {"start_date": int(str(record["start_date"]).replace("-", "")), "planned_hours": "many"},
    )
    record |= ways[turn % len(ways)]


def _wrong_check(digits: str) -> str:
    return digits[:-2] + f"{(int(digits[-2:]) + 1) % 97:02d}"
