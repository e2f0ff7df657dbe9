"""The tables that a payroll expert corrects, read as they are."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Any


def read_table(name: str) -> str:
    """Return the text of the file *name* beside this module."""
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def toml_table(name: str) -> dict[str, Any]:
    """Return a TOML table as it stands."""
    return tomllib.loads(read_table(name))


def csv_table(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV table by their column names."""
    yield from csv.DictReader(read_table(name).splitlines())
