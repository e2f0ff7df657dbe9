"""Every route asks Airflow's auth manager: who is nobody, who has no role, who may only look."""

from __future__ import annotations

import httpx
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
    "/hold": {"reason": "stop"},
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


@pytest.mark.parametrize("name", [None, "nobody"])
@pytest.mark.parametrize("route", PAGES)
def test_a_page_is_for_nobody_without_a_role(
    route: str, name: str | None, visit: Open, filed: list[str]
) -> None:
    answer = visit(name).get(_path(route, filed))

    assert answer.status_code == (401 if name is None else 403)
    assert "E-" not in answer.text


@pytest.mark.parametrize("name", [None, "nobody", "viv"])
@pytest.mark.parametrize("route", [*ACTIONS, LANGUAGE])
def test_an_action_is_for_nobody_without_the_right(
    route: str, name: str | None, visit: Open, filed: list[str], ledger: Ledger
) -> None:
    before = (rows(ledger), rows(ledger, events))
    form = {**ACTIONS.get(route, {"lang": "fr"}), "form_token": "0" * 64}
    if name == "viv":
        if route == LANGUAGE:
            pytest.skip("whoever may look may choose a language")
        form["form_token"] = token_on(visit("viv").get("/"))

    answer = visit(name).post(_path(route, filed), data=form)

    assert answer.status_code == (401 if name is None else 403)
    assert (rows(ledger), rows(ledger, events)) == before


@pytest.mark.parametrize("route", PAGES)
def test_a_viewer_sees_each_page_without_a_person(route: str, visit: Open, filed: list[str]) -> None:
    answer = visit("viv").get(_path(route, filed))

    assert answer.status_code == 200, answer.text
    assert "Peeters" not in answer.text
    assert people.ssin(3) not in answer.text
    assert "act.person" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("route", [*ACTIONS, LANGUAGE])
@pytest.mark.parametrize("token", ["", "0" * 64])
def test_a_form_of_another_site_does_nothing(
    route: str, token: str, visit: Open, filed: list[str], ledger: Ledger
) -> None:
    before = (rows(ledger), rows(ledger, events))

    answer = visit("anna").post(_path(route, filed), data={**ACTIONS.get(route, {}), "form_token": token})

    assert answer.status_code == 403
    assert (rows(ledger), rows(ledger, events)) == before


def test_a_token_is_for_its_own_user_and_site(visit: Open, filed: list[str], ledger: Ledger) -> None:
    of_viv, of_anna = (token_on(visit(name).get("/")) for name in ("viv", "anna"))
    path = f"/declarations/{filed[1]}/acknowledge"

    stolen = visit("anna").post(path, data={"reason": "x", "form_token": of_viv})
    crossed = visit("anna", **{"sec-fetch-site": "cross-site"}).post(
        path, data={"reason": "x", "form_token": of_anna}
    )

    assert (stolen.status_code, crossed.status_code) == (403, 403)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"])
def test_there_is_no_public_documentation(path: str, visit: Open) -> None:
    assert visit(None).get(path).status_code in {401, 404}


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/texts.toml", "/static/%2e%2e%2fapp.py"])
def test_no_other_file_is_served(path: str, visit: Open) -> None:
    assert visit("anna").get(path).status_code == 404


def test_a_query_can_not_choose_another_dag_for_the_right(visit: Open, filed: list[str]) -> None:
    assert visit("nobody").get("/declarations?dag_id=mine").status_code == 403


def test_unclear_stays_as_it_was_for_a_viewer(visit: Open, filed: list[str], ledger: Ledger) -> None:
    page: httpx.Response = visit("viv").get(f"/declarations/{filed[4]}")

    assert '<form method="post" action="/dimona/declarations' not in page.text
    assert row(ledger, 5).state == "unclear"
