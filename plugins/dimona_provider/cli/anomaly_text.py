"""An anomaly code as ``dimona explain`` prints it: meaning, next step and consequences, in four languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dimona_provider.domain.anomalies import Language, anomaly, consequences, next_step
from dimona_provider.domain.sentences import catalogued, sentence
from dimona_provider.domain.worker_types import worker_types

_LABELS: Mapping[Language, tuple[str, str, str, str, str]] = {
    "en": ("severity", "bucket", "next step", "act by", "consequence"),
    "fr": ("gravité", "catégorie", "étape suivante", "agir avant", "conséquence"),
    "nl": ("ernst", "categorie", "volgende stap", "te doen voor", "gevolg"),
    "de": ("Schwere", "Kategorie", "nächster Schritt", "zu tun bis", "Folge"),
}


def explanation(code: str, lang: Language) -> Iterator[str]:
    """
    Yield the lines about *code*, a code of the NSSO or one of ours for the form of a body.

    Words of docs/anomalies.md stay as they are in every language; an act-by of ``none`` is left out.
    """
    severity, bucket, next_label, act_by, consequence = _LABELS[lang]
    found = anomaly(catalogued(code))
    yield f"{code}  {sentence(code, lang)}\n"
    yield f"{severity}: {found.severity}\n"
    yield f"{bucket}: {found.bucket}\n"
    yield f"{next_label}: {next_step(found.code, lang)}\n"
    if found.act_by != "none":
        yield f"{act_by}: {found.act_by}\n"
    usual = consequences([found.code], None, lang)
    for text in usual:
        yield f"{consequence}: {text}\n"
    for worker_type in worker_types():
        for text in consequences([found.code], worker_type, lang):
            if text not in usual:
                yield f"{consequence} ({worker_type}): {text}\n"
