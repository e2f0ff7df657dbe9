"""What every page needs: who asks, in which language, the ledger, the environment, and how to draw a page."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import jinja2
from fastapi import Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from dimona_provider.cockpit import charts, formatting
from dimona_provider.cockpit.access import Visitor, VisitorDep
from dimona_provider.cockpit.addresses import PREFIX
from dimona_provider.cockpit.formatting import badge
from dimona_provider.cockpit.languages import COOKIE, NAMES, Translation, choose
from dimona_provider.cockpit.opening import ledger_of
from dimona_provider.domain.anomalies import Language, describe, next_step
from dimona_provider.ledger import Ledger, figures


@dataclass
class Desk:
    """One request of one user."""

    request: Request
    visitor: Visitor
    ledger: Ledger = field(repr=False)

    @cached_property
    def lang(self) -> Language:
        """The language of the page."""
        return language_of(self.request)

    @cached_property
    def say(self) -> Translation:
        """The texts of the page."""
        return Translation(self.lang)

    @cached_property
    def environments(self) -> Sequence[str]:
        """The base URLs that something was filed at, the newest first."""
        return figures.environments(self.ledger)

    @cached_property
    def environment(self) -> str:
        """The base URL that the page is about: the one that the address names, else the newest."""
        wanted = self.request.query_params.get("env")
        if wanted is None:
            return next(iter(self.environments), "")
        for one in self.environments:
            if short(one) == wanted:
                return one
        raise HTTPException(404, "environment")

    def url(self, path: str, /, **query: object) -> str:
        """Return the path of a page, about the same environment."""
        chosen = {name: value for name, value in query.items() if value not in (None, "")}
        if "env" in self.request.query_params and "env" not in chosen:
            chosen = {"env": self.request.query_params["env"], **chosen}
        return address(self.request, path, chosen)

    def airflow(self, *parts: str) -> str:
        """Return the path of one of Airflow's own pages."""
        return (
            _root(self.request).removesuffix(PREFIX) + "/" + "/".join(quote(part, safe="") for part in parts)
        )

    def page(self, template: str, **context: Any) -> HTMLResponse:
        """Draw *template*."""
        return HTMLResponse(
            draw(
                template,
                desk=self,
                url=self.url,
                airflow=self.airflow,
                say=self.say,
                lang=self.lang,
                visitor=self.visitor,
                badge=badge(self.environment),
                describe=lambda code: describe(code, self.lang),
                next_step=lambda code: next_step(code, self.lang),
                languages=NAMES,
                here=self._here(),
                short=short,
                badge_of=badge,
                **context,
            )
        )

    def go(self, path: str, /, **query: object) -> RedirectResponse:
        """Answer a POST: the browser gets the page *path*."""
        return RedirectResponse(self.url(path, **query), status_code=303)

    def _here(self) -> str:
        """Return where this page is seen again in another language; the answer to a form can't be."""
        path = self.request.url.path.removeprefix(_root(self.request))
        if self.request.method == "POST":
            path = path.rpartition("/")[0]
        return address(self.request, path, dict(self.request.query_params))


def _desk(request: Request, who: VisitorDep) -> Desk:
    return Desk(request, who, ledger_of(f"user:{who.name}"))


DeskDep = Annotated[Desk, Depends(_desk)]


def language_of(request: Request) -> Language:
    """Return the language that a user chose, or his browser asks for."""
    return choose(request.cookies.get(COOKIE), request.headers.get("accept-language", ""))


def address(request: Request, path: str, query: Mapping[str, object]) -> str:
    """Return a path of ours on this host."""
    return _root(request) + path + (f"?{urlencode(query)}" if query else "")


def short(environment: str) -> str:
    """Return what stands for a base URL in an address."""
    return hashlib.sha256(environment.encode()).hexdigest()[:8]


def draw(template: str, **context: Any) -> str:
    """Return a page as HTML, with everything escaped that is not ours."""
    return _templates().get_template(template).render(**context)


@cache
def _templates() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("dimona_provider.cockpit"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"moment": formatting.moment, "iso": formatting.iso_moment, "span": formatting.span}
    found.globals |= {"bars": charts.bars}
    return found


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))
