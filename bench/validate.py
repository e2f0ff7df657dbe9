"""
Measure ``dimona validate``: seeded declarations of every kind and worker type through the whole command.

Runs the command's own code in this process, on one core, from a file to a file.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.command import parser, run
from bench.machine import peak_memory, tell
from bench.table import Figure
from dimona_provider.cli.verdict_text import as_json_lines
from dimona_provider.domain.worker_types import WorkerType, worker_types
from dimona_provider.validation import validate

TODAY = dt.date(2027, 1, 11)
_EMPLOYERS = (
    {"enterpriseNumber": "0477472701"},
    {"enterpriseNumber": "1028230781"},
    {"employerId": 175110801},
)
_ADDRESS = {
    "street": "Rue du Test",
    "houseNumber": "1",
    "postCode": "59000",
    "municipality": {"code": 99999, "name": "Lille"},
    "country": 111,
}
_IDENTITY = {
    "familyName": "Zwartewei",
    "givenName": "Pieternel",
    "birthDate": "1990-02-03",
    "placeOfBirth": "Lille",
    "countryOfBirth": 111,
    "nationality": 111,
    "gender": "2",
    "address": _ADDRESS,
}


def declaration(draw: random.Random, share_wrong: float) -> dict[str, Any]:
    """Return a REST body: an IN of any type in two of three, else a follow-up; some of them spoilt."""
    body = _in(draw) if draw.random() < 0.7 else _follow_up(draw)
    if draw.random() < share_wrong:
        _spoil(body, draw)
    return body


def _in(draw: random.Random) -> dict[str, Any]:
    rule = draw.choice([rule for rule in worker_types().values() if rule.is_open])
    committee = draw.choice(["XXX", "XXX", "140", "149", "322"])
    block: dict[str, Any] = {"features": {"jointCommissionNumber": committee, "workerType": rule.code}}
    block |= _period(draw, rule, needs_end=committee == "322")
    if committee == "322":
        block["features"]["userEnterprise"] = {
            "enterpriseNumber": "1009237290",
            "jointCommissionNumber": "XXX",
        }
    if rule.planned_hours == "required":
        block["plannedHoursNumber"] = draw.randint(1, 400)
    if rule.small_statutes == "required":
        block["smallStatutesInformation"] = {"employmentNature": "WORKER", "workerStatus": "F1"}
    if rule.code == "BCW":
        block["features"] = {"jointCommissionNumber": "124", "workerType": "BCW"}
        block["constructionControlCards"] = {
            "firstMonthC32ANumber": 123456789012,
            "nextMonthC32ANumber": 123456789013,
        }
    if rule.code == "STU" and draw.random() < 0.3:
        block["studentPlaceOfWork"] = {"name": "Bakkerij", "address": _ADDRESS}
    named = rule.ssin != "required" and draw.random() < 0.1
    worker = dict(_IDENTITY) if named else {"ssin": _ssin(draw)}
    return {"employer": dict(draw.choice(_EMPLOYERS)), "worker": worker, "dimonaIn": block}


def _period(draw: random.Random, rule: WorkerType, *, needs_end: bool) -> dict[str, Any]:
    start = TODAY + dt.timedelta(days=draw.randint(0, 14))
    if rule.hours in {"day", "spell"}:
        day = start.isoformat()
        return {"startDate": day, "endDate": day, "startHour": "0900", "endHour": "1730"}
    if rule.end_date == "required" or needs_end:
        end = start if rule.one_day else start + dt.timedelta(days=draw.randint(0, 60))
        return {"startDate": start.isoformat(), "endDate": end.isoformat()}
    return {"startDate": start.isoformat()}


def _follow_up(draw: random.Random) -> dict[str, Any]:
    head = draw.randint(6_000_000_000, 7_000_000_000)
    period = {"periodId": head * 100 + head % 97}
    day = (TODAY + dt.timedelta(days=draw.randint(0, 90))).isoformat()
    match draw.choice(["out", "update", "update", "reopen", "cancel"]):
        case "out":
            return {"dimonaOut": period | {"endDate": day}}
        case "update":
            return {"dimonaUpdate": period | {"startDate": day, "plannedHoursNumber": 20}}
        case "reopen":
            return {"dimonaUpdate": period | {"endDate": "9999-12-31"}}
        case _:
            return {"dimonaCancel": period}


def _spoil(body: dict[str, Any], draw: random.Random) -> None:
    block = next(value for name, value in body.items() if name.startswith("dimona"))
    match draw.randrange(6):
        case 0:
            block.pop(draw.choice(sorted(block)))
        case 1:
            block["plannedHoursNumber"] = draw.choice([0, 12, "12"])
        case 2:
            block["startHour"] = draw.choice(["0900", "2500", 900])
        case 3:
            block["endDate"] = draw.choice(["2026-12-31", "2027-02-30", "2099-01-01", None])
        case 4:
            body["worker"] = {"ssin": "93051822362"}
        case _:
            body["employer"] = {"enterpriseNumber": "0477472702"}


def _ssin(draw: random.Random) -> str:
    year, month, day, serial = (draw.randint(*span) for span in ((50, 99), (1, 12), (1, 28), (1, 997)))
    head = f"{year:02d}{month:02d}{day:02d}{serial:03d}"
    return f"{head}{97 - int(head) % 97:02d}"


def measure(asked: argparse.Namespace) -> list[Figure]:
    """Generate, validate, count."""
    draw = random.Random(asked.seed)  # noqa: S311 - reproducible on purpose
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.jsonl"), Path(folder, "out.jsonl")
        with source.open("w", encoding="utf-8") as file:
            for _ in range(asked.lines):
                file.write(json.dumps(declaration(draw, asked.share_wrong)) + "\n")
        began, cpu = time.perf_counter(), time.process_time()
        with source.open("rb") as read, target.open("wb") as written:
            for line in as_json_lines(validate(read, TODAY), "en"):
                written.write(line.encode())
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        with target.open("rb") as lines:
            counts = Counter(line.split(b'"valid": ')[1][:4] == b"true" for line in lines)
    case = f"{asked.lines} lines, {counts[False]} of them invalid"
    tell(f"validate: {asked.lines / seconds:.0f} lines/s")
    return [
        Figure("validate", case, "lines per second", asked.lines / seconds, "/s"),
        Figure("validate", case, "CPU per line", 1000 * cpu / asked.lines, "ms"),
        Figure("validate", case, "peak memory (RSS)", peak_memory(), "MiB"),
    ]


def main() -> None:
    """Measure and print."""
    command = parser("validate", __doc__)
    command.add_argument("--lines", type=int, default=100_000, help="declarations (100000)")
    command.add_argument("--share-wrong", type=float, default=0.3, help="of the lines (0.3)")
    run(command, measure)


if __name__ == "__main__":
    main()
