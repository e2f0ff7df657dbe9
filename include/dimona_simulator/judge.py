"""From a filing to a declaration: the rules applied, the result drawn, the instants fixed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol
from zlib import crc32
from zoneinfo import ZoneInfo

from include.dimona_simulator import tables
from include.dimona_simulator.identifiers import declaration_id, invented_bis
from include.dimona_simulator.model import Declaration, Filing, Kind, Period, Span, Verdict
from include.dimona_simulator.rules_in import has_identity, in_anomalies
from include.dimona_simulator.rules_periods import clash, find_fault, follow_up
from include.dimona_simulator.settings import Settings

_BRUSSELS = ZoneInfo("Europe/Brussels")


class Known(Protocol):
    """What the judge looks up among the declarations filed before."""

    def period(self, number: int) -> Period | None:
        """Find a period by its number."""

    def declaration(self, number: int) -> Declaration | None:
        """Find a declaration by its number."""

    def periods_of(self, employer: str | None, ssin: str | None) -> Iterable[Period]:
        """Find the periods of a worker with an employer."""

    def employer_key(self, filing: Filing) -> str | None:
        """Give the key under which an employer is known."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Judge filings in the order they come in."""

    settings: Settings
    known: Known

    def judge(self, filing: Filing, sequence: int, now: float) -> Declaration:
        """Make the declaration with the given sequence number, received at *now* (epoch seconds)."""
        today = datetime.fromtimestamp(now, _BRUSSELS).date()
        ready = now + self.settings.timing.seconds(self.settings.seed, sequence)
        draft = Declaration(declaration_id(sequence), filing, now, ((ready, Verdict("A")),))
        judge_kind: Callable[[Declaration, date], Declaration] = (
            self._judge_in if filing.kind is Kind.IN else self._judge_follow_up
        )
        return judge_kind(draft, today)

    def _judge_in(self, draft: Declaration, today: date) -> Declaration:
        filing, ready = draft.filing, draft.settled_at
        found = in_anomalies(filing, today, self.settings)
        employer = self.known.employer_key(filing)
        draft = replace(draft, employer=employer, ssin=_ssin(filing))
        if _result(found, filing.worker_type) == "B":
            return replace(draft, stages=((ready, Verdict("B", tuple(found))),))
        stages: tuple[tuple[float, Verdict], ...] = ()
        if "ssin" not in filing.worker:
            stages = ((ready, Verdict("S")),)
            if self.settings.identified_after is None:
                return replace(draft, stages=stages)
            ready += self.settings.identified_after
        span = Span.from_json(filing.block)
        clashing = clash(span, filing.worker_type, self.known.periods_of(employer, draft.ssin))
        anomalies = (*found, *([f"90373-{clashing}"] if clashing else []))
        verdict = _verdict(anomalies, filing.worker_type, draft.id)
        made = None if verdict.result == "B" else replace(span, late="90373-460" in anomalies)
        return replace(draft, stages=(*stages, (ready, verdict)), span=made)

    def _judge_follow_up(self, draft: Declaration, today: date) -> Declaration:
        filing, number = draft.filing, int(draft.filing.block["periodId"])
        period = self.known.period(number)
        origin = self.known.declaration(number)
        if origin is not None:
            draft = replace(draft, employer=origin.employer, ssin=origin.ssin)
        fault = find_fault(period, origin, draft.filed_at)
        if period is None or fault is not None:
            verdict = Verdict("B", (fault or "00913-354",))
            return replace(draft, stages=((draft.settled_at, verdict),))
        others = self.known.periods_of(draft.employer, draft.ssin)
        change = follow_up(filing, period, others, today)
        verdict = _verdict(change.anomalies, period.origin.filing.worker_type, number)
        made = None if verdict.result == "B" else change.span
        return replace(draft, stages=((draft.settled_at, verdict),), span=made)


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
