"""Made-up histories of one worker: hires, changes, extensions, withdrawals and ends; seeded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from zoneinfo import ZoneInfo

from support import people
from support.parts import Json

BRUSSELS = ZoneInfo("Europe/Brussels")
BEGINS = (
    dt.datetime(2027, 1, 11, 9, tzinfo=BRUSSELS),
    dt.datetime(2027, 3, 24, 22, 30, tzinfo=BRUSSELS),  # clocks go forward on the 28th, the quarter ends
    dt.datetime(2027, 10, 28, 23, 59, tzinfo=BRUSSELS),  # clocks go back on the 31st
    dt.datetime(2028, 2, 26, 0, 1, tzinfo=BRUSSELS),  # a leap year
    dt.datetime(2027, 12, 20, 12, tzinfo=BRUSSELS),
)
_TYPES = (
    ("OTH",) * 4 + ("STU",) * 4 + ("FLX",) * 5 + ("EXT",) * 5 + ("O17", "S17", "T17", "BCW", "DWD", "IVT")
)
_HOURS = (("0900", "1700"), ("1800", "2330"), ("1100", "1500"), ("2000", "0400"), ("1800", "0130"))
_EMPLOYERS = (people.EMPLOYER, people.OTHER_EMPLOYER)


@dataclass(slots=True)
class History:
    """Payroll's records of one worker, and the time."""

    rng: Random
    now: dt.datetime
    records: dict[str, Json] = field(default_factory=dict)

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(BRUSSELS).date()

    def step(self) -> str:
        """Let something happen, or just time pass; return what it was."""
        if self.rng.random() < 0.7:
            hours = self.rng.choice((0, 1, 5, 12, 24, 24, 48, 100, 24 * 15, 24 * 40))
            self.now = (self.now.astimezone(dt.UTC) + dt.timedelta(hours=hours)).astimezone(BRUSSELS)
        return self.event()

    def event(self) -> str:
        """Let something happen now; return what it was."""
        happens = ["hire"] if len(self.records) < 5 else []
        if self.records:
            happens += ["move", "extend", "hours", "withdraw", "end", "return", "feature", "sequel", "time"]
        event = self.rng.choice(happens)
        getattr(self, f"_{event}")()
        return event

    def _any(self) -> Json:
        return self.records[self.rng.choice(sorted(self.records))]

    def _hire(self) -> None:
        reference = f"E-{len(self.records) + 1}"
        worker_type = self.rng.choice(_TYPES)
        if self.records and self.rng.random() < 0.6:
            worker_type = self._any()["worker_type"]
        start = self.today + dt.timedelta(days=self.rng.choice((-2, 0, 0, 1, 1, 2, 3, 5, 9, 14, 20, 35)))
        employer = self.rng.choice((people.EMPLOYER, people.EMPLOYER, people.EMPLOYER, people.OTHER_EMPLOYER))
        record = people.good(worker_type, employment_id=reference, employer=employer)
        self.records[reference] = record
        self._date(record, start)

    def _date(self, record: Json, start: dt.date) -> None:
        """Give a record dates and hours that suit its type more often than not."""
        rng, worker_type = self.rng, record["worker_type"]
        end: dt.date | None = start + dt.timedelta(days=rng.choice((0, 1, 2, 6, 13, 40, 100)))
        hours: tuple[str | None, str | None] = (None, None)
        if worker_type == "EXT" or (worker_type == "FLX" and rng.random() < 0.5):
            hours = begins, ends = rng.choice(_HOURS)
            end = start + dt.timedelta(days=1 if ends <= begins else 0)
            if worker_type == "EXT" and rng.random() < 0.1:
                end = start + dt.timedelta(days=rng.randint(2, 4))
        elif worker_type == "T17":
            end = start
        elif worker_type in {"STU", "O17", "S17"} and rng.random() < 0.9:
            quarter_end = dt.date(
                start.year + start.month // 12 * (start.month > 9), (start.month + 2) // 3 * 3 % 12 + 1, 1
            )
            end = min(start + dt.timedelta(days=rng.randint(0, 40)), quarter_end - dt.timedelta(days=1))
        elif (
            worker_type not in {"IVT", "STU", "O17", "S17"}
            and record["joint_committee"] != "322"
            and rng.random() < 0.4
        ):
            end = None
        record |= {
            "start_date": start.isoformat(),
            "end_date": end.isoformat() if end else None,
            "start_hour": hours[0],
            "end_hour": hours[1],
        }
        if worker_type in {"STU", "O17", "S17"}:
            record["planned_hours"] = rng.choice((8, 20.5, 40, 120))

    def _move(self) -> None:
        record = self._any()
        start = dt.date.fromisoformat(record["start_date"]) + dt.timedelta(
            days=self.rng.choice((-3, -1, 1, 1, 2, 7))
        )
        if self.rng.random() < 0.6 and record["end_date"]:
            end = dt.date.fromisoformat(record["end_date"])
            shift = start - dt.date.fromisoformat(record["start_date"])
            record |= {
                "start_date": start.isoformat(),
                "end_date": (end + shift).isoformat(),
                "status": "changed",
            }
        else:
            self._date(record, start)

    def _extend(self) -> None:
        record = self._any()
        if record["end_date"] and self.rng.random() < 0.85:
            end = dt.date.fromisoformat(record["end_date"])
            record["end_date"] = (
                end + dt.timedelta(days=self.rng.choice((-5, -1, 1, 1, 3, 10, 30)))
            ).isoformat()
        elif record["worker_type"] not in {"STU", "EXT", "O17", "S17", "T17", "IVT"}:
            record["end_date"] = None
        record["status"] = "changed"

    def _hours(self) -> None:
        record = self._any()
        if record["planned_hours"]:
            record["planned_hours"] = self.rng.choice((4, 19.25, 60, 200))
        elif record["start_hour"]:
            field_name = self.rng.choice(("start_hour", "end_hour"))
            hour = (int(record[field_name][:2]) + self.rng.choice((-1, 1, 2))) % 24
            record[field_name] = f"{hour:02d}{record[field_name][2:]}"

    def _withdraw(self) -> None:
        self._any()["status"] = "withdrawn"

    def _return(self) -> None:
        self._any()["status"] = "active"

    def _end(self) -> None:
        record = self._any()
        day = self.today + dt.timedelta(days=self.rng.choice((-4, -1, 0, 0, 1, 5)))
        record |= {
            "status": "ended",
            "end_date": max(day, dt.date.fromisoformat(record["start_date"])).isoformat(),
        }

    def _feature(self) -> None:
        record = self._any()
        match self.rng.randint(0, 3):
            case 0:
                record["employer"] = self.rng.choice(_EMPLOYERS)
            case 1 if record["worker_type"] in {"OTH", "STU", "FLX", "EXT"}:
                record["joint_committee"] = self.rng.choice(("200", "302", "140"))
            case 2:
                other = people.good(self.rng.choice(("OTH", "STU", "FLX", "BCW")))
                dates = {name: record[name] for name in ("employment_id", "employer", "start_date")}
                record.clear()
                record |= other | dates
                self._date(record, dt.date.fromisoformat(record["start_date"]))
            case _ if record["worker_type"] == "DWD":
                record["user_enterprise"] = {
                    "enterprise_number": self.rng.choice(("1009237290", people.OTHER_EMPLOYER)),
                    "joint_committee": "200",
                }
            case _:
                pass

    def _sequel(self) -> None:
        """Hire again from the day after an employment ends."""
        record = self._any()
        if record["end_date"] is None or len(self.records) >= 6:
            return
        reference = f"E-{len(self.records) + 1}"
        sequel = {**record, "employment_id": reference, "status": "active"}
        self.records[reference] = sequel
        self._date(sequel, dt.date.fromisoformat(record["end_date"]) + dt.timedelta(days=1))

    def _time(self) -> None:
        pass


def histories(count: int, seed: int) -> Iterator[tuple[str, History]]:
    """Yield *count* histories with their names; each depends on its name alone."""
    for number in range(count):
        name = f"{seed}:{number}"
        rng = Random(name)  # noqa: S311 - nothing secret
        yield name, History(rng, rng.choice(BEGINS))
