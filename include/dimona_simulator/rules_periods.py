"""What OUT, UPDATE and CANCEL may do to a period (domain facts, sections 2 and 3)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from include.dimona_simulator import tables
from include.dimona_simulator.model import NO_END, Declaration, Filing, Kind, Period, Span
from include.dimona_simulator.moments import changes_too_late, closes_too_late, is_too_early
from include.dimona_simulator.rules_blocks import committee_of_work
from include.dimona_simulator.rules_history import clash, quota_anomalies, runs_too_long
from include.dimona_simulator.rules_in import is_blocked
from include.dimona_simulator.rules_parties import employer_zone
from include.dimona_simulator.rules_span import day_anomalies, has_hours, span_anomalies
from include.dimona_simulator.settings import Registers
from include.dimona_simulator.tables import Need


@dataclass(frozen=True, slots=True)
class Change:
    """What a follow-up would make of a period, and what is wrong with it."""

    span: Span
    anomalies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """A follow-up, the period it names, and what surrounds it."""

    filing: Filing
    period: Period
    moment: datetime
    """When it was filed, by the clocks of Brussels."""
    with_employer: Iterable[Period]
    """The worker's other periods with the same employer."""
    of_worker: Iterable[Period]
    """The worker's other periods with whatever employer."""
    registers: Registers


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


def is_locked(period: Period, registers: Registers) -> bool:
    """Tell whether a period was frozen by the NSSO."""
    return period.id in registers.locked_periods or period.origin.ssin in registers.locked_workers


def contradictions(filing: Filing, origin: Declaration, employer_ids: frozenset[int]) -> Iterator[str]:
    """Compare employer and worker of a follow-up with its period's; *employer_ids* are its NSSO numbers."""
    number, nsso, ssin = filing.enterprise_number, filing.employer_id, filing.worker.get("ssin")
    if number is not None and number != origin.employer:
        yield "00014-347"
    if nsso is not None and nsso not in employer_ids:
        yield f"{employer_zone(nsso)}-347"
    if ssin is not None and ssin != origin.ssin:
        yield "00024-347"


def follow_up(situation: Situation) -> Change:
    """Judge an OUT, UPDATE or CANCEL on a period that may be touched."""
    match situation.filing.kind:
        case Kind.CANCEL:
            return Change(replace(situation.period.latest, cancelled=True))
        case Kind.OUT:
            return _out(situation)
        case _:
            return _update(situation)


def _is_settled(origin: Declaration, now: float) -> bool:
    # Rules follow filing order, so processing time doesn't count; waiting for identification does.
    waits = origin.stages[0][1].result == "S"
    return not waits or origin.settled_at <= now


def _out(situation: Situation) -> Change:
    before = situation.period.latest
    if before.end is not None:
        return Change(before, ("00913-356",))
    end = date.fromisoformat(situation.filing.block["endDate"])
    late = before.late or closes_too_late(end, situation.moment)  # no code says so, only the period
    found = day_anomalies(before.start, end, situation.moment.date())
    return Change(replace(before, end=end, late=late), tuple(found))


def _update(situation: Situation) -> Change:
    before, block = situation.period.latest, situation.filing.block
    worker_type = situation.period.worker_type
    if worker_type in tables.NO_UPDATE:
        return Change(before, ("00913-181",))
    if len(block) == 1:
        return Change(before, ("90378-361" if has_hours(before, worker_type) else "90378-360",))
    after = _merged(before, block)
    if after == before:
        return Change(before, ("90378-444",))
    if before.end is None and after.end is not None:
        return Change(before, ("00913-359",))
    found = [*_forbidden(situation, after), *_span(situation, after), *_history(situation, after)]
    if changes_too_late(before, after, situation.moment):
        found.append("90378-460")
    late = before.late or "90378-460" in found
    return Change(replace(after, late=late), tuple(dict.fromkeys(found)))


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


def _forbidden(situation: Situation, after: Span) -> Iterator[str]:
    """Give what an update may not change, by worker type."""
    before, worker_type = situation.period.latest, situation.period.worker_type
    block = situation.filing.block
    features = situation.period.origin.filing.features
    needs_end = tables.rule_of(worker_type, before.start).end_date is Need.REQUIRED
    temporary = features.get("jointCommissionNumber") == tables.TEMPORARY_WORK
    if after.end is None and before.end is not None and (needs_end or temporary):
        yield "00913-368"
    if "plannedHoursNumber" in block and block.get("endDate") == NO_END.isoformat():
        yield "90378-368"
    if worker_type == "STU" and after.start != before.start:
        yield "00910-005"
    if worker_type == "FLX" and before.end is not None and (after.end or date.max) > before.end:
        yield "00911-344"
    if worker_type == "EXT" and before.end_hour is None and after.end_hour is not None:
        yield "00778-005"  # a day lump sum has none
    if not situation.period.origin.filing.employer_digits.isdisjoint(situation.registers.inactive_employers):
        yield "90378-343"


def _span(situation: Situation, after: Span) -> Iterator[str]:
    before, worker_type, today = (
        situation.period.latest,
        situation.period.worker_type,
        situation.moment.date(),
    )
    committee = committee_of_work(situation.period.origin.filing)
    for code in span_anomalies(after, worker_type, committee, today, "90378"):
        if code != "00911-001":  # 00913-368 says so
            yield code
    if after.start == before.start:
        return
    if is_too_early(after, tables.rule_of(worker_type, after.start), today):
        yield "00910-008"
    if is_blocked(after, worker_type, situation.registers):
        yield "90378-450"


def _history(situation: Situation, after: Span) -> Iterator[str]:
    before, worker_type = situation.period.latest, situation.period.worker_type
    clashing = clash(after, worker_type, situation.with_employer, situation.registers)
    if clashing is not None:
        yield f"90378-{clashing}"
    if after.start != before.start and runs_too_long(after, worker_type, situation.with_employer):
        yield "00910-459"
    if (after.planned_hours or 0) > (before.planned_hours or 0):
        yield from quota_anomalies(
            after,
            worker_type,
            situation.period.origin.ssin,
            situation.of_worker,
            situation.registers,
            late=before.late,
        )
