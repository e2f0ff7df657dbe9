"""OAuth2 client credentials with a signed assertion (``private_key_jwt``), as one ``httpx.Auth``."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field

import httpx
import jwt
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from dimona_provider.api.keys import SigningKey
from dimona_provider.api.settings import Settings
from dimona_provider.api.token_replies import error_code, read_token, skew_hint
from dimona_provider.clock import Clock, SystemClock
from dimona_provider.errors import AuthenticationFailed, DimonaError, ServiceUnavailable
from dimona_provider.tally import Tally

ASSERTION_LIFETIME = 240.0
"""Seconds; clients of the NSSO use 300, and more is not known to be accepted."""
RENEW_BEFORE = 60.0
"""Seconds before its end at which a token is renewed, or half its life if that is shorter."""
REMEMBER_FAILURE = 5.0
"""Seconds for which a refused renewal answers all callers, so that a wrong key does not flood the server."""
TOKEN_TIMEOUT = 15.0

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

    def __init__(
        self,
        settings: Settings,
        http: httpx.AsyncClient,
        clock: Clock | None = None,
        tally: Tally | None = None,
    ) -> None:
        self._settings = settings
        self._http = http
        self._tally = tally or Tally()
        self._clock = clock or SystemClock()
        self._renewal = asyncio.Lock()
        self._token: AccessToken | None = None
        self._failure: tuple[float, DimonaError] | None = None
        # The one that signed in last comes first.
        self._keys = [key for key in (settings.private_key, settings.next_private_key) if key is not None]

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
                self._tally.count("tokens.failed")
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
        """Sign in with the first key that is taken: of two, one may not be known there yet, or no more."""
        refusal: AuthenticationFailed | None = None
        for key in list(self._keys):
            try:
                token = await self._sign_in(key)
            except AuthenticationFailed as error:
                refusal = refusal or error
                continue
            self._keys.sort(key=lambda one: one is not key)
            is_first = key is self._settings.private_key
            self._tally.count("tokens.renewed" if is_first else "tokens.next_key")
            return token
        assert refusal is not None  # noqa: S101 - for mypy: there is a key
        raise refusal

    async def _sign_in(self, key: SigningKey) -> AccessToken:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(key),
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
        value, lifetime = read_token(response)
        return AccessToken(value, asked_at + lifetime - min(RENEW_BEFORE, lifetime / 2))

    def _assertion(self, key: SigningKey) -> str:
        now = self._clock.now()
        claims = {
            "iss": self._settings.client_id,
            "sub": self._settings.client_id,
            "aud": self._settings.token_url,
            "jti": str(uuid.uuid4()),
            "iat": int(now) - 10,  # the NSSO's clock may be behind ours
            "exp": int(now) - 10 + int(ASSERTION_LIFETIME),
        }
        return jwt.encode(claims, key.private, algorithm="RS256")

    def _refusal(self, response: httpx.Response) -> DimonaError:
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
            return ServiceUnavailable(f"the token endpoint answered {response.status_code}")
        hint = skew_hint(response, self._clock.now())
        said = f"HTTP {response.status_code}, {error_code(response)}"
        return AuthenticationFailed(
            f"the token endpoint refused our credentials ({said}): check that the client id belongs to the "
            f"certificate of this private key{hint}"
        )
