"""Declarations, periods and relations as the service shows them."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from include.dimona_simulator.identifiers import born, employer_id_for, is_enterprise_key, is_ssin
from include.dimona_simulator.labels import label
from include.dimona_simulator.model import Declaration, Period, Span, Verdict
from include.dimona_simulator.settings import BASE_PATH

_BELGIUM = 150
_FAMILY_NAMES = ("JANSSENS", "PEETERS", "MAES", "DUBOIS", "LAMBERT", "CLAES", "WOUTERS", "DENIS")
_GIVEN_NAMES = (("MARIE", "AN", "ELS", "LUCIE"), ("JAN", "LUC", "PIERRE", "KOEN"))


def declaration(filed: Declaration, verdict: Verdict, origin: str, *, short_numbers: bool) -> dict[str, Any]:
    """Show a processed declaration; *origin* is the start of every link."""
    content: dict[str, Any] = {"href": f"{origin}{BASE_PATH}/declarations/{filed.id}"}
    if filed.employer is not None:
        content["employer"] = employer(filed.employer, short=short_numbers)
    status: dict[str, Any] = {"declarationId": filed.id, "result": verdict.result}
    if filed.employer is not None:
        content["worker"] = worker(filed, identified=verdict.result != "S")
    content[filed.filing.kind] = dict(filed.filing.block)
    if verdict.period_id is not None:
        status["period"] = {"id": verdict.period_id, "href": _period_link(origin, verdict.period_id)}
    if verdict.anomalies:
        status["anomalies"] = [{"errorId": code, "label": label(code)} for code in verdict.anomalies]
    return {**content, "declarationStatus": status}


def period(
    shown: Period, span: Span, origin: str, *, short_numbers: bool, locked: bool = False
) -> dict[str, Any]:
    """Show a period as it stands."""
    return {
        "periodId": shown.id,
        "href": _period_link(origin, shown.id),
        "employer": employer(shown.origin.employer or "", short=short_numbers),
        "worker": worker(shown.origin, identified=True),
        **span.as_json(),
        "features": dict(shown.origin.filing.features),
        "locked": locked,
    }


def relation(first: Declaration, spans: Iterable[Span], *, short_numbers: bool) -> dict[str, Any]:
    """Show the tie between an employer and a worker, from its first start to its last end."""
    starts = [span.start for span in spans]
    ends = [span.end or date.max for span in spans]
    content = {
        "employer": employer(first.employer or "", short=short_numbers),
        "worker": worker(first, identified=True),
        "startDate": min(starts).isoformat(),
    }
    return content if max(ends) == date.max else {**content, "endDate": max(ends).isoformat()}


def employer(key: str, *, short: bool) -> dict[str, Any]:
    """Show an employer with both its numbers, where known; *short* drops the leading zero."""
    if not is_enterprise_key(key):
        return {"employerId": int(key)}
    number = key.removeprefix("0") if short else key
    return {"employerId": employer_id_for(key), "enterpriseNumber": number}


def worker(filed: Declaration, *, identified: bool) -> dict[str, Any]:
    """Show a worker, completed from the number; what was sent goes before what is made up."""
    sent = dict(filed.filing.worker)
    if filed.ssin is None or not identified or not is_ssin(filed.ssin):
        return sent
    return {"ssin": filed.ssin, **_person(filed.ssin, sent)}


def _person(ssin: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    serial = int(ssin[6:9])
    family = str(sent.get("familyName", _FAMILY_NAMES[serial % len(_FAMILY_NAMES)])).upper()
    names = _GIVEN_NAMES[serial % 2]
    given = str(sent.get("givenName", names[serial // 2 % len(names)])).upper()
    return {
        "familyName": family,
        "givenName": given,
        "givenNames": given,
        "birthDate": sent.get("birthDate", _birth_date(ssin)),
        "gender": sent.get("gender", "1" if serial % 2 else "2"),
        "nationality": sent.get("nationality", _BELGIUM),
    }


def _birth_date(ssin: str) -> str:
    known = born(ssin)
    month_and_day = (known.month, known.day) if known.month and known.day else (0, 0)
    return "{:04d}-{:02d}-{:02d}".format(known.year, *month_and_day)


def _period_link(origin: str, number: int) -> str:
    return f"{origin}{BASE_PATH}/periods/{number}"
