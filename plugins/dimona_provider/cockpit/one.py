"""One declaration: its timeline, what its anomalies mean, the receipt, and for those allowed its person."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path
from fastapi.responses import HTMLResponse

from dimona_provider.cockpit.access import acting, for_actors, from_own_form
from dimona_provider.cockpit.desk import Desk, DeskDep
from dimona_provider.domain.anomalies import consequences, severity
from dimona_provider.domain.outcome import OPEN, State
from dimona_provider.errors import UnknownBatch
from dimona_provider.ledger import batches, exporting
from dimona_provider.ledger.acknowledging import acknowledgement
from dimona_provider.ledger.batches import Batch
from dimona_provider.ledger.listing import Which

router = APIRouter()
Reference = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_DONE = ("acknowledged", "acknowledged_already", "resolved", "released")


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    at: str
    what: str
    """A word of the group ``event``."""
    actor: str
    detail: str


@router.get("/declarations/{reference}")
def declaration(desk: DeskDep, reference: Reference) -> HTMLResponse:
    """Show a declaration, without its person."""
    return _show(desk, _found(desk, reference), persons=None)


@router.post(
    "/declarations/{reference}/person",
    dependencies=[Depends(acting), Depends(from_own_form), Depends(for_actors)],
)
def with_person(desk: DeskDep, reference: Reference) -> HTMLResponse:
    """Show a declaration as it was sent and answered, with its person; the ledger records who saw it."""
    record = _found(desk, reference, with_persons=True)
    with desk.ledger.write() as connection:
        number = exporting.id_of(connection, reference)
        desk.ledger.note(connection, time.time(), "shown with its person", intents=[number])
    persons = [("sent", record["body"]), *(("answer", one["body"]) for one in record["answers"])]
    return _show(desk, record, persons=[(name, _pretty(body)) for name, body in persons])


@router.get("/declarations/{reference}/receipt")
def receipt(desk: DeskDep, reference: Reference) -> HTMLResponse:
    """Show the proof of a declaration that the NSSO answered, made to be printed."""
    record = _found(desk, reference)
    if record["declaration_id"] is None:
        raise HTTPException(404, "receipt")
    return desk.page("receipt.html", one=record, printed_at=time.time())


def _found(desk: Desk, reference: str, *, with_persons: bool = False) -> dict[str, Any]:
    found = next(exporting.records(desk.ledger, Which(reference=reference), with_persons=with_persons), None)
    if found is None:
        raise HTTPException(404, "declaration")
    desk.environment = found["environment"]
    return found


def _show(desk: Desk, record: dict[str, Any], *, persons: list[tuple[str, str]] | None) -> HTMLResponse:
    state = State(record["state"])
    done = desk.request.query_params.get("done")
    return desk.page(
        "declaration.html",
        one=record,
        state=state,
        is_open=state in OPEN,
        batch=_batch(desk, record["batch"]),
        timeline=_timeline(record),
        severity_of=lambda code: severity(code, record["worker_type"]),
        consequences=consequences(record["anomalies"], record["worker_type"], desk.lang)
        if state is State.WARNED
        else [],
        acknowledged=acknowledgement(desk.ledger, record["reference"]) if state is State.WARNED else None,
        persons=persons,
        done=done if done in _DONE else None,
        problem=None,
    )


def _batch(desk: Desk, reference: str | None) -> Batch | None:
    try:
        return None if reference is None else batches.find(desk.ledger, reference)
    except UnknownBatch:
        return None


def _timeline(record: dict[str, Any]) -> list[Moment]:
    """Bring events, attempts and answers into one order of time."""
    found = [Moment(one["at"], one["what"], one["actor"], one["detail"]) for one in record["events"]]
    for number, one in enumerate(record["attempts"], 1):
        at = one["sent_at"] or one["claimed_at"]
        detail = " ".join(filter(None, [f"#{number}", one["verdict"] or "unclear", one["detail"]]))
        found.append(Moment(at, "attempt", "", detail))
    found += [
        Moment(one["received_at"], "answer", "", " ".join([one["result"], *one["anomalies"]]))
        for one in record["answers"]
    ]
    return sorted(found, key=lambda one: one.at)


def _pretty(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)
