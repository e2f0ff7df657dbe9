"""What people do in the cockpit: each needs the right to edit, carries a form's token, and is recorded."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from fastapi.responses import RedirectResponse

from dimona_provider.cockpit.access import acting, for_actors, from_own_form
from dimona_provider.cockpit.desk import DeskDep
from dimona_provider.cockpit.one import Reference
from dimona_provider.cockpit.reasons import Reason
from dimona_provider.domain.identifiers import DimonaNumber, Ssin, typed_employer
from dimona_provider.domain.outcome import State
from dimona_provider.domain.ssin_search import contains_ssin
from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger import acknowledging, decisions, searching, switch

router = APIRouter(dependencies=[Depends(acting), Depends(from_own_form), Depends(for_actors)])
Text = Annotated[str, Form(max_length=60)]


@router.post("/search")
def search(desk: DeskDep, ssin: Text = "") -> RedirectResponse:
    """Look for a person: the number goes no further than this function."""
    try:
        number = Ssin.parse(ssin)
    except ValueError:
        raise HTTPException(400, "ssin") from None
    found = searching.search(desk.ledger, number, now=time.time())
    return desk.go("/declarations", search=found)


@router.post("/declarations/{reference}/acknowledge")
def acknowledge(desk: DeskDep, reference: Reference, reason: Reason) -> RedirectResponse:
    """Take note of a warning."""
    is_new = acknowledging.acknowledge(desk.ledger, reference, reason=reason, now=time.time())
    done = "acknowledged" if is_new else "acknowledged_already"
    return desk.go(f"/declarations/{reference}", done=done)


@router.post("/declarations/{reference}/release")
def release(desk: DeskDep, reference: Reference, reason: Reason) -> RedirectResponse:
    """Plan a held declaration again."""
    if not switch.release_intent(desk.ledger, reference, reason=reason, now=time.time()):
        raise DecisionRefused(f"{reference} is not held")
    return desk.go(f"/declarations/{reference}", done="released")


@router.post("/declarations/{reference}/resolve")
def resolve(
    desk: DeskDep,
    reference: Reference,
    reason: Reason,
    what: Text,
    declaration_id: Text = "",
) -> RedirectResponse:
    """Say what became of an unclear declaration: filed as a number, not filed, or what a letter means."""
    now = time.time()
    if what == "filed":
        number = _number(declaration_id)
        decisions.resolve_filed(desk.ledger, reference, number, reason=reason, now=now)
    elif what == "not_filed":
        decisions.resolve_not_filed(desk.ledger, reference, reason=reason, now=now)
    elif what in decisions.DECIDED_OUTCOMES:
        decisions.resolve_outcome(desk.ledger, reference, State(what), reason=reason, now=now)
    else:
        raise HTTPException(400, "what")
    return desk.go(f"/declarations/{reference}", done="resolved")


@router.post("/hold")
def hold(
    desk: DeskDep, reason: Reason, employer: Text = "", connection: Text = "", everything: Text = ""
) -> RedirectResponse:
    """Stop sending, for an employer, a connection, or all: an empty form must not do that by itself."""
    conn_id, number = _scope(connection, employer)
    if bool(conn_id or number) is bool(everything):
        raise HTTPException(400, "scope")
    if not switch.place(desk.ledger, reason, dimona_conn_id=conn_id, employer=number, now=time.time()):
        raise DecisionRefused("sending is stopped there already, for the reason that stands beside it")
    return desk.go("/")


@router.post("/hold/release")
def release_hold(
    desk: DeskDep,
    reason: Reason,
    placed_at: Annotated[float, Form(allow_inf_nan=False)],
    employer: Text = "",
    connection: Text = "",
) -> RedirectResponse:
    """Turn off the switch that the page showed, and plan again what was held of its scope."""
    if "\0" in employer + connection:
        raise HTTPException(400, "employer")
    switch.remove(
        desk.ledger,
        dimona_conn_id=connection,
        employer=employer,
        reason=reason,
        now=time.time(),
        placed_at=placed_at,
    )
    return desk.go("/")


def _number(raw: str) -> int:
    try:
        return DimonaNumber.typed(raw.strip()).number
    except ValueError:
        raise HTTPException(400, "declaration_id") from None


def _scope(connection: str, employer: str) -> tuple[str, str]:
    """Read what a switch is to cover: a number of nobody would stop nothing, and look as if it did."""
    conn_id, number = connection.strip(), employer.strip()
    if "\0" in conn_id or contains_ssin(conn_id):
        raise HTTPException(400, "connection")
    try:
        return conn_id, typed_employer(number) if number else ""
    except ValueError:
        raise HTTPException(400, "employer") from None
