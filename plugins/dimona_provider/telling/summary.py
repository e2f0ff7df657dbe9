"""What notifiers tell: counts, and what is refused, warned, unclear, held or at risk; never a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dimona_provider.api.settings import BASE_URLS
from dimona_provider.cockpit.addresses import declaration
from dimona_provider.domain.anomalies import Language, describe, next_step
from dimona_provider.domain.anomaly_tables import texts_by_heading
from dimona_provider.domain.outcome import State, summarise
from dimona_provider.ledger import Ledger, attention
from dimona_provider.ledger.attention import Noticed, Which
from dimona_provider.ledger.batches import Run

MOST = 50
"""Declarations named in one list; the cockpit and the ledger have them all."""

AT_RISK = timedelta(hours=24)
"""How near a deadline is at risk; one that passed is told for as long."""

_BELGIUM = ZoneInfo("Europe/Brussels")
_NAMES = {base_url: name for name, base_url in BASE_URLS.items()}


@dataclass(frozen=True, slots=True)
class Code:
    """One anomaly of the NSSO's."""

    code: str
    meaning: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One declaration that a person should look at."""

    environment: str
    """``simulation``, ``production``, or the host of another service."""
    reference: str
    """The ledger's random id; ``dimona ledger show`` takes it."""
    employer: str
    employment: str
    """Payroll's own id."""
    kind: str
    state: str
    codes: tuple[Code, ...]
    reason: str
    deadline: str
    """Such as ``by 2027-01-15 09:00``, in the time of Belgium."""
    link: str
    """The declaration's page, or nothing while nobody set Airflow's address (``[api] base_url``)."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of some declarations, for people."""

    about: str
    """Such as ``run manual__2027-01-04 of dimona_declare``, or ``the last 24 h``."""
    headline: str
    """Such as ``2 refused, 1 unclear, 1 at risk``, or ``nothing to look at``."""
    environments: tuple[str, ...]
    counts: dict[str, int]
    """By outcome: declarations, accepted, warned, refused, identifying, unclear, waiting (held too)."""
    refused: tuple[Entry, ...]
    warned: tuple[Entry, ...]
    unclear: tuple[Entry, ...]
    held: tuple[Entry, ...]
    at_risk: tuple[Entry, ...]
    """Of the whole ledger: not known to be with the NSSO, and the deadline is near, or has just passed."""
    language: Language
    alert: str = ""
    """What ``DimonaAlertOperator`` found, if it called; in English."""

    @property
    def is_production(self) -> bool:
        """Whether any of it has legal effect."""
        return "production" in self.environments

    @property
    def is_quiet(self) -> bool:
        """Whether nobody has to look at anything."""
        return not (self.refused or self.warned or self.unclear or self.held or self.at_risk or self.alert)


def summarised(
    ledger: Ledger,
    which: Which,
    *,
    now: float,
    lang: Language = "en",
    ui: str = "",
    alert: str = "",
) -> Summary:
    """
    Return what people should hear of *which*, in the language *lang*.

    *ui* is the address of Airflow's UI, for links; without it there are none.
    """
    states = attention.states(ledger, which)
    total: dict[str, int] = {}
    for some in states.values():
        for state, count in some.items():
            total[state] = total.get(state, 0) + count
    told = {
        state: _entries(attention.noticed(ledger, which, state, limit=MOST), lang, ui)
        for state in (State.REFUSED, State.WARNED, State.UNCLEAR, State.HELD)
    }
    near = AT_RISK.total_seconds()
    risky = _entries(attention.at_risk(ledger, after=now - near, before=now + near, limit=MOST), lang, ui)
    return Summary(
        about=_about(which, now, words(lang)),
        headline=_headline(total, len(risky), words(lang)),
        environments=tuple(sorted({*map(environment_name, states), *(one.environment for one in risky)})),
        counts=summarise(total),
        refused=told[State.REFUSED],
        warned=told[State.WARNED],
        unclear=told[State.UNCLEAR],
        held=told[State.HELD],
        at_risk=risky,
        language=lang,
        alert=alert,
    )


def environment_name(base_url: str) -> str:
    """
    Return what people call the service at *base_url*.

    >>> environment_name("http://127.0.0.1:8080/REST/dimona/v2")
    '127.0.0.1:8080'
    """
    return _NAMES.get(base_url) or urlsplit(base_url).netloc


@cache
def words(lang: Language) -> Mapping[str, str]:
    """Return what summaries say in a language, by key of ``summary_words.toml``."""
    return {key: texts[lang] for key, texts in texts_by_heading("summary_words.toml").items()}


def _about(which: Which, now: float, say: Mapping[str, str]) -> str:
    if isinstance(which, Run):
        return say["run"].format(run=which.run_id, dag=which.dag_id)
    return say["since"].format(hours=f"{(now - which) / 3600:g}")


def _headline(states: Mapping[str, int], risky: int, say: Mapping[str, str]) -> str:
    counted = {word: states.get(word, 0) for word in ("refused", "warned", "unclear", "held")}
    told = [f"{count} {say[word]}" for word, count in counted.items() if count]
    if risky:
        number = f"{risky} {say['or_more']}" if risky == MOST else str(risky)
        told.append(f"{number} {say['at_risk']}")
    return ", ".join(told) or say["nothing"]


def _deadline(file_by: float | None, say: Mapping[str, str]) -> str:
    if file_by is None:
        return say["no_deadline"]
    return say["by"].format(instant=f"{datetime.fromtimestamp(file_by, _BELGIUM):%Y-%m-%d %H:%M}")


def _entries(found: Sequence[Noticed], lang: Language, ui: str) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            environment=environment_name(one.environment),
            reference=one.reference,
            employer=one.employer,
            employment=one.employment,
            kind=one.kind,
            state=one.state.value,
            codes=tuple(Code(code, describe(code, lang), next_step(code, lang)) for code in one.anomalies),
            reason=one.reason,
            deadline=_deadline(one.file_by, words(lang)),
            link=declaration(one.reference, base_url=ui) if ui else "",
        )
        for one in found
    )
