"""The cockpit as an application that Airflow's api-server mounts."""

from __future__ import annotations

from importlib import resources
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.base import RequestResponseEndpoint

from dimona_provider.cockpit import doing, lists, one, overview, registers
from dimona_provider.cockpit.access import from_own_form, reading
from dimona_provider.cockpit.desk import draw, language_of
from dimona_provider.cockpit.languages import COOKIE, NAMES, Translation, texts
from dimona_provider.domain.anomaly_tables import LANGUAGES
from dimona_provider.errors import DecisionRefused, DimonaError

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'self'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_STATIC = {"cockpit.css": "text/css", "cockpit.js": "text/javascript"}
pages = APIRouter()


@pages.get("/static/{name}")
def static(name: str) -> Response:
    """Give the style sheet and the script."""
    if name not in _STATIC:
        raise HTTPException(404, "page")
    body = resources.files("dimona_provider.cockpit").joinpath("static", name).read_bytes()
    return Response(body, media_type=_STATIC[name])


@pages.post("/language", dependencies=[Depends(from_own_form)])
def language(
    request: Request,
    lang: Annotated[str, Form(max_length=2)],
    here: Annotated[str, Form(max_length=2000)] = "",
) -> RedirectResponse:
    """Remember the language that the user chose, and show the page anew."""
    if lang not in LANGUAGES:
        raise HTTPException(400, "lang")
    root = str(request.scope.get("root_path", ""))
    # Only a page of ours: anything else could lead elsewhere.
    is_ours = here.startswith(f"{root}/") and not here.startswith("//") and "\\" not in here
    answer = RedirectResponse(here if is_ours else f"{root}/", status_code=303)
    answer.set_cookie(
        COOKIE, lang, max_age=365 * 86_400, path=root or "/", samesite="lax", httponly=True,
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


def create_app() -> FastAPI:
    """Return the application; every route of it asks Airflow's auth manager first."""
    # FastAPI's own pages of documentation would be public.
    app = FastAPI(dependencies=[Depends(reading)], docs_url=None, redoc_url=None, openapi_url=None)
    for part in (pages, overview.router, lists.router, one.router, registers.router, doing.router):
        app.include_router(part)
    app.middleware("http")(_protect)
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(DimonaError, _failed)
    app.add_exception_handler(sa.exc.DBAPIError, _without_ledger)
    return app


async def _protect(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    response.headers.update(_HEADERS)
    return response


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 - that is what it is registered for
    return _problem(request, error.status_code, str(error.detail))


def _malformed(request: Request, error: Exception) -> Response:
    # FastAPI's own answer would repeat the input, which may be a person's number.
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    places = [str(one["loc"][-1]) for one in error.errors()]
    return _problem(request, 400, places[0] if places else "")


def _failed(request: Request, error: Exception) -> Response:
    refused = isinstance(error, DecisionRefused)
    return _problem(request, 409 if refused else 503, "refused" if refused else "ledger", str(error))


def _without_ledger(request: Request, error: Exception) -> Response:
    assert isinstance(error, sa.exc.DBAPIError)  # noqa: S101 - as above
    return _problem(request, 503, "ledger", type(error.orig).__name__)


def _problem(request: Request, status: int, word: str, detail: str = "") -> Response:
    """Say what is the matter, in the user's language; *word* names it, or the field that makes no sense."""
    lang = language_of(request)
    say = Translation(lang)
    key = f"problem.{word}" if f"problem.{word}" in texts() else f"problem.{status}"
    key = key if key in texts() else "problem.field"
    page = draw(
        "problem.html",
        say=say,
        lang=lang,
        languages=NAMES,
        key=key,
        field=word,
        detail=detail,
        status=status,
        root=str(request.scope.get("root_path", "")),
    )
    return HTMLResponse(page, status_code=status)
