"""What the NSSO really took, read from its own files: periods, refusals and cancels, by worker as sent."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from include.dimona_simulator.model import Declaration, Kind, Span
from include.dimona_simulator.storage import read_declarations
from include.dimona_simulator.truth import FILE
from support.histories import BRUSSELS


@dataclass(frozen=True, slots=True)
class Period:
    """A period that is not cancelled."""

    number: int
    worker: str = field(repr=False)
    employer: str
    worker_type: str
    span: Span


@dataclass(slots=True)
class Truth:
    """All that the NSSO took."""

    kinds: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    refusals: list[Declaration] = field(default_factory=list)
    late_cancels: list[int] = field(default_factory=list)
    """Ids of CANCELs after the day on which their period began."""
    periods: list[Period] = field(default_factory=list)


def worker_key(worker: object) -> str:
    """Return what tells workers apart as payroll and declarations name them."""
    if not isinstance(worker, dict):
        return ""
    if "ssin" in worker:
        return str(worker["ssin"])
    return json.dumps([worker.get("family_name") or worker.get("familyName"),
                       worker.get("birth_date") or worker.get("birthDate")])  # fmt: skip


def read(folder: Path) -> Truth:
    """Read what a simulator left in its folder; every declaration counts as processed."""
    truth = Truth()
    spans: dict[int, Span] = {}
    origins: dict[int, Declaration] = {}
    for one in read_declarations(folder / FILE):
        truth.kinds[one.filing.kind.name] += 1
        number = one.final.period_id
        if one.final.result == "B":
            truth.refusals.append(one)
        if number is None or one.span is None:
            continue
        if one.filing.kind is Kind.CANCEL:
            day = dt.datetime.fromtimestamp(one.filed_at, BRUSSELS).date()
            truth.late_cancels += [one.id] if day > spans[number].start else []
        if one.filing.kind is Kind.IN:
            origins[number] = one
        spans[number] = one.span
    for number, span in spans.items():
        origin = origins[number]
        if not span.cancelled:
            worker = worker_key(dict(origin.filing.worker))
            truth.periods.append(
                Period(number, worker, str(origin.employer), origin.filing.worker_type, span)
            )
    return truth
