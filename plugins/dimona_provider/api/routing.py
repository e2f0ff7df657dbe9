"""What a connection says of employers: over which one each files, and how far ahead."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dimona_provider.domain.identifiers import EnterpriseNumber, NssoNumber

_FARTHEST = 3650
"""Days: further ahead nobody means it."""


def read_employers(raw: Any) -> Mapping[str, str]:
    """
    Read connection ids by employer number, from a JSON object or (the form gives that) its text.

    Raises ValueError with a sentence that fits into a list of problems.
    """
    raw = _from_form(raw)
    if not isinstance(raw, dict) or not all(isinstance(conn_id, str) and conn_id for conn_id in raw.values()):
        raise ValueError("extra.employers must be a JSON object of connection ids by employer number")
    try:
        return {_employer(number): conn_id for number, conn_id in raw.items()}
    except ValueError as error:
        raise ValueError(f"extra.employers names an employer by {error}") from None


def read_days_ahead(raw: Any) -> Mapping[str, int]:
    """
    Read how many days ahead to file: a whole number for all employers (``*``), or an object by employer.

    Raises ValueError with a sentence that fits into a list of problems.
    """
    raw = _from_form(raw)
    found = raw if isinstance(raw, dict) else {"*": raw}
    if not all(type(days) is int and 0 <= days <= _FARTHEST for days in found.values()):
        raise ValueError(
            f"extra.file_ahead_days must be days up to {_FARTHEST}, or an object of them by employer"
        )
    try:
        return {number if number == "*" else _employer(number): days for number, days in found.items()}
    except ValueError as error:
        raise ValueError(f"extra.file_ahead_days names an employer by {error}") from None


def _from_form(raw: Any) -> Any:
    """Return a field as it was meant: the form gives JSON as text, and nothing as None or an empty one."""
    if raw is None or raw == "":
        return {}
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _employer(number: str) -> str:
    try:
        return str(EnterpriseNumber.parse(number))
    except ValueError as error:
        is_no_enterprise = str(error)
    try:
        return str(NssoNumber.parse(number))
    except ValueError as error:
        raise ValueError(f"what is {is_no_enterprise}, and {error}") from None
