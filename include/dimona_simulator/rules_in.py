"""The rules an IN is judged by, without looking at other periods (domain facts, sections 2 to 5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from include.dimona_simulator import tables
from include.dimona_simulator.identifiers import is_employer_id, is_enterprise_number, is_ssin
from include.dimona_simulator.model import Filing, Span
from include.dimona_simulator.rules_span import crosses_quarters, need, quarter_start, span_anomalies
from include.dimona_simulator.settings import Settings
from include.dimona_simulator.tables import Need, TypeRule

_FLEXI_AHEAD = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class _Case:
    """An IN with the rule of its type, on the day (Brussels) it was filed."""

    filing: Filing
    block: dict[str, Any]
    features: dict[str, Any]
    span: Span
    rule: TypeRule
    today: date
    settings: Settings

    @property
    def type(self) -> str:
        return str(self.features["workerType"])

    @property
    def committee(self) -> str:
        return str(self.features["jointCommissionNumber"])

    @property
    def user(self) -> dict[str, Any] | None:
        return self.features.get("userEnterprise")


def in_anomalies(filing: Filing, today: date, settings: Settings) -> list[str]:
    """Give the anomalies of an IN, in the order of the rules and each once."""
    block, features = dict(filing.block), dict(filing.features)
    rule = tables.WORKER_TYPES.get(filing.worker_type, tables.UNKNOWN_TYPE)
    case = _Case(filing, block, features, Span.from_json(block), rule, today, settings)
    return list(dict.fromkeys(code for check in _CHECKS for code in check(case)))


def has_identity(filing: Filing) -> bool:
    """Tell whether a worker without SSIN is described in full."""
    worker = filing.worker
    address = worker.get("address", {})
    return all(name in worker for name in tables.IDENTITY) and all(name in address for name in tables.ADDRESS)


def _employer(case: _Case) -> Iterator[str]:
    number, nsso = case.filing.enterprise_number, case.filing.employer_id
    if number is not None and not is_enterprise_number(number):
        yield "00014-003"
    elif number in case.settings.unknown_employers:
        yield "00014-235"
    elif number in case.settings.inactive_employers:
        yield "90373-343"
    if nsso is not None and not is_employer_id(nsso):
        yield "00011-003"


def _worker(case: _Case) -> Iterator[str]:
    worker = case.filing.worker
    if "ssin" in worker:
        if not is_ssin(worker["ssin"]):
            yield "00024-003"
    elif case.rule.needs_ssin:
        yield "00024-001"
    elif not has_identity(case.filing):
        yield "90017-363"


def _committee_and_type(case: _Case) -> Iterator[str]:
    if case.committee not in tables.JOINT_COMMITTEES:
        yield "00046-003"
    if case.type not in tables.WORKER_TYPES:
        yield "00655-003"
    if case.committee == tables.HORECA and case.type in tables.XXX_ONLY_IN_HORECA:
        yield "90374-349"


def _temporary_work(case: _Case) -> Iterator[str]:
    if case.committee != tables.TEMPORARY_WORK:
        if case.user is not None:
            yield "00131-005"
        return
    user = case.user or {}
    by_number = "enterpriseNumber" in user
    by_name = "name" in user or "address" in user
    if by_number == by_name:
        yield "90107-352" if by_number else "90107-351"
    if case.span.end is None:
        yield "00911-001"
    if user.get("jointCommissionNumber") == tables.TEMPORARY_WORK:
        yield "00046-003"


def _cards(case: _Case) -> Iterator[str]:
    cards = case.block.get("constructionControlCards", {})
    first, following = cards.get("firstMonthC32ANumber"), cards.get("nextMonthC32ANumber")
    needed = _need_of_cards(case)
    yield from need(needed, "00663", present=first is not None)
    yield from need(needed, "00664", present=following is not None)
    if first is not None and first == following:
        yield "00664-353"


def _need_of_cards(case: _Case) -> Need:
    users = (case.user or {}).get("jointCommissionNumber")
    if tables.CONSTRUCTION in {case.committee, users}:
        return Need.REQUIRED
    if case.committee == tables.TEMPORARY_WORK and users is None:
        return tables.CARDS_WITH_TEMPORARY_WORK.get(case.type, Need.FORBIDDEN)
    return Need.FORBIDDEN


def _other_blocks(case: _Case) -> Iterator[str]:
    statutes = case.block.get("smallStatutesInformation", {})
    yield from need(case.rule.small_statutes, "00053", present="employmentNature" in statutes)
    yield from need(case.rule.small_statutes, "01231", present="workerStatus" in statutes)
    if "studentPlaceOfWork" in case.block and case.type != "STU":
        yield "00776-005"


def _dates_and_hours(case: _Case) -> Iterator[str]:
    yield from span_anomalies(case.span, case.type, case.committee, case.today)
    if case.rule.one_quarter and crosses_quarters(case.span):
        yield "90373-421"


def _moment(case: _Case) -> Iterator[str]:
    earliest = date.min
    if case.type == "FLX":
        earliest = quarter_start(case.span.start) - _FLEXI_AHEAD
    elif case.rule.days_ahead is not None:
        earliest = case.span.start - timedelta(days=case.rule.days_ahead)
    if case.today < earliest:
        yield "00910-008"
    if case.span.start < case.today:
        yield "90373-460"


def _scenario(case: _Case) -> Iterator[str]:
    serial = int(case.filing.worker.get("ssin", "0" * 11)[6:9])
    if serial >= tables.SCENARIO_SERIAL and case.type in tables.SCENARIOS:
        yield tables.SCENARIOS[case.type]


_CHECKS = (
    _employer,
    _worker,
    _committee_and_type,
    _temporary_work,
    _cards,
    _other_blocks,
    _dates_and_hours,
    _moment,
    _scenario,
)
