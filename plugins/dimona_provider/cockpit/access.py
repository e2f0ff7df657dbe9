"""Who may see and do what, as Airflow's auth manager says; every route depends on something here."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass, field
from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.configuration import conf
from airflow.models.dag import DagModel
from fastapi import Depends, Form, HTTPException, Request

DAG_ID: str = conf.get("dimona", "cockpit_dag_id", fallback="dimona_declare")
"""Who may read this DAG's runs sees the cockpit; who may edit them acts and sees persons."""
_DAY = 86_400

# Without the third argument the DAG would be the one that the caller names in the query.
reading = requires_access_dag("GET", DagAccessEntity.RUN, DAG_ID)
acting = requires_access_dag("PUT", DagAccessEntity.RUN, DAG_ID)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The user of a request."""

    name: str
    may_act: bool
    """Whether actions and persons are for him."""
    form_token: str = field(repr=False)
    """What every form of his carries, and no other site knows."""


def visitor(user: GetUserDep) -> Visitor:
    """Return who asks; 401 without a user."""
    name = user.get_name()
    details = DagDetails(id=DAG_ID, team_name=DagModel.get_team_name(DAG_ID))
    may_act = get_auth_manager().is_authorized_dag(
        method="PUT", access_entity=DagAccessEntity.RUN, details=details, user=user
    )
    return Visitor(name, may_act, _form_token(name, _today()))


VisitorDep = Annotated[Visitor, Depends(visitor)]


def from_own_form(request: Request, who: VisitorDep, form_token: Annotated[str, Form()] = "") -> None:
    """Refuse (403) a POST that no page of ours made: another site can't know the token."""
    known = [_form_token(who.name, day) for day in (_today(), _today() - 1)]
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site != "same-origin" or not any(
        hmac.compare_digest(form_token.encode(), one.encode()) for one in known
    ):
        raise HTTPException(403, "form")


def for_actors(who: VisitorDep) -> Visitor:
    """Return who asks; 403 for whoever may only read."""
    if not who.may_act:
        raise HTTPException(403, "acting")
    return who


def _today() -> int:
    return int(time.time() // _DAY)


def _form_token(name: str, day: int) -> str:
    key = conf.get("api", "secret_key").encode()
    return hmac.new(key, f"dimona cockpit {day} {name}".encode(), hashlib.sha256).hexdigest()
