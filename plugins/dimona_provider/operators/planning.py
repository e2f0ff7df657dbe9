"""Before filing: payroll's exports are staged and turned into intents."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from airflow.sdk import Asset, BaseOperator, Context

from dimona_provider.errors import InvalidSource
from dimona_provider.feed import CURSOR, read_cursor
from dimona_provider.hooks import DimonaHook
from dimona_provider.ledger import Ledger, batches, staging
from dimona_provider.ledger.intents import Recorded
from dimona_provider.planning.foreseeing import Foreseen, foresee
from dimona_provider.planning.intake import plan_exports
from dimona_provider.planning.taken import Taken
from dimona_provider.task_errors import Log, guarded, team_code
from dimona_provider.tasks import reports_folder, routes_from, run_of, scope_of, task_ledger
from dimona_provider.telling.reporting import MOST_LINES, absent_lines, finding_lines
from dimona_provider.upkeep import sweep


class DimonaStageOperator(BaseOperator):
    """
    Keep an export of payroll, encrypted, until ``DimonaPlanOperator`` has planned it; returns its size.

    :param pages: a callable, run in the worker, that yields lists of employments (docs/payroll.md)
    :param feed: an asset that a ``DimonaFeedTrigger`` watches: up to where payroll's changes are staged is
        written into its state store
    """

    def __init__(
        self, *, pages: Callable[[], Iterable[Sequence[Any]]], feed: Asset | None = None, **kwargs: Any
    ) -> None:
        if feed is not None:
            kwargs["inlets"] = [*kwargs.get("inlets", ()), feed]
        super().__init__(**kwargs)
        self.pages = pages
        self.feed = feed

    @guarded
    def execute(self, context: Context) -> int:
        """Stage every page, or nothing when payroll could not be read to its end."""
        count = 0
        with task_ledger(context) as ledger:
            export = staging.new_export()
            try:
                for number, page in enumerate(_pages(self.pages, self.log), start=1):
                    _stage(ledger, export, number, page)
                    count += len(page)
            except BaseException:
                staging.discard(ledger, export)
                raise
        self.log.info(
            "staged %d employments" if count else "payroll's export is empty: %d employments", count
        )
        if self.feed is not None:
            self._put_forward(context, self.feed)
        return count

    def _put_forward(self, context: Context, feed: Asset) -> None:
        """Say that all is staged up to the newest position that this run was started for."""
        events = context["triggering_asset_events"]
        seen = [event.extra for event in events[feed]] if feed in events else []
        positions = [read_cursor(one["payload"][CURSOR]) for one in seen if "payload" in one]
        if positions:
            context["asset_state_store"][feed].set(CURSOR, max(positions))


def _pages(make: Callable[[], Any], log: Log) -> Iterator[list[Any]]:
    with team_code(log, "the callable given as pages"):
        pages = make()
        if not _is_list(pages):
            raise InvalidSource("the callable given as pages must return or yield lists of employments")
        for page in pages:
            if not _is_list(page):
                raise InvalidSource(
                    "the callable given as pages must yield lists of employments, not single ones"
                )
            yield list(page)


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))


def _stage(ledger: Ledger, export: str, number: int, page: list[Any]) -> None:
    try:
        staging.stage(ledger, export, number, page, now=time.time())
    except (TypeError, ValueError):  # of the JSON writer, which may repeat what it can't write
        raise InvalidSource(
            f"page {number} given by pages holds something that JSON has no form for"
        ) from None


class DimonaPlanOperator(BaseOperator):
    """
    Turn every staged export into intents; returns the references of this run's batches, for mapping.

    Malformed employments and those that need what this version can't do are listed, and the others go on.

    A run may be about less: its params ``employer`` and ``employments`` (payroll's ids) say whom to plan, due
    or not, and with ``dry_run`` the plan is logged and kept as a file of JSON lines, nothing is filed, and no
    batch is handed out (docs/dags.md).

    :param dimona_conn_id: the connection to the NSSO; its environment is part of every intent, and its extra
        ``employers`` names other connections for some employers
    """

    def __init__(self, *, dimona_conn_id: str = DimonaHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dimona_conn_id = dimona_conn_id

    @guarded
    def execute(self, context: Context) -> list[str]:
        """Plan, and hand out batches."""
        with task_ledger(context) as ledger:
            sweep(ledger, now=time.time())
            routes = routes_from(self.dimona_conn_id)
            run, scope = run_of(context), scope_of(context)
            if context.get("params", {}).get("dry_run"):
                self._tell(context, foresee(ledger, routes, now=time.time(), scope=scope))
                return []
            taken = plan_exports(ledger, run, routes, now=time.time(), scope=scope)
            references = batches.assign(ledger, run, routes, now=time.time(), scope=scope)
        log_taken(self, taken)
        self.log.info("%d batches for %s", len(references), routes.default.environment)
        return references

    def _tell(self, context: Context, found: list[Foreseen]) -> None:
        for one in found[:MOST_LINES]:
            self.log.info("%s of %s, by %s: %s", one.kind, one.employment, one.file_by or "-", one.reason)
        folder = reports_folder()
        folder.mkdir(parents=True, exist_ok=True)
        name = "plan-" + re.sub(r"[^0-9A-Za-z._-]", "-", str(context["run_id"])) + ".jsonl"
        (folder / name).write_text("".join(one.as_json() for one in found), encoding="utf-8")
        filed = sum(one.kind not in {"question", "none"} for one in found)
        self.log.info("dry run: %d would be filed, %d lines in %s", filed, len(found), folder / name)


def log_taken(operator: BaseOperator, taken: Taken) -> None:
    """Log what became of the records of one intake."""
    operator.log.info(
        "%d records read: %d new intents, %d known already, %d findings",
        *(taken.records, taken.recorded[Recorded.NEW], taken.recorded[Recorded.KNOWN], len(taken.findings)),
    )
    if taken.corrected:
        operator.log.info("%d of the new ones correct what was refused with HTTP 400", taken.corrected)
    for line in (*finding_lines(taken.findings), *absent_lines(taken.absent)):
        operator.log.warning("%s", line)
