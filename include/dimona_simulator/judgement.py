"""From a filing to a declaration: the rules applied, the result drawn, the instants fixed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Protocol
from zlib import crc32

from include.dimona_simulator import structure, tables
from include.dimona_simulator.identifiers import declaration_id, invented_bis
from include.dimona_simulator.model import Declaration, Filing, Kind, Period, Span, Verdict
from include.dimona_simulator.moments import local
from include.dimona_simulator.rules_history import clash, quota_anomalies, runs_too_long
from include.dimona_simulator.rules_in import follow_up_anomalies, in_anomalies
from include.dimona_simulator.rules_parties import has_identity
from include.dimona_simulator.rules_periods import (
    Situation,
    contradictions,
    find_fault,
    follow_up,
    is_locked,
)
from include.dimona_simulator.settings import Registers, Settings

_NOTHING_SPECIAL = Registers()


def judge(body: Mapping[str, Any], today: date | datetime, registers: Registers | None = None) -> list[str]:
    """
    Give the anomaly codes of one declaration that show without any other declaration; empty if none.

    *body* is the JSON of a POST. *today* is the day in Brussels, or the moment there (then an IN with a start
    hour can be late on its day). Of an IN everything but clashes, running days and quotas is judged; of the
    other kinds only numbers, dates and hours, because what they may change depends on their period. Codes
    that only warn are among them (``tables.is_blocking`` tells them apart). An absent employer or worker is
    judged (90256-364, 90017-363), though the service answers 400.

    Raises ``structure.Malformed`` for what the service answers with 400.
    """
    structure.check_judged(body)
    filing = Filing.of(body)
    moment = today if isinstance(today, datetime) else datetime.combine(today, time.min)
    if filing.kind is Kind.IN:
        return in_anomalies(filing, moment, registers or _NOTHING_SPECIAL)
    return follow_up_anomalies(filing, moment.date())


class Known(Protocol):
    """What the judge looks up among the declarations filed before."""

    def period(self, number: int) -> Period | None:
        """Find a period by its number."""

    def declaration(self, number: int) -> Declaration | None:
        """Find a declaration by its number."""

    def periods_of(self, employer: str | None, ssin: str | None) -> Iterable[Period]:
        """Find the periods of a worker with an employer."""

    def periods_of_worker(self, ssin: str | None) -> Iterable[Period]:
        """Find the periods of a worker with whatever employer."""

    def employer_key(self, filing: Filing) -> str | None:
        """Give the key under which an employer is known."""

    def employer_ids(self, key: str | None) -> frozenset[int]:
        """Give the NSSO numbers of an employer."""

    def processed_until(self, employer: str | None, ssin: str | None) -> float:
        """Give the instant at which the last declaration of a worker so far is processed."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Judge filings in the order they come in."""

    settings: Settings
    known: Known

    def judge(self, filing: Filing, sequence: int, now: float) -> Declaration:
        """Make the declaration with the given sequence number, received at *now* (epoch seconds)."""
        employer, ssin = self._parties(filing)
        ready = max(
            now + self.settings.timing.seconds(self.settings.seed, sequence),
            self.known.processed_until(employer, ssin),
        )
        draft = Declaration(declaration_id(sequence), filing, now, ((ready, Verdict("A")),), employer, ssin)
        return self._judge_in(draft) if filing.kind is Kind.IN else self._judge_follow_up(draft)

    def _parties(self, filing: Filing) -> tuple[str | None, str | None]:
        if filing.kind is Kind.IN:
            return self.known.employer_key(filing), _ssin(filing)
        origin = self.known.declaration(int(filing.block["periodId"]))
        return (None, None) if origin is None else (origin.employer, origin.ssin)

    def _judge_in(self, draft: Declaration) -> Declaration:
        filing, ready, registers = draft.filing, draft.settled_at, self.settings.registers
        found = in_anomalies(filing, local(draft.filed_at), registers)
        found += self._of_another_enterprise(filing)
        if _result(found, filing.worker_type) == "B":
            return replace(draft, stages=((ready, Verdict("B", tuple(found))),))
        stages: tuple[tuple[float, Verdict], ...] = ()
        if "ssin" not in filing.worker:
            stages = ((ready, Verdict("S")),)
            if self.settings.identified_after is None:
                return replace(draft, stages=stages)
            ready += self.settings.identified_after
        span = replace(Span.from_json(filing.block), late="90373-460" in found)
        anomalies = (*found, *self._history(draft, span, found))
        verdict = _verdict(anomalies, filing.worker_type, draft.id)
        made = None if verdict.result == "B" else span
        return replace(draft, stages=(*stages, (ready, verdict)), span=made)

    def _of_another_enterprise(self, filing: Filing) -> list[str]:
        number, key = filing.enterprise_number, self.known.employer_key(filing)
        return ["00014-022"] if number not in {None, key} else []

    def _history(self, draft: Declaration, span: Span, found: Iterable[str]) -> list[str]:
        worker_type, registers = draft.filing.worker_type, self.settings.registers
        others = self.known.periods_of(draft.employer, draft.ssin)
        codes = []
        clashing = clash(span, worker_type, others, registers)
        if clashing is not None:
            codes.append(f"90373-{clashing}")
        if runs_too_long(span, worker_type, others):
            codes.append("00910-459")
        everywhere = self.known.periods_of_worker(draft.ssin)
        quota = quota_anomalies(span, worker_type, draft.ssin, everywhere, registers, late=span.late)
        return codes + [code for code in quota if code not in found]

    def _judge_follow_up(self, draft: Declaration) -> Declaration:
        filing, number = draft.filing, int(draft.filing.block["periodId"])
        moment = local(draft.filed_at)
        period, origin = self.known.period(number), self.known.declaration(number)
        wrong = [code for code in follow_up_anomalies(filing, moment.date()) if code.endswith("-003")]
        if origin is not None:
            wrong += contradictions(filing, origin, self.known.employer_ids(origin.employer))
        fault = find_fault(period, origin, draft.filed_at)
        if period is not None and fault is None and is_locked(period, self.settings.registers):
            fault = "00913-362"
        if period is None or fault is not None:
            verdict = Verdict("B", (*wrong, fault or "00913-354"))
            return replace(draft, stages=((draft.settled_at, verdict),))
        change = follow_up(self._situation(filing, period, moment, draft))
        anomalies = tuple(dict.fromkeys([*wrong, *change.anomalies]))
        verdict = _verdict(anomalies, period.worker_type, number)
        made = None if verdict.result == "B" else change.span
        return replace(draft, stages=((draft.settled_at, verdict),), span=made)

    def _situation(self, filing: Filing, period: Period, moment: datetime, draft: Declaration) -> Situation:
        with_employer = [
            other for other in self.known.periods_of(draft.employer, draft.ssin) if other.id != period.id
        ]
        of_worker = [other for other in self.known.periods_of_worker(draft.ssin) if other.id != period.id]
        return Situation(filing, period, moment, with_employer, of_worker, self.settings.registers)


def _verdict(anomalies: tuple[str, ...], worker_type: str, period_id: int) -> Verdict:
    result = _result(anomalies, worker_type)
    return Verdict(result, anomalies, None if result == "B" else period_id)


def _result(anomalies: Iterable[str], worker_type: str) -> str:
    """Give B with a blocking anomaly, W with any other, A with none."""
    codes = list(anomalies)
    if any(tables.is_blocking(code, worker_type) for code in codes):
        return "B"
    return "W" if codes else "A"


def _ssin(filing: Filing) -> str | None:
    worker = filing.worker
    if "ssin" in worker:
        return str(worker["ssin"])
    if not has_identity(filing):
        return None
    # The same person gets the same number, however often and by whomever he is declared.
    person = "|".join(str(worker[name]).casefold() for name in ("familyName", "givenName", "birthDate"))
    return invented_bis(worker["birthDate"], crc32(person.encode()))
