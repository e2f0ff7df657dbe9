"""The token endpoint and the check of bearer tokens: RFC 6749 and 7523 as the social security uses them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from include.dimona_simulator.messages import Call, Reply, json_reply
from include.dimona_simulator.problems import Refusal, missing_scope, unauthorized
from include.dimona_simulator.settings import TOKEN_PATH, Settings

DECLARE = "scope:dimona:declaration:declarant"
CONSULT = "scope:dimona:declaration:consult"
_SCOPES = (DECLARE, CONSULT)
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM = "application/x-www-form-urlencoded"
_NO_STORE = {"Cache-Control": "no-store"}
_KEPT_AFTER_EXPIRY = 3600.0
"""How long (seconds) an expired token is told from one that was never given."""


@dataclass(frozen=True, slots=True)
class _Grant:
    expires_at: float
    scopes: frozenset[str]


class _TokenRefused(Exception):
    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.reply = json_reply(status, {"error": error, "error_description": description}, headers=_NO_STORE)


class Authority:
    """Give tokens to registered clients and check them; *clients* maps client ids to their public keys."""

    def __init__(self, settings: Settings, clients: Mapping[str, Sequence[RSAPublicKey]]) -> None:
        self._settings = settings
        self._clients = dict(clients)
        self._tokens: dict[str, _Grant] = {}
        self._seen: dict[str, float] = {}

    def register(self, client: str, keys: Sequence[RSAPublicKey]) -> None:
        """From now on take these keys of *client* and no others; tokens that were given stay valid."""
        self._clients[client] = keys

    def token(self, call: Call, now: float) -> Reply:
        """Answer a token request."""
        try:
            form = _read_form(call)
            self._check_assertion(form.get("client_assertion", ""), call.origin + TOKEN_PATH, now)
            scopes = _read_scopes(form.get("scope"))
        except _TokenRefused as refused:
            return refused.reply
        return self._issue(scopes, now)

    def check(self, call: Call, scope: str, now: float) -> None:
        """Refuse a call without a valid token that covers *scope*."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refusal(unauthorized("noAccessToken", "No Access Token"))
        grant = self._tokens.get(token)
        if grant is None:
            raise Refusal(unauthorized("invalidAccessToken", "Invalid Access Token"))
        if now >= grant.expires_at:
            raise Refusal(unauthorized("expiredAccessToken", "Expired Access Token"))
        if scope not in grant.scopes:
            raise Refusal(missing_scope(scope))

    def expire(self, call: Call, now: float) -> bool:
        """Let the token that a call carries expire; tells whether it carried a valid one."""
        token = call.headers.get("authorization", "").partition(" ")[2]
        grant = self._tokens.get(token)
        if grant is None or now >= grant.expires_at:
            return False
        self._tokens[token] = replace(grant, expires_at=now)
        return True

    def _issue(self, scopes: tuple[str, ...], now: float) -> Reply:
        kept = now - _KEPT_AFTER_EXPIRY
        self._tokens = {token: grant for token, grant in self._tokens.items() if grant.expires_at > kept}
        token = secrets.token_urlsafe(32)
        self._tokens[token] = _Grant(now + self._settings.token_lifetime, frozenset(scopes))
        content = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self._settings.token_lifetime,
            "scope": " ".join(scopes),
        }
        return json_reply(200, content, headers=_NO_STORE)

    def _check_assertion(self, assertion: str, audience: str, now: float) -> None:
        claims = self._verified(assertion)
        given = claims.get("aud")
        if audience not in (given if isinstance(given, list) else [given]):
            raise _TokenRefused("invalid_client", "aud is not the URL of this token endpoint", 401)
        expires = self._check_times(claims, now)
        self._check_first_use(claims.get("jti"), expires, now)

    def _verified(self, assertion: str) -> dict[str, Any]:
        try:
            client = jwt.decode(assertion, options={"verify_signature": False}).get("sub")
            keys = self._clients.get(str(client))
        except jwt.InvalidTokenError as error:
            raise _TokenRefused("invalid_client", f"bad assertion: {type(error).__name__}", 401) from None
        if not keys:
            raise _TokenRefused("invalid_client", "the client is not registered", 401)
        claims = _signed_by(keys, assertion)
        if claims.get("iss") != client:
            raise _TokenRefused("invalid_client", "iss and sub are not the same client", 401)
        return claims

    def _check_times(self, claims: Mapping[str, Any], now: float) -> float:
        expires, issued = _instant(claims, "exp"), _instant(claims, "iat")
        latest = now + self._settings.clock_skew
        not_before = _instant(claims, "nbf") if "nbf" in claims else issued
        if expires <= now:
            raise _TokenRefused("invalid_client", "the assertion has expired", 401)
        if issued > latest or not_before > latest:
            raise _TokenRefused("invalid_client", "the assertion is from the future", 401)
        if expires - issued > self._settings.assertion_lifetime:
            longest = self._settings.assertion_lifetime
            raise _TokenRefused("invalid_client", f"the assertion lives longer than {longest} s", 401)
        return expires

    def _check_first_use(self, jti: object, expires: float, now: float) -> None:
        if not isinstance(jti, str) or not jti:
            raise _TokenRefused("invalid_client", "jti is missing", 401)
        self._seen = {seen: until for seen, until in self._seen.items() if until > now}
        if jti in self._seen:
            raise _TokenRefused("invalid_client", "the assertion was used before", 401)
        self._seen[jti] = expires


# Times and audience are checked against our own clock and URL, not PyJWT's.
_SIGNATURE_ONLY: Any = {
    f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
}  # fmt: skip


def _signed_by(keys: Sequence[RSAPublicKey], assertion: str) -> dict[str, Any]:
    refused = ""
    for key in keys:
        try:
            return dict(jwt.decode(assertion, key, ["RS256"], options=_SIGNATURE_ONLY))
        except jwt.InvalidTokenError as error:
            refused = type(error).__name__
    raise _TokenRefused("invalid_client", f"bad assertion: {refused}", 401)


def _read_form(call: Call) -> dict[str, str]:
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise _TokenRefused("invalid_request", f"Content-Type is not {_FORM}")
    pairs = parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True)
    form = dict(pairs)
    if len(form) != len(pairs):
        raise _TokenRefused("invalid_request", "a parameter is repeated")
    for name in ("grant_type", "client_assertion_type", "client_assertion"):
        if not form.get(name):
            raise _TokenRefused("invalid_request", f"{name} is missing")
    if form["grant_type"] != "client_credentials":
        raise _TokenRefused("unsupported_grant_type", "grant_type is not client_credentials")
    if form["client_assertion_type"] != _ASSERTION_TYPE:
        raise _TokenRefused("invalid_request", "client_assertion_type is not jwt-bearer")
    return form


def _read_scopes(asked: str | None) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys((asked or "").split())) or _SCOPES
    if not set(scopes) <= set(_SCOPES):
        raise _TokenRefused("invalid_scope", "an unknown scope is asked for")
    return scopes


def _instant(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _TokenRefused("invalid_client", f"{name} is not a time", 401)
    return float(value)
