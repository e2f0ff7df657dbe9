"""Reading the tables of anomalies, each once, at its first use; what they mean is in ``anomalies``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal, get_args

from dimona_provider.domain.tables import Form, check_section, csv_table, toml_table, wrong

Language = Literal["en", "fr", "nl", "de"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

Texts = Mapping[str, str]
"""One text in each language."""


_CODES = "anomaly_codes.csv"


@cache
def codes() -> Mapping[str, Mapping[str, str]]:
    """Return the rows of anomaly_codes.csv by code; ``word`` reads their cells."""
    columns = ("code", "severity", "blocks_for", "bucket", "machine", "act_by", "next_step")
    forms: dict[str, Form] = {**dict.fromkeys(columns), "next_step": ("", *next_steps())}
    rows = {row["code"]: row for row in csv_table(_CODES, forms, ["code"])}
    for code in rows:
        if code[:5] not in zones():
            raise wrong(_CODES, code, "its zone is not in anomaly_zones.csv")
        if code not in descriptions() and code[6:] not in descriptions():
            raise wrong(_CODES, code, "no description in anomaly_descriptions.toml")
    return rows


def word(row: Mapping[str, str], column: str, known: Iterable[str]) -> str:
    """Return a cell of anomaly_codes.csv that has to be one of some words. Raises ConfigurationError."""
    if row[column] not in (words := tuple(known)):
        raise wrong(_CODES, f"{row['code']} {column}", f"{row[column]!r} is none of {', '.join(words)}")
    return row[column]


@cache
def zones() -> Mapping[str, Texts]:
    """Return the names of zones and blocks by number, with their articles."""
    forms = dict.fromkeys(("zone", *LANGUAGES))
    return {row["zone"]: row for row in csv_table("anomaly_zones.csv", forms, ["zone"])}


@cache
def descriptions() -> Mapping[str, Texts]:
    """Return the sentences by error type, and by code where a code has its own."""
    return _texts("anomaly_descriptions.toml")


@cache
def next_steps() -> Mapping[str, Texts]:
    """Return the next steps by bucket or by a name of their own."""
    return _texts("anomaly_next_steps.toml")


@cache
def consequences() -> Mapping[tuple[str, str], Texts]:
    """Return what warnings change, by worker type (``*``: any other) and code."""
    return {
        (heading.split()[0], code): texts
        for heading, texts in texts_by_heading("anomaly_consequences.toml").items()
        for code in heading.split()[1:]
    }


def _texts(name: str) -> Mapping[str, Texts]:
    return {key: texts for heading, texts in texts_by_heading(name).items() for key in heading.split()}


def texts_by_heading(name: str) -> Mapping[str, Texts]:
    """Return a TOML table of texts, each in every language and nothing besides."""
    table = toml_table(name)
    for heading, texts in table.items():
        check_section(name, f'"{heading}"', texts, dict.fromkeys(LANGUAGES, str), LANGUAGES)
    return table
