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
from dimona_provider.domain.identifiers import DimonaNumber, Ssin
from dimona_provider.domain.outcome import State
from dimona_provider.errors import DecisionRefused
from dimona_provider.ledger import acknowledging, decisions, holding, searching, switch

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
def hold(desk: DeskDep, reason: Reason, employer: Text = "", connection: Text = "") -> RedirectResponse:
    """Stop sending, for an employer, a connection, or all."""
    scope = _scope(employer, connection)
    switch.place(desk.ledger, reason, dimona_conn_id=scope[0], employer=scope[1], now=time.time())
    return desk.go("/")


@router.post("/hold/release")
def release_hold(
    desk: DeskDep, reason: Reason, employer: Text = "", connection: Text = ""
) -> RedirectResponse:
    """Let sending go on, and plan again what was held of it."""
    scope = _scope(employer, connection)
    holding.release(desk.ledger, dimona_conn_id=scope[0], employer=scope[1], reason=reason, now=time.time())
    return desk.go("/")


def _number(raw: str) -> int:
    try:
        return DimonaNumber.typed(raw.strip()).number
    except ValueError:
        raise HTTPException(400, "declaration_id") from None


def _scope(employer: str, connection: str) -> tuple[str, str]:
    number, conn_id = employer.strip(), connection.strip()
    if number and not (number.isascii() and number.isdecimal() and len(number) <= 12):
        raise HTTPException(400, "employer")
    if "\0" in conn_id:
        raise HTTPException(400, "connection")
    return conn_id, number
