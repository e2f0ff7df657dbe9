"""The REST service's replies as values; unknown letters and codes are kept, unknown members ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dimona_provider.api.wire import read_number
from dimona_provider.domain.anomalies import UNREADABLE
from dimona_provider.domain.outcome import Answer
from dimona_provider.errors import UnexpectedResponse

_ANOMALY_CODE = re.compile(r"[0-9]{5}-[0-9]{3}")
_RESULT = re.compile(r"[A-Za-z0-9]{1,8}")


def read_location(location: str | None) -> int | None:
    """Return the declaration id that ends an absolute or relative ``Location``, or None."""
    if not location:
        return None
    return read_number(location.split("?")[0].rstrip("/").rsplit("/", 1)[-1])


def read_answer(body: object, declaration_id: int) -> Answer | None:
    """
    Read the body of a 200 on GET /declarations/{id}; None while it names no result yet.

    Raises UnexpectedResponse when it is not about this declaration. Unknown letters and codes are kept.
    """
    status = body.get("declarationStatus") if isinstance(body, Mapping) else None
    if not isinstance(status, Mapping):
        return None
    raw = status.get("declarationId")
    if raw is not None and (named := read_number(raw)) != declaration_id:
        of = f"the answer of {named}" if named else "an answer with an unreadable declaration id"
        raise UnexpectedResponse(f"asked for declaration {declaration_id}, got {of}")
    result = status.get("result")
    if not isinstance(result, str) or not _RESULT.fullmatch(result):
        return None
    period = status.get("period")
    period_id = read_number(period.get("id")) if isinstance(period, Mapping) else None
    return Answer(declaration_id, result, period_id, _read_anomalies(status.get("anomalies")))


def _read_anomalies(raw: object) -> tuple[str, ...]:
    items = [raw] if isinstance(raw, (Mapping, str)) else raw
    return tuple(_read_anomaly(item) for item in items) if isinstance(items, list) else ()


def _read_anomaly(item: object) -> str:
    # Two shapes have been seen: errorId with label, and code with description. Anything else could hold a
    # person, so it is not repeated: the raw answer is kept encrypted beside it.
    candidates = [item.get("errorId"), item.get("code")] if isinstance(item, Mapping) else [item]
    for code in candidates:
        if isinstance(code, str) and _ANOMALY_CODE.fullmatch(code):
            return code
    return UNREADABLE
