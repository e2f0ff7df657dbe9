"""Wishes, known periods and plans in a few words, for tests that read like the law."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dimona_provider.domain.assembly import take_apart
from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.domain.employment import Employment, read_employment
from dimona_provider.domain.identifiers import DimonaNumber
from dimona_provider.domain.planning.planner import plan_worker
from dimona_provider.domain.planning.values import KnownPeriod, Plan, Planned
from support import people

MONDAY = "2027-01-11 09:00"
_DATES = ("start_date", "end_date", "start_hour", "end_hour", "planned_hours")


def at(moment: str, fold: int = 0) -> dt.datetime:
    """Read ``YYYY-MM-DD HH:MM`` in Brussels; *fold* 1: the second time of an hour that has two."""
    return dt.datetime.fromisoformat(moment).replace(tzinfo=BRUSSELS, fold=fold)


def wish(worker_type: str = "OTH", reference: str = "E-1", **changes: Any) -> Employment:
    """Return an employment; read on a day on which everything may be filed."""
    record = people.good(worker_type, employment_id=reference, **changes)
    start = dt.date.fromisoformat(record["start_date"])
    return read_employment(record, min(start, people.TODAY))


def period(number: int, worker_type: str = "OTH", *references: str, **changes: Any) -> KnownPeriod:
    """Return a known period that serves *references* (E-1 unless told otherwise)."""
    flags = {name: changes.pop(name) for name in list(changes) if name.startswith(("is_", "knows_"))}
    serves = frozenset() if flags.pop("is_foreign", False) else frozenset(references or ("E-1",))
    return KnownPeriod(DimonaNumber(number), wish(worker_type, **changes).start, serves, **flags)


def plan(wishes: Any, known: Any = (), now: str | dt.datetime = MONDAY) -> Plan:
    """Plan for one worker."""
    return plan_worker(wishes, known, at(now) if isinstance(now, str) else now)


def told(plan: Plan) -> list[str]:
    """Return the plan as words: declarations, then questions, then findings."""
    asked = [f"ask {one.kind}: {', '.join(held.key for held in one.held)}" for one in plan.decisions]
    found = [
        " ".join(filter(None, [f"find {one.problem}", one.code, ",".join(one.employments)]))
        for one in plan.findings
    ]
    return [*map(_declaration, plan.planned), *(one.removesuffix(": ") for one in asked), *found]


def _declaration(planned: Planned) -> str:
    fields = take_apart(planned.declaration)
    words = [planned.kind, str(planned.period_id.number) if planned.period_id else ""]
    words.append(fields.get("features.worker_type", ""))
    words += [_word(name, fields[name]) for name in _DATES if name in fields]
    after = f"after {', '.join(planned.depends_on)}" if planned.depends_on else ""
    return " ".join(filter(None, [*words, after]))


def _word(name: str, value: object) -> str:
    short = {
        "start_date": "from",
        "end_date": "to",
        "start_hour": "at",
        "end_hour": "till",
        "planned_hours": "hours",
    }
    return f"{short[name]} {value}"
