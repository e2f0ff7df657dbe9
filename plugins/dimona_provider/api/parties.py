"""An employer in the JSON of a search."""

from __future__ import annotations

from typing import Any


def employer_member(employer: str) -> dict[str, Any]:
    """
    Return the member ``employer`` for a number as the ledger has it, enterprise or NSSO number.

    >>> employer_member("0477472701"), employer_member("125482497")
    ({'enterpriseNumber': '0477472701'}, {'employerId': 125482497})
    """
    is_enterprise = len(employer) == 10 and employer[0] in "01"
    return {"enterpriseNumber": employer} if is_enterprise else {"employerId": int(employer)}
