"""The declarations received and the periods they made, in memory, found by number, employer and worker."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice

from include.dimona_simulator.identifiers import employer_id_for, is_enterprise_key
from include.dimona_simulator.judgement import Judge
from include.dimona_simulator.model import Declaration, Filing, Kind, Period
from include.dimona_simulator.settings import Settings

_FIRST_SEQUENCE = 6_563_100_001


class Register:
    """
    All that was filed, in filing order.

    ``draft`` judges a new declaration, ``add`` keeps it, or one that is known already (from disk): its
    verdict and its instants stay what they were.
    """

    def __init__(self, settings: Settings) -> None:
        self._judge = Judge(settings, self)
        self._declarations: dict[int, Declaration] = {}
        self._periods: dict[int, Period] = {}
        self._filed: dict[tuple[str, str | None], list[Declaration]] = defaultdict(list)
        self._held: dict[tuple[str, str | None], list[Period]] = defaultdict(list)
        self._of_worker: dict[str, list[Period]] = defaultdict(list)
        self._employers: dict[int, str] = {}
        self._numbers_of: dict[str, set[int]] = defaultdict(set)
        self._processed: dict[tuple[str, str], float] = {}
        self._local = settings.registers.local_employers
        self._next_sequence = _FIRST_SEQUENCE
        self.last: Declaration | None = None
        """The declaration added last."""

    def draft(self, filing: Filing, now: float) -> Declaration:
        """Judge a declaration received at *now*, without keeping it."""
        return self._judge.judge(filing, self._next_sequence, now)

    def add(self, declaration: Declaration) -> None:
        """Keep a declaration and let it take effect."""
        self._declarations[declaration.id] = self.last = declaration
        self._next_sequence = declaration.id // 100 + 1
        employer, ssin = declaration.employer, declaration.ssin
        if employer is None:
            return
        if is_enterprise_key(employer):
            self._know(employer, declaration)
        self._filed[employer, None].append(declaration)
        if ssin is not None:
            self._filed[employer, ssin].append(declaration)
            self._processed[employer, ssin] = declaration.stages[0][0]
        self._take_effect(declaration, employer)

    def declaration(self, number: int) -> Declaration | None:
        """Find a declaration by its number."""
        return self._declarations.get(number)

    def declarations_since(self, number: int) -> Iterable[Declaration]:
        """Give all declarations but the first *number*, in filing order."""
        return islice(self._declarations.values(), number, None)

    @property
    def size(self) -> int:
        """Give the number of declarations."""
        return len(self._declarations)

    def period(self, number: int) -> Period | None:
        """Find a period by its number, whether it shows already or not."""
        return self._periods.get(number)

    def declarations_of(self, employer: str, ssin: str | None = None) -> Sequence[Declaration]:
        """Give an employer's declarations in filing order, of one worker if asked."""
        return self._filed.get((employer, ssin), ())

    def periods_of(self, employer: str | None, ssin: str | None = None) -> Iterable[Period]:
        """Give an employer's periods in filing order, of one worker if asked."""
        return self._held.get((employer, ssin), ()) if employer is not None else ()

    def periods_of_worker(self, ssin: str | None) -> Iterable[Period]:
        """Give a worker's periods in filing order, with whatever employer."""
        return self._of_worker.get(ssin or "", ())

    def processed_until(self, employer: str | None, ssin: str | None) -> float:
        """
        Give the instant at which the last declaration of a worker with an employer is processed.

        The NSSO takes those of one worker one after the other.
        """
        return self._processed.get((employer or "", ssin or ""), 0.0)

    def employer_ids(self, key: str | None) -> frozenset[int]:
        """Give the NSSO numbers under which an employer is known."""
        if key is None:
            return frozenset()
        if not is_enterprise_key(key):
            return frozenset({int(key)})
        return frozenset(self._numbers_of[key])

    def employer_key(self, filing: Filing) -> str | None:
        """
        Give the key under which an employer is known: its enterprise number where that can be told.

        An NSSO number that is known goes before the enterprise number, except for local administrations.
        """
        enterprise, number = filing.enterprise_number, filing.employer_id
        if enterprise is not None and (number is None or enterprise in self._local):
            return enterprise
        return None if number is None else self._employers.get(number, enterprise or str(number))

    def _know(self, employer: str, declaration: Declaration) -> None:
        invented, sent = employer_id_for(employer), declaration.filing.employer_id
        for number in (invented, sent):
            if number is not None and self._employers.setdefault(number, employer) == employer:
                self._numbers_of[employer].add(number)

    def _take_effect(self, declaration: Declaration, employer: str) -> None:
        number = declaration.final.period_id
        if declaration.span is None or number is None:
            return
        if declaration.filing.kind is Kind.IN:
            period = Period(number, declaration)
            self._periods[number] = period
            self._held[employer, None].append(period)
            self._held[employer, declaration.ssin].append(period)
            self._of_worker[declaration.ssin or ""].append(period)
        self._periods[number].history.append((declaration.settled_at, declaration.span))
