"""The register of gaps, and the questions of plans."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from dimona_provider.cockpit.access import acting, for_actors, from_own_form
from dimona_provider.cockpit.desk import DeskDep
from dimona_provider.cockpit.one import Reference
from dimona_provider.cockpit.reasons import Reason
from dimona_provider.ledger import answering
from dimona_provider.ledger.registers import gaps_page, questions_page

router = APIRouter()
Place = Annotated[int | None, Query(ge=0, le=2**62)]


@router.get("/gaps")
def gaps(desk: DeskDep, after: Place = None, solved: bool = False) -> HTMLResponse:  # noqa: FBT001, FBT002 - a query
    """Show where the NSSO's periods differ from ours."""
    rows, following = gaps_page(desk.ledger, desk.environment, after=after, with_solved=solved)
    return desk.page("gaps.html", rows=rows, following=following, solved=solved)


@router.get("/decisions")
def decisions(desk: DeskDep, after: Place = None, answered: bool = False) -> HTMLResponse:  # noqa: FBT001, FBT002 - a query
    """Show the questions of plans that nobody has answered, or all."""
    found, following = questions_page(desk.ledger, desk.environment, after=after, with_answered=answered)
    return desk.page(
        "decisions.html", found=found, following=following, answered=answered, now=time.time(), problem=None
    )


@router.post(
    "/decisions/{reference}", dependencies=[Depends(acting), Depends(from_own_form), Depends(for_actors)]
)
def decide(
    desk: DeskDep, reference: Reference, option: Annotated[str, Form(max_length=40)], reason: Reason
) -> RedirectResponse:
    """Answer a question."""
    answering.answer(desk.ledger, reference, option, reason=reason, now=time.time())
    return desk.go("/decisions")
