"""The cockpit for the api-server: built at its first request, because every Airflow process loads plugins."""

from __future__ import annotations

from functools import cache

from starlette.types import ASGIApp, Receive, Scope, Send


@cache
def _app() -> ASGIApp:
    from dimona_provider.cockpit.app import create_app  # noqa: PLC0415 - workers and schedulers never need it

    return create_app()


async def cockpit(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, as an ASGI application."""
    await _app()(scope, receive, send)
