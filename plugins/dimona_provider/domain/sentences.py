"""Our sentence for every code that a check gives; those of the NSSO's catalogue come from there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dimona_provider.domain.anomalies import Language, Severity, anomaly, describe
from dimona_provider.domain.anomaly_tables import texts_by_heading


@cache
def _structure() -> Mapping[str, Mapping[str, str]]:
    return texts_by_heading("structure_sentences.toml")


def severity_of(code: str) -> str:
    """Return ``B`` or ``NP``; what the catalogue does not know is structure, which the service refuses."""
    return "NP" if anomaly(code).severity is Severity.NOT_BLOCKING else "B"


def catalogued(code: str) -> str:
    """Return the code of the catalogue whose bucket and next step are those of *code*."""
    return "90372-001" if code in _structure() and not anomaly(code).is_known else code


@cache
def sentence(code: str, lang: Language) -> str:
    """Say in one sentence what *code* means."""
    own = _structure().get(code)
    return own[lang] if own else describe(code, lang)
