"""Every route asks Airflow's auth manager: who is nobody, who has no role, who may only look."""

from __future__ import annotations

from typing import Any

import pytest

from dimona_provider.cockpit.app import create_app
from dimona_provider.ledger import Ledger
from dimona_provider.ledger.schema import events
from support import people
from support.desks import token_on
from support.ledgers import RUN, row, rows

from .conftest import Open

_RUN = f"?dag_id={RUN.dag_id}&run_id={RUN.run_id}"
PAGES = {
    "/": "",
    "/declarations": "",
    "/declarations.csv": "",
    "/declarations/{reference}": "",
    "/declarations/{reference}/receipt": "",
    "/run": _RUN,
    "/task": f"{_RUN}&task_id=submit",
    "/gaps": "",
    "/decisions": "",
    "/static/{name}": "",
}
"""The pages, by route, with what their address has to ask."""
ACTIONS = {
    "/search": {"ssin": people.ssin(3)},
    "/declarations/{reference}/person": {},
    "/declarations/{reference}/acknowledge": {"reason": "seen"},
    "/declarations/{reference}/release": {"reason": "fixed"},
    "/declarations/{reference}/resolve": {"reason": "looked", "what": "not_filed"},
    "/decisions/{reference}": {"option": "keep", "reason": "as it is"},
    "/hold": {"reason": "stop", "everything": "yes"},
    "/hold/release": {"reason": "go on"},
}
"""What people do, by route, with a form that makes sense."""
LANGUAGE = "/language"
"""A POST that changes nothing but a cookie: everybody who looks may."""


def test_these_are_all_routes() -> None:
    routes = {
        (route.path, method)  # type: ignore[attr-defined]
        for route in create_app().routes
        for method in route.methods  # type: ignore[attr-defined]
    }

    ours = {(path, "GET") for path in PAGES} | {(path, "POST") for path in (*ACTIONS, LANGUAGE)}
    assert {one for one in routes if one[1] != "HEAD"} == ours


def _path(route: str, filed: list[str]) -> str:
    return route.format(reference=filed[1], name="cockpit.css") + PAGES.get(route, "")


@pytest.mark.parametrize("route", PAGES)
def test_a_page_is_for_who_may_look_and_shows_no_person(route: str, visit: Open, filed: list[str]) -> None:
    path = _path(route, filed)

    anonymous, nobody, viewer = (visit(name).get(path) for name in (None, "nobody", "viv"))

    assert [one.status_code for one in (anonymous, nobody, viewer)] == [401, 403, 200], viewer.text
    assert "E-" not in anonymous.text + nobody.text
    assert "Peeters" not in viewer.text
    assert people.ssin(3) not in viewer.text
    for one in (anonymous, nobody, viewer):
        assert one.headers["content-security-policy"].startswith("default-src 'none'")
        assert one.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("route", ACTIONS)
def test_an_action_is_for_who_may_edit_and_comes_from_our_own_page(
    route: str, visit: Open, filed: list[str], ledger: Ledger
) -> None:
    before = (rows(ledger), rows(ledger, events))
    path, form = _path(route, filed), ACTIONS[route]
    token = token_on(visit("viv").get("/decisions"))

    answers = [
        visit(name).post(path, data={**form, "form_token": sent})
        for name, sent in ((None, token), ("nobody", token), ("viv", token), ("anna", ""), ("anna", token))
    ]

    assert [one.status_code for one in answers] == [401, 403, 403, 403, 403]
    assert (rows(ledger), rows(ledger, events)) == before


def test_a_language_is_for_who_may_look(visit: Open) -> None:
    names = (None, "nobody", "viv")
    answers = [visit(name).post(LANGUAGE, data={"lang": "fr", "form_token": "0" * 64}) for name in names]

    assert [one.status_code for one in answers] == [401, 403, 403]


def test_a_form_from_another_site_does_nothing(visit: Open, filed: list[str]) -> None:
    of_anna = token_on(visit("anna").get("/decisions"))

    crossed = visit("anna", **{"sec-fetch-site": "cross-site"}).post(
        f"/declarations/{filed[1]}/acknowledge", data={"reason": "x", "form_token": of_anna}
    )

    assert crossed.status_code == 403


def test_there_is_no_public_documentation_and_no_other_file(visit: Open) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"):
        assert visit("anna").get(path).status_code == 404, path
    for path in ("/static/../app.py", "/static/texts.toml", "/static/%2e%2e%2fapp.py"):
        assert visit("anna").get(path).status_code == 404, path


def test_a_query_can_not_choose_another_dag_for_the_right(visit: Open, filed: list[str]) -> None:
    assert visit("nobody").get("/declarations?dag_id=mine").status_code == 403


def test_the_right_to_act_is_asked_for_the_team_of_the_dag(
    visit: Open, filed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.models.dag import DagModel

    asked = []
    manager = get_auth_manager()
    answer = manager.is_authorized_dag

    def ask(**question: Any) -> bool:
        asked.append((question["method"], question["details"].team_name))
        return answer(**question)

    monkeypatch.setattr(DagModel, "get_team_name", lambda _dag_id: "payroll")
    monkeypatch.setattr(manager, "is_authorized_dag", ask)

    assert visit("anna").get("/gaps").status_code == 200
    assert set(asked) == {("GET", "payroll"), ("PUT", "payroll")}


def test_unclear_stays_as_it_was_for_a_viewer(visit: Open, filed: list[str], ledger: Ledger) -> None:
    page = visit("viv").get(f"/declarations/{filed[4]}")

    assert '<form method="post" action="/dimona/declarations' not in page.text
    assert row(ledger, 5).state == "unclear"
