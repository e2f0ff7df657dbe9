"""Reading the tables of anomalies, each once, at its first use; what they mean is in ``anomalies``."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal, get_args

Language = Literal["en", "fr", "nl", "de"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

Texts = Mapping[str, str]
"""One text in each language."""


@cache
def codes() -> Mapping[str, Mapping[str, str]]:
    """Return the rows of anomaly_codes.csv by code."""
    return {row["code"]: row for row in _rows("anomaly_codes.csv")}


@cache
def zones() -> Mapping[str, Texts]:
    """Return the names of zones and blocks by number, with their articles."""
    return {row["zone"]: row for row in _rows("anomaly_zones.csv")}


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
        for heading, texts in _toml("anomaly_consequences.toml").items()
        for code in heading.split()[1:]
    }


def _texts(name: str) -> Mapping[str, Texts]:
    return {key: texts for heading, texts in _toml(name).items() for key in heading.split()}


def _toml(name: str) -> Mapping[str, Texts]:
    return tomllib.loads(_read(name))


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_read(name).splitlines(), strict=True))


def _read(name: str) -> str:
    # utf-8-sig: spreadsheets put a byte order mark in front of what they save.
    return resources.files("dimona_provider.domain").joinpath("tables", name).read_text(encoding="utf-8-sig")
