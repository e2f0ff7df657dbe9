"""What an IN is judged by without looking at other declarations, and the same for the other kinds."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from include.dimona_simulator import tables
from include.dimona_simulator.model import NO_END, Filing, Kind, Span
from include.dimona_simulator.moments import is_too_early, quarter, starts_too_late
from include.dimona_simulator.rules_blocks import block_anomalies, committee_of_work
from include.dimona_simulator.rules_parties import employer_anomalies, number_anomalies, worker_anomalies
from include.dimona_simulator.rules_span import day_anomalies, hours_in_order, span_anomalies
from include.dimona_simulator.settings import Registers


def in_anomalies(filing: Filing, moment: datetime, registers: Registers) -> list[str]:
    """Give the anomalies of an IN filed at a moment (Brussels), in the order of the rules and each once."""
    span = Span.from_json(filing.block)
    rule = tables.rule_of(filing.worker_type, span.start)
    found = [
        *number_anomalies(filing),
        *employer_anomalies(filing, registers),
        *worker_anomalies(filing, rule, moment.date(), registers),
        *block_anomalies(filing, span, registers),
        *span_anomalies(span, filing.worker_type, committee_of_work(filing), moment.date()),
        *_moment(filing, span, moment, registers),
        *_scenario(filing),
    ]
    return list(dict.fromkeys(found))


def follow_up_anomalies(filing: Filing, today: date) -> list[str]:
    """Give the anomalies of an OUT, UPDATE or CANCEL that show without its period."""
    block = filing.block
    found = list(number_anomalies(filing))
    if filing.body.get("employer") == {}:
        found.append("90256-364")
    start, end = block.get("startDate"), block.get("endDate")
    first = date.fromisoformat(start) if start else None
    last = date.fromisoformat(end) if end else None
    if filing.kind is Kind.UPDATE:
        found += _update_alone(block, first, last, today)
        if last == NO_END:
            last = None
        if first and last and not hours_in_order(Span.from_json({**block, "endDate": end})):
            found.append("00778-345")
    return list(dict.fromkeys([*found, *day_anomalies(first, last, today)]))


def _update_alone(
    block: Mapping[str, Any], first: date | None, last: date | None, today: date
) -> Iterator[str]:
    """Give what shows of an UPDATE without its period: hours are planned for a quarter, so for an end."""
    if len(block) == 1:
        yield "90378-360"
    if first and first < today:
        yield "90378-460"
    if "plannedHoursNumber" not in block or last is None:
        return
    if last == NO_END:
        yield "90378-368"
    elif first and first <= last and quarter(first) != quarter(last):
        yield "90378-421"


def is_blocked(span: Span, worker_type: str, registers: Registers) -> bool:
    """Tell whether the type may not be declared from that day, for the time being."""
    first, last = registers.blocked_spans.get(worker_type, (date.max, date.min))
    return first <= span.start <= last


def _moment(filing: Filing, span: Span, moment: datetime, registers: Registers) -> Iterator[str]:
    if is_too_early(span, tables.rule_of(filing.worker_type, span.start), moment.date()):
        yield "00910-008"
    if is_blocked(span, filing.worker_type, registers):
        yield "90373-450"
    if starts_too_late(span, moment):
        yield "90373-460"


def _scenario(filing: Filing) -> Iterator[str]:
    serial = int(filing.worker.get("ssin", "0" * 11)[6:9])
    if serial >= tables.SCENARIO_SERIAL and filing.worker_type in tables.SCENARIOS:
        yield tables.SCENARIOS[filing.worker_type]
