"""What the address of a list asks for, checked: nothing unchecked reaches the ledger or a page."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from fastapi import HTTPException

from dimona_provider.cockpit.desk import Desk
from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import State
from dimona_provider.domain.ssin_search import contains_ssin
from dimona_provider.ledger import searching
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.browsing import Cursor, Filter, Sort

DEADLINES: Mapping[str, tuple[float | None, float | None]] = {
    "passed": (None, 0.0),
    "day": (0.0, 86_400.0),
    "week": (0.0, 7 * 86_400.0),
    "risk": (None, 86_400.0),
}
"""Words for when a deadline is: seconds from now, after and before."""
FIELDS = (
    "employer", "kind", "state", "code", "worker_type", "employment", "batch", "dag_id", "run_id",
    "since", "until", "deadline", "search", "sort", "order",
)  # fmt: skip
"""What an address may ask, besides where the page begins."""
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,64}")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as an address asks for it."""

    which: Filter
    sort: Sort
    descending: bool
    after: Cursor | None
    query: Mapping[str, str]
    """What it asks, without where the page begins: for links to the same list."""


def read(desk: Desk) -> Asked:
    """Read the address of a list. Raises HTTPException 400 naming the field that makes no sense."""
    params = desk.request.query_params
    query = {name: params[name].strip() for name in FIELDS if params.get(name, "").strip()}

    def value(name: str, parse: Callable[[str], T]) -> T | None:
        return _checked(name, parse, query[name]) if name in query else None

    until = value("until", _end_of_day)
    after, before = DEADLINES[value("deadline", _deadline) or ""] if "deadline" in query else (None, None)
    now = time.time()
    sort = value("sort", Sort) or (Sort.DEADLINE if "deadline" in query else Sort.CHANGED)
    which = Filter(
        environment=desk.environment,
        employer=value("employer", _matching(r"[0-9]{1,12}")),
        kind=value("kind", Kind),
        state=value("state", State),
        code=value("code", _matching(r"[0-9]{5}-[0-9]{3}")),
        worker_type=value("worker_type", _matching(r"[A-Z0-9]{3}")),
        employment=value("employment", _employment),
        batch=value("batch", reference),
        run=run_of(query),
        since=value("since", _midnight),
        until=until,
        due_after=None if after is None else now + after,
        due_before=None if before is None else now + before,
        worker_hash=_worker(desk, query),
    )
    order = value("order", _matching("asc|desc"))
    cursor = _checked("after", Cursor.parse, params["after"]) if params.get("after") else None
    return Asked(which, sort, order == "desc" if order else sort is Sort.CHANGED, cursor, query)


def run_of(query: Mapping[str, str]) -> Run | None:
    """Return the DAG run that an address names."""
    dag_id, run_id = query.get("dag_id"), query.get("run_id")
    if not dag_id and not run_id:
        return None
    if not dag_id or not run_id or not is_name(dag_id) or not is_name(run_id):
        raise HTTPException(400, "run_id")
    return Run(dag_id, run_id)


def is_name(raw: str) -> bool:
    """Tell whether this may be one of Airflow's ids; PostgreSQL's driver takes no NUL."""
    return len(raw) <= 250 and "\0" not in raw


def reference(raw: str) -> str:
    """Return a reference of the ledger. Raises ValueError."""
    if not _REFERENCE.fullmatch(raw):
        raise ValueError("not a reference")
    return raw


def _worker(desk: Desk, query: Mapping[str, str]) -> str | None:
    if "search" not in query:
        return None
    if not desk.visitor.may_act:
        raise HTTPException(403, "acting")
    found = searching.worker_of(desk.ledger, _checked("search", reference, query["search"]), now=time.time())
    if found is None:
        raise HTTPException(410, "search")
    return found


def _checked(name: str, parse: Callable[[str], T], raw: str) -> T:
    try:
        return parse(raw)
    except (ValueError, OverflowError):
        raise HTTPException(400, name) from None


def _matching(pattern: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if not re.fullmatch(pattern, raw, re.ASCII):
            raise ValueError("not of this form")
        return raw

    return parse


def _deadline(raw: str) -> str:
    if raw not in DEADLINES:
        raise ValueError("no such word")
    return raw


def _employment(raw: str) -> str:
    if len(raw) > 200 or contains_ssin(raw) or "\0" in raw:
        raise ValueError("not payroll's id of an employment")
    return raw


def _midnight(raw: str) -> float:
    day = dt.datetime.strptime(raw, "%Y-%m-%d")  # noqa: DTZ007 - it gets its zone in the next line
    return day.replace(tzinfo=BRUSSELS).timestamp()


def _end_of_day(raw: str) -> float:
    day = dt.datetime.strptime(raw, "%Y-%m-%d") + dt.timedelta(days=1)  # noqa: DTZ007 - as above
    return day.replace(tzinfo=BRUSSELS).timestamp()
