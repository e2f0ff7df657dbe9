"""Verdicts as ``dimona validate`` prints them: for programs and for people, in four languages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from dimona_provider.api.verdict import BodyDefect
from dimona_provider.domain.anomalies import Language
from dimona_provider.domain.sentences import sentence
from dimona_provider.validation import Verdict

_HEADER: Mapping[Language, tuple[str, str, str, str]] = {
    "en": ("line", "code", "field", "message"),
    "fr": ("ligne", "code", "champ", "message"),
    "nl": ("regel", "code", "veld", "melding"),
    "de": ("Zeile", "Code", "Feld", "Text"),
}
_SUMMARY: Mapping[Language, tuple[str, str]] = {
    "en": ("1 declaration, {invalid} of them invalid", "{lines} declarations, {invalid} of them invalid"),
    "fr": ("1 déclaration, dont {invalid} non valable", "{lines} déclarations, dont {invalid} non valables"),
    "nl": ("1 aangifte, waarvan {invalid} ongeldig", "{lines} aangiften, waarvan {invalid} ongeldig"),
    "de": ("1 Meldung, davon {invalid} ungültig", "{lines} Meldungen, davon {invalid} ungültig"),
}
_MEANT: Mapping[Language, str] = {
    "en": "Did you mean {}?",
    "fr": "Vouliez-vous dire {} ?",
    "nl": "Bedoelde u {}?",
    "de": "Meinten Sie {}?",
}
_PERIODS: Mapping[Language, tuple[str, str]] = {
    "en": (
        "1 period id has unusual check digits, in line {line}: a typing error?",
        "{count} period ids have unusual check digits, the first in line {line}: typing errors?",
    ),
    "fr": (
        "1 numéro de période avec chiffres de contrôle inhabituels, à la ligne {line} : une faute ?",
        "{count} numéros de période avec chiffres de contrôle inhabituels, d'abord ligne {line} : fautes ?",
    ),
    "nl": (
        "1 periodenummer heeft ongewone controlecijfers, op regel {line}: een tikfout?",
        "{count} periodenummers hebben ongewone controlecijfers, het eerste op regel {line}: tikfouten?",
    ),
    "de": (
        "1 Periodennummer hat ungewöhnliche Prüfziffern, in Zeile {line}: ein Tippfehler?",
        "{count} Periodennummern haben ungewöhnliche Prüfziffern, die erste in Zeile {line}: Tippfehler?",
    ),
}


def about_periods(count: int, line: int, lang: Language) -> str:
    """Say how many period ids look mistyped, and in which line the first one stands."""
    one, many = _PERIODS[lang]
    return f"dimona: {(one if count == 1 else many).format(count=count, line=line)}"


def as_json_lines(verdicts: Iterable[Verdict], lang: Language) -> Iterator[str]:
    """Yield one JSON object for each verdict: ``line``, ``valid`` and ``defects``."""
    for verdict in verdicts:
        defects = ", ".join(_as_json(defect, lang) for defect in verdict.defects)
        valid = "true" if verdict.is_valid else "false"
        yield f'{{"line": {verdict.line}, "valid": {valid}, "defects": [{defects}]}}\n'


@cache  # of these there are as many as the tables have rows
def _as_json(defect: BodyDefect, lang: Language) -> str:
    return json.dumps(
        {
            "code": defect.code,
            "severity": defect.severity,
            "field": defect.field,
            "message": message(defect, lang),
        },
        ensure_ascii=False,
    )


def message(defect: BodyDefect, lang: Language) -> str:
    """Say what is wrong, and what a member that Dimona does not know was probably meant to be."""
    said = sentence(defect.code, lang)
    return f"{said} {_MEANT[lang].format(', '.join(defect.meant))}" if defect.meant else said


def as_table(verdicts: Iterable[Verdict], lang: Language) -> Iterator[str]:
    """Yield a row for each defect, for people; lines without any are only counted, at the end."""
    lines = refused = 0
    line, code, field, text = _HEADER[lang]
    yield f"{line:>7}  {code:9}  {'':2}  {field:42}  {text}\n"
    for verdict in verdicts:
        lines += 1
        refused += not verdict.is_valid
        for defect in verdict.defects:
            said = message(defect, lang)
            yield f"{verdict.line:>7}  {defect.code:9}  {defect.severity:2}  {defect.field:42}  {said}\n"
    one, many = _SUMMARY[lang]
    yield (one if lines == 1 else many).format(lines=lines, invalid=refused) + "\n"
