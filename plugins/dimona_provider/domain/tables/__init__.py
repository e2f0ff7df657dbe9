"""
The tables that a payroll expert corrects, read strictly.

A misspelt key or word would silently turn a rule around, so each is refused by file, place and what it is.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib import resources
from typing import Any

from dimona_provider.errors import ConfigurationError

Form = type | Collection[str] | None
"""What a cell or key may hold: a value of that type, one of some words, or (None) any text."""


def read_table(name: str) -> str:
    """Return the text of the file *name* beside this module."""
    # utf-8-sig: spreadsheets put a byte order mark in front of what they save.
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8-sig")


def wrong(name: str, place: str, what: str) -> ConfigurationError:
    """Return the error that something in a table is wrong."""
    return ConfigurationError(f"domain/tables/{name}, {place}: {what}")


def toml_table(name: str) -> dict[str, Any]:
    """Return a TOML table as it stands. Raises ConfigurationError when it is none."""
    try:
        return tomllib.loads(read_table(name))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"domain/tables/{name} is no TOML: {error}") from None


def check_section(
    name: str, section: str, row: Any, forms: Mapping[str, Form], needed: Iterable[str]
) -> None:
    """Make sure that a section of a TOML table has the keys it needs, no others, and what they may hold."""
    place = f"[{section}]"
    if not isinstance(row, dict):
        raise wrong(name, place, "not a section")
    for key, value in row.items():
        if key not in forms:
            raise wrong(name, place, f"unknown key {key}; allowed: {', '.join(forms)}")
        if (misfit := _misfit(value, forms[key])) is not None:
            raise wrong(name, f"{place} {key}", misfit)
    for key in needed:
        if key not in row:
            raise wrong(name, place, f"the key {key} is missing")


def _misfit(value: Any, form: Form) -> str | None:
    if isinstance(form, type):
        return None if type(value) is form else f"{value!r} is not of type {form.__name__}"  # bool is an int
    return None if form is None or value in form else f"{value!r} is none of {', '.join(form)}"


def csv_table(name: str, forms: Mapping[str, Form], key: Collection[str] = ()) -> Iterator[dict[str, str]]:
    """
    Yield the rows of a CSV table by their column names, which are *forms*.

    Raises ConfigurationError for another column, a missing cell, a word that a column has not, and two rows
    with the same *key*.
    """
    reader = csv.reader(read_table(name).splitlines(), strict=True)
    seen: set[tuple[str, ...]] = set()
    try:
        if (header := next(reader, [])) != list(forms):
            raise wrong(name, "line 1", f"the columns are {','.join(header)} instead of {','.join(forms)}")
        for cells in reader:
            row = dict(zip(forms, cells, strict=False))
            found = tuple(row.get(column, "") for column in key)
            if len(cells) != len(forms):
                raise wrong(name, f"line {reader.line_num}", f"{len(cells)} cells instead of {len(forms)}")
            if key and found in seen:
                raise wrong(name, f"line {reader.line_num}", f"{', '.join(found)} stands in two rows")
            _check_words(name, reader.line_num, row, forms)
            seen.add(found)
            yield row
    except csv.Error as error:
        raise wrong(name, f"line {reader.line_num}", str(error)) from None


def _check_words(name: str, line: int, row: Mapping[str, str], forms: Mapping[str, Form]) -> None:
    for column, form in forms.items():
        if (misfit := _misfit(row[column], form)) is not None:
            raise wrong(name, f"line {line} {column}", misfit)
