"""Whether a connection gets a token, and until when its certificate is valid; asked once in some minutes."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import dataclass

import httpx
from airflow.sdk.exceptions import AirflowNotFoundException

from dimona_provider.api.auth import ClientCredentials
from dimona_provider.api.settings import Settings
from dimona_provider.errors import ConfigurationError, DimonaError, ServiceUnavailable
from dimona_provider.plain_process import found_connection

FRESH = 300.0
"""Seconds for which a check counts: the cockpit must not flood the token endpoint."""
PATIENCE = 4.0
_checked: dict[str, Health] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Health:
    """How a connection does."""

    conn_id: str
    checked_at: float
    problem: str | None
    """Why it gives no token, without any secret; None when it does."""
    certificate_ends: float | None
    """When the certificate of its key ends; None where no certificate is at hand."""


def health(conn_id: str) -> Health:
    """Return how a connection does, asked at most once in five minutes by this process."""
    with _lock:
        known = _checked.get(conn_id)
        if known is not None and time.time() - known.checked_at < FRESH:
            return known
        found = _check(conn_id)
        _checked[conn_id] = found
        return found


def forget() -> None:
    """Ask again at the next call."""
    with _lock:
        _checked.clear()


def _check(conn_id: str) -> Health:
    ends = None
    try:
        settings = _read(conn_id)
        ends = settings.private_key.ends_at
        asyncio.run(_fetch_token(settings))
    except DimonaError as error:
        return Health(conn_id, time.time(), str(error), ends)
    return Health(conn_id, time.time(), None, ends)


def _read(conn_id: str) -> Settings:
    try:
        connection = found_connection(conn_id)
        extra = json.loads(connection.extra or "{}")
    except (AirflowNotFoundException, ValueError):
        raise ConfigurationError(f"there is no readable connection {conn_id!r}") from None
    return Settings.read(conn_id, login=connection.login, host=connection.host, extra=extra)


async def _fetch_token(settings: Settings) -> None:
    try:
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient() as http:
            await ClientCredentials(settings, http).token()
    except TimeoutError:
        raise ServiceUnavailable(f"no token within {PATIENCE:.0f} s") from None
