"""The rules that look at periods: duplicates and overlaps, and what OUT, UPDATE and CANCEL may do to one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from include.dimona_simulator import tables
from include.dimona_simulator.model import NO_END, Declaration, Filing, Kind, Period, Span
from include.dimona_simulator.rules_span import crosses_quarters, interval, span_anomalies
from include.dimona_simulator.tables import Need


@dataclass(frozen=True, slots=True)
class Change:
    """What a follow-up would make of a period, and what is wrong with it."""

    span: Span
    anomalies: tuple[str, ...] = ()


def clash(span: Span, worker_type: str, others: Iterable[Period]) -> str | None:
    """
    Give 333 for an equal period, 334 for an overlapping one, else nothing.

    *others* are the worker's periods with the same employer. Several student periods may lie side by side
    or on top of each other: the law allows more than one in a quarter.
    """
    begin, finish = interval(span)
    found = None
    for other in others:
        theirs = other.latest
        if theirs.cancelled or (worker_type == "STU" and other.origin.filing.worker_type == "STU"):
            continue
        starts, ends = interval(theirs)
        if (begin, finish) == (starts, ends):
            return "333"
        if begin < ends and starts < finish:
            found = "334"
    return found


def find_fault(period: Period | None, origin: Declaration | None, now: float) -> str | None:
    """
    Tell why the period that a follow-up names can't be touched, if so.

    *origin* is the declaration with that number: one that was refused is known, one whose worker is not
    identified yet has no period.
    """
    if period is None:
        refused = origin is not None and origin.filing.kind is Kind.IN and origin.final.result == "B"
        return "00913-357" if refused and origin is not None and _is_settled(origin, now) else "00913-354"
    if not _is_settled(period.origin, now):
        return "00913-354"
    return "00913-355" if period.latest.cancelled else None


def follow_up(filing: Filing, period: Period, others: Iterable[Period], today: date) -> Change:
    """Judge an OUT, UPDATE or CANCEL on a period that may be touched."""
    mismatch = tuple(_contradictions(filing, period))
    match filing.kind:
        case Kind.CANCEL:
            change = Change(replace(period.latest, cancelled=True))
        case Kind.OUT:
            change = _out(filing, period.latest, today)
        case _:
            change = _update(filing, period, others, today)
    return replace(change, anomalies=mismatch + change.anomalies)


def _is_settled(origin: Declaration, now: float) -> bool:
    # Rules follow filing order, so processing time doesn't count; waiting for identification does.
    waits = origin.stages[0][1].result == "S"
    return not waits or origin.settled_at <= now


def _contradictions(filing: Filing, period: Period) -> Iterator[str]:
    number, ssin = filing.enterprise_number, filing.worker.get("ssin")
    if number is not None and number != period.origin.employer:
        yield "00014-347"
    if ssin is not None and ssin != period.origin.ssin:
        yield "00024-347"


def _out(filing: Filing, before: Span, today: date) -> Change:
    if before.end is not None:
        return Change(before, ("00913-356",))
    after = replace(before, end=date.fromisoformat(filing.block["endDate"]))
    return Change(after, tuple(span_anomalies(after, "OTH", "XXX", today)) if after.end else ())


def _update(filing: Filing, period: Period, others: Iterable[Period], today: date) -> Change:
    before, block = period.latest, filing.block
    if not set(block) - {"periodId"}:
        return Change(before, ("90378-360",))
    after = _merged(before, block)
    if after == before:
        return Change(before, ("90378-444",))
    if before.end is None and after.end is not None:
        return Change(before, ("00913-359",))
    worker_type = period.origin.filing.worker_type
    committee = str(period.origin.filing.features.get("jointCommissionNumber", ""))
    found = [
        *_forbidden_moves(before, after, worker_type),
        *(code for code in span_anomalies(after, worker_type, committee, today) if code != "00911-001"),
        *_quarter_and_clash(after, worker_type, (other for other in others if other.id != period.id)),
    ]
    if after.start != before.start and after.start < today:
        found.append("90378-460")
    return Change(replace(after, late=before.late or "90378-460" in found), tuple(dict.fromkeys(found)))


def _merged(before: Span, block: Mapping[str, Any]) -> Span:
    update = Span.from_json({"startDate": before.start.isoformat(), **block})
    end = before.end if update.end is None else None if update.end == NO_END else update.end
    return replace(
        before,
        start=update.start,
        end=end,
        start_hour=update.start_hour or before.start_hour,
        end_hour=update.end_hour or before.end_hour,
        planned_hours=update.planned_hours or before.planned_hours,
    )


def _forbidden_moves(before: Span, after: Span, worker_type: str) -> Iterator[str]:
    rule = tables.WORKER_TYPES.get(worker_type, tables.UNKNOWN_TYPE)
    if after.end is None and before.end is not None and rule.end_date is Need.REQUIRED:
        yield "00913-368"
    if worker_type == "STU" and after.start != before.start:
        yield "00910-005"
    if worker_type == "FLX" and before.end is not None and after.end is not None and after.end > before.end:
        yield "00911-344"


def _quarter_and_clash(after: Span, worker_type: str, others: Iterable[Period]) -> Iterator[str]:
    rule = tables.WORKER_TYPES.get(worker_type, tables.UNKNOWN_TYPE)
    if rule.one_quarter and crosses_quarters(after):
        yield "90378-421"
    if after.end is None or after.end >= after.start:
        clashing = clash(after, worker_type, others)
        if clashing is not None:
            yield f"90378-{clashing}"
