"""Runs operations over HTTP, one attempt each, and gives every failure its name."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx

from dimona_provider.api.auth import TOKEN_EXTENSION, AccessToken, ClientCredentials
from dimona_provider.api.operations import Operation
from dimona_provider.api.settings import Settings
from dimona_provider.clock import Clock
from dimona_provider.errors import (
    AuthenticationFailed,
    DimonaError,
    RequestRefused,
    ServiceUnavailable,
    UnclearSubmission,
    UnexpectedResponse,
)
from dimona_provider.tally import Tally

T = TypeVar("T")

REQUEST_TIMEOUT = 15.0
"""Seconds that one request may take in all; claims are planned with it."""
LONGEST_RETRY_AFTER = 86_400.0
"""Seconds: what asks for more is a mistake, and must not keep declarations back for ever."""
BODY_PATIENCE = 2.0
"""Seconds that the unread body of an answer may take before its connection is given up."""

# A ProxyError comes from the proxy before the tunnel stands.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class DimonaClient:
    """Run operations on an ``httpx.AsyncClient``. The caller owns and closes the client."""

    def __init__(self, http: httpx.AsyncClient, auth: ClientCredentials) -> None:
        self._http = http
        self._auth = auth

    async def prepare(self) -> AccessToken:
        """
        Return a live token for the next request, so that nothing is waited for once that has begun.

        Raises ServiceUnavailable or AuthenticationFailed.
        """
        return await self._auth.token()

    async def run(self, operation: Operation[T], token: AccessToken | None = None) -> T:
        """
        Make one attempt. Who may try again, and when, is decided by the use case that calls.

        *token* comes from ``prepare``. Raises ServiceUnavailable, AuthenticationFailed (this request had no
        effect), RequestRefused, UnexpectedResponse, and for an operation that is not safe
        UnclearSubmission.
        """
        # Before the time-out starts: a slow token endpoint must not make a declaration unclear.
        token = token or await self.prepare()
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                response = await self._send(operation, token)
        except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
            raise _no_response(operation, error) from None
        if response.status_code in operation.accept:
            return operation.read(response)
        raise _error_for(operation, response)

    async def _send(self, operation: Operation[T], token: AccessToken) -> httpx.Response:
        request = self._http.build_request(
            operation.method, operation.path, json=operation.json, extensions={TOKEN_EXTENSION: token}
        )
        response = await self._http.send(request, auth=self._auth, stream=True)
        try:
            if operation.safe:
                await response.aread()
            else:
                # What a POST came to stands in the head; a body that breaks off must not make it unclear.
                with suppress(httpx.HTTPError, TimeoutError):
                    async with asyncio.timeout(BODY_PATIENCE):
                        await response.aread()
        finally:
            await response.aclose()
        return response


@asynccontextmanager
async def open_client(
    settings: Settings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
    heard: Callable[[httpx.Response], Awaitable[None]] | None = None,
    tally: Tally | None = None,
) -> AsyncIterator[DimonaClient]:
    """
    Give a client for *settings*, closed afterwards; tests put their own network and time in.

    *heard* gets the head of each answer, that of the token endpoint too; *tally* counts tokens.
    """
    # One line per request, with declaration ids in the URL: thousands of lines that help nobody.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    async with httpx.AsyncClient(
        base_url=settings.base_url + "/",
        timeout=httpx.Timeout(REQUEST_TIMEOUT, connect=5.0),
        # A server closes idle connections after some seconds; a POST must not race with that.
        limits=httpx.Limits(max_connections=2 * settings.concurrency, keepalive_expiry=2.0),
        headers={"Accept": "application/json, application/problem+json"},
        transport=transport,
        event_hooks={"response": [heard] if heard else []},
    ) as http:
        yield DimonaClient(http, ClientCredentials(settings, http, clock, tally))


def _no_response(operation: Operation[T], error: Exception) -> DimonaError:
    what = f"{operation.method} {operation.route}: {type(error).__name__}"
    if operation.safe or isinstance(error, _NEVER_LEFT):
        return ServiceUnavailable(f"the Dimona service can't be reached ({what})")
    return UnclearSubmission(f"no readable answer to {what}")


def _error_for(operation: Operation[T], response: httpx.Response) -> DimonaError:
    status = response.status_code
    what = f"{operation.method} {operation.route}"
    if status == httpx.codes.UNAUTHORIZED:
        return AuthenticationFailed(f"the Dimona service refused our access token ({what}, HTTP 401)")
    if status in {httpx.codes.BAD_REQUEST, httpx.codes.FORBIDDEN}:
        return RequestRefused(f"the Dimona service refused {what} with HTTP {status}", status=status)
    if _is_not_received(response) or (operation.safe and response.is_server_error):
        return ServiceUnavailable(
            f"the Dimona service answered {what} with HTTP {status}", retry_after=_retry_after(response)
        )
    if not operation.safe:
        return UnclearSubmission(f"{what} was answered with HTTP {status}")
    return UnexpectedResponse(f"{what} was answered with HTTP {status}")


def _is_not_received(response: httpx.Response) -> bool:
    """
    Tell whether the service itself says that it did not take the request.

    A bare 503 does not count: a gateway also sends it when the service behind it took the request and failed.
    """
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return True
    is_problem = response.headers.get("Content-Type", "").startswith("application/problem+json")
    return response.status_code == httpx.codes.SERVICE_UNAVAILABLE and (
        is_problem or "Retry-After" in response.headers
    )


def _retry_after(response: httpx.Response) -> float | None:
    raw = response.headers.get("Retry-After")
    if not raw:
        return None
    try:
        seconds = float(raw)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(raw) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER) if math.isfinite(seconds) else None
