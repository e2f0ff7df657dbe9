"""The lists of declarations: all of an environment, those of a DAG run, those of a task, and as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, StreamingResponse

from dimona_provider.cockpit import asking
from dimona_provider.cockpit.asking import DEADLINES, Asked
from dimona_provider.cockpit.desk import Desk, DeskDep
from dimona_provider.domain.declaration import Kind
from dimona_provider.domain.outcome import State
from dimona_provider.domain.worker_types import worker_types
from dimona_provider.ledger import browsing, figures, summaries
from dimona_provider.ledger.batches import Run
from dimona_provider.ledger.listing import iso

router = APIRouter()
COLUMNS = (
    "reference", "environment", "employer", "employment", "kind", "worker_type", "state", "declaration_id",
    "period_id", "result", "anomalies", "reason", "batch", "file_by", "filed_at", "answered_at", "changed_at",
)  # fmt: skip
_INSTANTS = ("file_by", "filed_at", "answered_at", "changed_at")
_FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r])")
"""Where one begins: at the start, or behind what Excel takes for the end of a cell in Belgium."""


@router.get("/declarations")
def declarations(desk: DeskDep) -> HTMLResponse:
    """Show a page of the declarations that the address asks for."""
    return _page(desk, asking.read(desk), "declarations.html", path="/declarations")


@router.get("/declarations.csv")
def declarations_as_csv(desk: DeskDep) -> StreamingResponse:
    """Write the declarations that the address asks for, all of them, without persons."""
    asked = asking.read(desk)
    rows = browsing.every(desk.ledger, asked.which, sort=asked.sort, descending=asked.descending)
    return StreamingResponse(
        _csv(rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="dimona-declarations.csv"'},
    )


@router.get("/run")
def run(desk: DeskDep, dag_id: str, run_id: str) -> HTMLResponse:
    """Show the declarations of a DAG run: the tab of Airflow's page of it."""
    asked = _of_run(desk, _run(dag_id, run_id))
    return _page(desk, asked, "run.html", path="/run", counts=_counts(desk, asked.which.run), task=None)


@router.get("/task")
def task(desk: DeskDep, dag_id: str, run_id: str, task_id: str, map_index: str = "-1") -> HTMLResponse:
    """Show the declarations that a task instance dealt with: the tab of Airflow's page of it."""
    of = _run(dag_id, run_id)
    if not asking.is_name(task_id):
        raise HTTPException(400, "task_id")
    asked = _of_run(desk, of)
    mapped = f"[{int(map_index)}]" if re.fullmatch(r"[0-9]{1,9}", map_index) else ""
    found = figures.batches_of_task(desk.ledger, of, f"{dag_id}/{run_id}/{task_id}{mapped}")
    asked = replace(
        asked,
        which=replace(asked.which, batches=found),
        query={**asked.query, "task_id": task_id, "map_index": map_index},
    )
    return _page(desk, asked, "run.html", path="/task", counts=None, task=task_id + mapped)


def _run(dag_id: str, run_id: str) -> Run:
    of = asking.run_of({"dag_id": dag_id.strip(), "run_id": run_id.strip()})
    if of is None:
        raise HTTPException(400, "run_id")
    return of


def _of_run(desk: Desk, of: Run) -> Asked:
    """Read the address, about the environment in which the run filed."""
    if "env" not in desk.request.query_params:
        desk.environment = figures.environment_of(desk.ledger, of) or desk.environment
    return asking.read(desk)


def _counts(desk: Desk, of: Run | None) -> dict[str, int]:
    counts = {} if of is None else summaries.states_of_run(desk.ledger, of)
    return {state: counts[state] for state in map(str, State) if state in counts}


def _page(desk: Desk, asked: Asked, template: str, *, path: str, **context: Any) -> HTMLResponse:
    found = browsing.page(
        desk.ledger, asked.which, sort=asked.sort, descending=asked.descending, after=asked.after
    )
    return desk.page(
        template,
        found=found,
        asked=asked,
        path=path,
        states=list(State),
        kinds=list(Kind),
        worker_types=sorted(worker_types()),
        deadlines=list(DEADLINES),
        run=asked.which.run,
        **context,
    )


def _csv(rows: Iterator[Any]) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(name, getattr(row, name)) for name in COLUMNS])
        if line.tell() > 1 << 16:
            yield line.getvalue()
            line.seek(0)
            line.truncate()
    yield line.getvalue()


def _cell(name: str, value: Any) -> str:
    text = "" if value is None else str(iso(value) if name in _INSTANTS else value)
    # A spreadsheet would run what begins like a formula.
    return _FORMULA.sub(r"\1'", text)
