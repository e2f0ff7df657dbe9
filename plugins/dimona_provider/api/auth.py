"""OAuth2 client credentials with a signed assertion (``private_key_jwt``), as one ``httpx.Auth``."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import jwt
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from dimona_provider.api.settings import Settings
from dimona_provider.clock import Clock, SystemClock
from dimona_provider.errors import AuthenticationFailed, DimonaError, ServiceUnavailable

ASSERTION_LIFETIME = 240.0
"""Seconds; clients of the NSSO use 300, and more is not known to be accepted."""
RENEW_BEFORE = 60.0
"""Seconds before its end at which a token is renewed, or half its life if that is shorter."""
REMEMBER_FAILURE = 5.0
"""Seconds for which a refused renewal answers all callers, so that a wrong key does not flood the server."""
TOKEN_TIMEOUT = 15.0
SKEW_WORTH_TELLING = 30.0
_LONGEST_LIFE = 86_400.0
_UNTOLD_LIFE = 60.0

TOKEN_EXTENSION = "dimona_token"  # noqa: S105 - the name of a request's extension
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A bearer token and when to get the next one; never shown."""

    value: str = field(repr=False)
    renew_at: float


class ClientCredentials(httpx.Auth):
    """
    Put a bearer token on every request; one renewal serves all callers.

    A failed renewal raises AuthenticationFailed or ServiceUnavailable before the request has left.
    A 401 on the request drops the token, and the next request renews it. The request itself is not repeated
    here: who may send again, and when, is decided by the use case.
    """

    requires_response_body = False

    def __init__(self, settings: Settings, http: httpx.AsyncClient, clock: Clock | None = None) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock or SystemClock()
        self._renewal = asyncio.Lock()
        self._token: AccessToken | None = None
        self._failure: tuple[float, DimonaError] | None = None

    def __repr__(self) -> str:
        return "ClientCredentials()"

    def sync_auth_flow(self, _request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Refuse: there is no synchronous client in this package."""
        raise RuntimeError("dimona is async only (docs/adr/0004)")

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign *request* with the token that was got for it, else with a live one."""
        token = request.extensions.get(TOKEN_EXTENSION) or await self.token()
        request.headers["Authorization"] = f"Bearer {token.value}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and self._token is token:
            self._token = None

    async def token(self) -> AccessToken:
        """Return a live token, renewing it first where needed."""
        if (token := self._live()) is not None:
            return token
        async with self._renewal:
            if (token := self._live()) is not None:
                return token
            if self._failure is not None and self._clock.monotonic() < self._failure[0]:
                raise self._failure[1]
            try:
                self._token = await self._renew()
            except DimonaError as error:
                self._failure = (self._clock.monotonic() + REMEMBER_FAILURE, error)
                raise
            self._failure = None
            return self._token

    def _live(self) -> AccessToken | None:
        token = self._token
        return token if token is not None and self._clock.monotonic() < token.renew_at else None

    async def _renew(self) -> AccessToken:
        # A token request has no effect at the NSSO: it may be repeated.
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(ServiceUnavailable),
            stop=stop_after_attempt(3),
            wait=wait_exponential(multiplier=0.5, max=5) + wait_random(0, 1),
            sleep=self._clock.sleep,
            reraise=True,
        ):
            with attempt:
                return await self._request_token()
        raise AssertionError("tenacity ends with a result or an error")

    async def _request_token(self) -> AccessToken:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(),
        }
        if self._settings.scope:
            form["scope"] = self._settings.scope
        asked_at = self._clock.monotonic()
        try:
            async with asyncio.timeout(TOKEN_TIMEOUT):
                response = await self._http.post(self._settings.token_url, data=form)
        except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
            raise ServiceUnavailable(
                f"the token endpoint can't be reached ({type(error).__name__})"
            ) from None
        if response.status_code != httpx.codes.OK:
            raise self._refusal(response)
        value, lifetime = _read_token(response)
        return AccessToken(value, asked_at + lifetime - min(RENEW_BEFORE, lifetime / 2))

    def _assertion(self) -> str:
        now = self._clock.now()
        claims = {
            "iss": self._settings.client_id,
            "sub": self._settings.client_id,
            "aud": self._settings.token_url,
            "jti": str(uuid.uuid4()),
            "iat": int(now) - 10,  # the NSSO's clock may be behind ours
            "exp": int(now) - 10 + int(ASSERTION_LIFETIME),
        }
        return jwt.encode(claims, self._settings.private_key, algorithm="RS256")

    def _refusal(self, response: httpx.Response) -> DimonaError:
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
            return ServiceUnavailable(f"the token endpoint answered {response.status_code}")
        hint = _skew_hint(response, self._clock.now())
        said = f"HTTP {response.status_code}, {_error_code(response)}"
        return AuthenticationFailed(
            f"the token endpoint refused our credentials ({said}): check that the client id belongs to the "
            f"certificate of this private key{hint}"
        )


def _read_token(response: httpx.Response) -> tuple[str, float]:
    try:
        body = response.json()
        value, raw = body["access_token"], body.get("expires_in")
    except (ValueError, KeyError, TypeError, AttributeError):
        value = raw = None
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise ServiceUnavailable("the token endpoint answered 200 without an access token")
    try:
        lifetime = float(raw)
    except (ValueError, TypeError, OverflowError):
        lifetime = 0.0
    return value, lifetime if 0 < lifetime < _LONGEST_LIFE else _UNTOLD_LIFE


def _error_code(response: httpx.Response) -> str:
    """Return the RFC 6749 error code; never the description, which may repeat the assertion."""
    known = {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "invalid_scope"}
    try:
        body: Any = response.json()
        code = body.get("error")
    except (ValueError, AttributeError):
        code = None
    return code if isinstance(code, str) and code in known else "no known error code"


def _skew_hint(response: httpx.Response, now: float) -> str:
    try:
        theirs = parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return ""
    skew = now - theirs
    if abs(skew) < SKEW_WORTH_TELLING:
        return ""
    side = "ahead of" if skew > 0 else "behind"
    return f"; this machine's clock is {abs(skew):.0f} s {side} the server's, which alone can cause this"
