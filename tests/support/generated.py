"""Declarations of every kind and type, right and wrong in all kinds of ways; seeded."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator
from random import Random
from typing import Any

from support import spoilt
from support.broken import break_structure
from support.parts import (
    COMMITTEES,
    EMPLOYERS,
    STATE,
    TYPES,
    WITH_STATUTES,
    Json,
    card,
    dimona_number,
    identity,
    ssin,
    user_enterprise,
)

_HOURS = (("0900", "1700"), ("1800", "2330"))
_NIGHTS = (("2000", "0400"), ("0900", "0900"), ("0800", "0801"))


def declarations(count: int, today: dt.date, seed: int = 1) -> Iterator[Json]:
    """Yield *count* declarations; each depends on its number, the seed and the day alone."""
    for number in range(count):
        yield declaration(Random(f"{seed}:{number}"), today)  # noqa: S311 - nothing secret


def declaration(rng: Random, today: dt.date) -> Json:
    """Return a body that is right for its kind and type as far as possible, then with up to four changes."""
    body = _in(rng, today) if rng.random() < 0.85 else _follow_up(rng, today)
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3, 4))):
        body = copy.deepcopy(body)
        rng.choice(spoilt.changes_of(body))(rng, body, today)
    if rng.random() < 0.04:
        body = break_structure(rng, copy.deepcopy(body))
    return body


def _in(rng: Random, today: dt.date) -> Json:
    kind = rng.choice(TYPES)
    committee = rng.choice(COMMITTEES) if rng.random() < 0.6 else "XXX"
    if kind in {"BCW", "RTA"}:
        committee = "124"
    block = _span(rng, kind, today, must_end=committee == "322")
    block["features"] = {"jointCommissionNumber": committee, "workerType": kind}
    if committee == "322":
        block["features"]["userEnterprise"] = user_enterprise(rng)
    if committee == "124":
        first = card(rng)
        block["constructionControlCards"] = {"firstMonthC32ANumber": first, "nextMonthC32ANumber": first + 97}
    if kind in WITH_STATUTES:
        block["smallStatutesInformation"] = {
            "employmentNature": rng.choice(("EMPLOYEE", "WORKER")),
            "workerStatus": rng.choice(("F1", "F2")),
        }
    employer: Json = {"enterpriseNumber": rng.choice(EMPLOYERS)}
    if rng.random() < 0.05:
        employer = {"employerId": STATE}
        block["features"]["subEntityNumber"] = rng.randint(1, 9_999_999_999)
    worker = {"ssin": ssin(rng)} if kind == "EXT" or rng.random() < 0.9 else identity(rng)
    return {"employer": employer, "worker": worker, "dimonaIn": block}


def _span(rng: Random, kind: str, today: dt.date, *, must_end: bool) -> Json:
    start = today + dt.timedelta(days=rng.choice((0, 1, 2, 5, 10, 14, 15, 16, 30)))
    block: Json = {"startDate": start.isoformat()}
    end = min(start + dt.timedelta(days=rng.randint(0, 40)), _quarter_end(start))
    if kind in {"STU", "O17", "S17", "A17", *WITH_STATUTES} or must_end or rng.random() < 0.4:
        block["endDate"] = end.isoformat()
    if kind in {"T17", "EXT"} or (kind == "FLX" and rng.random() < 0.5):
        block["endDate"] = start.isoformat()
    if kind == "EXT" or (kind == "FLX" and block.get("endDate") == block["startDate"]):
        block["startHour"], block["endHour"] = rng.choice(_HOURS)
        if rng.random() < 0.3:
            block["endDate"] = (start + dt.timedelta(days=1)).isoformat()
            block["startHour"], block["endHour"] = rng.choice(_NIGHTS)
    if kind in {"STU", "O17", "S17"}:
        block["plannedHoursNumber"] = rng.randint(1, 200)
    return block


def _follow_up(rng: Random, today: dt.date) -> Json:
    period = {"periodId": dimona_number(rng)}
    day = (today + dt.timedelta(days=rng.randint(-3, 40))).isoformat()
    later = rng.choice(((today + dt.timedelta(days=rng.randint(-3, 120))).isoformat(), "9999-12-31"))
    choices: tuple[dict[str, Any], ...] = (
        {"dimonaOut": {**period, "endDate": day}},
        {"dimonaUpdate": {**period, "endDate": rng.choice((day, "9999-12-31"))}},
        {"dimonaUpdate": {**period, "startDate": day, "plannedHoursNumber": rng.randint(1, 100)}},
        {"dimonaUpdate": {**period, "startDate": day, "endDate": later, "plannedHoursNumber": 9}},
        {"dimonaUpdate": {**period, "startHour": "0900", "endHour": "1700"}},
        {"dimonaUpdate": period},
        {"dimonaCancel": period},
    )
    return rng.choice(choices)


def _quarter_end(day: dt.date) -> dt.date:
    month = (day.month + 2) // 3 * 3
    return dt.date(day.year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
