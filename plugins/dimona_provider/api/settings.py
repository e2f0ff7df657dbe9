"""What a connection of type ``dimona`` says, read once and refused as a whole when anything is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from dimona_provider.api.keys import SigningKey, read_key
from dimona_provider.api.routing import read_days_ahead, read_employers
from dimona_provider.domain.committees import Translations, read_translations
from dimona_provider.errors import ConfigurationError

NSSO_TOKEN_URL = "https://services.socialsecurity.be/REST/oauth/v5/token"  # noqa: S105 - an address, no secret
BASE_URLS = {
    "simulation": "https://services-sim.socialsecurity.be/REST/dimona/v2",
    "production": "https://services.socialsecurity.be/REST/dimona/v2",
}
ENVIRONMENTS = (*BASE_URLS, "custom")
DEFAULT_REQUESTS_PER_SECOND = 20.0
"""No figure of the NSSO is known; this is a polite guess, documented in docs/connection.md."""

DEFAULT_CONCURRENCY = 20
"""Enough for the default rate as long as an answer takes less than a second."""

REFILE_AFTER = 1200.0
"""Seconds after which a declaration that arrived shows in a search, by all that is known."""

_T = TypeVar("_T")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Settings:
    """A complete, checked connection; the key is never shown."""

    conn_id: str
    """Whose budget requests count against."""
    client_id: str
    environment: str
    base_url: str
    """Without a slash at the end; it also names the environment in every key of the ledger."""
    token_url: str
    private_key: SigningKey
    next_private_key: SigningKey | None = None
    """The key that takes over: used as soon as the token endpoint refuses the other one (docs/keys.md)."""
    scope: str | None = None
    requests_per_second: float = DEFAULT_REQUESTS_PER_SECOND
    concurrency: int = DEFAULT_CONCURRENCY
    """Requests under way at once, of all who use the connection together."""
    refile_after: float = REFILE_AFTER
    """Seconds before a declaration that is not found may be sent again."""
    employers: Mapping[str, str] = field(default_factory=dict)
    """Employers that file over another connection: its id by enterprise or NSSO number."""
    joint_committees: Translations = field(default_factory=dict)
    """Translations of payroll's joint committees that go before the table's, for who files over this one."""
    file_ahead_days: Mapping[str, int] = field(default_factory=dict)
    """How many days before its start an IN is filed, by employer; ``*`` stands for all others."""

    @classmethod
    def read(cls, conn_id: str, *, login: str | None, host: str | None, extra: Mapping[str, Any]) -> Settings:
        """
        Read login, host and extra of a connection.

        Raises ConfigurationError that lists everything missing or malformed, without any secret.
        """
        problems: list[str] = []
        fields = read_fields(login, host, extra, problems)
        key = read_key(extra, "private_key", problems)
        next_key = read_key(extra, "next_private_key", problems, is_needed=False)
        if problems or key is None:
            raise ConfigurationError("the dimona connection is not usable: " + "; ".join(problems))
        return cls(conn_id=conn_id, private_key=key, next_private_key=next_key, **fields)


def read_fields(
    login: str | None, host: str | None, extra: Mapping[str, Any], problems: list[str]
) -> dict[str, Any]:
    """Return all of a connection but its key and its id; what is wrong goes to *problems*."""
    environment = str(extra.get("environment") or "simulation")
    if environment not in ENVIRONMENTS:
        problems.append(f"extra.environment must be one of {', '.join(ENVIRONMENTS)}")
    if not login:
        problems.append("login (the client id) is missing")
    base_url = _base_url(environment, host, problems)
    token_url = _token_url(environment, extra.get("token_url"), problems)
    rate = _positive(extra, "requests_per_second", DEFAULT_REQUESTS_PER_SECOND, problems)
    refile_after = _positive(extra, "refile_after", REFILE_AFTER, problems)
    if refile_after < REFILE_AFTER and environment != "custom":
        problems.append(f"extra.refile_after must be {REFILE_AFTER:.0f} or more at the NSSO")
    concurrency = _positive(extra, "concurrency", DEFAULT_CONCURRENCY, problems)
    if concurrency != int(concurrency):
        problems.append("extra.concurrency must be a whole number")
    return {
        "client_id": str(login),
        "environment": environment,
        "base_url": base_url,
        "token_url": token_url,
        "scope": extra.get("scope") or None,
        "requests_per_second": rate,
        "concurrency": int(concurrency),
        "employers": _mapping(read_employers, extra.get("employers"), problems),
        "joint_committees": _mapping(read_translations, extra.get("joint_committees"), problems),
        "file_ahead_days": _mapping(read_days_ahead, extra.get("file_ahead_days"), problems),
        "refile_after": refile_after,
    }


def _mapping(read: Callable[[Any], Mapping[str, _T]], raw: Any, problems: list[str]) -> Mapping[str, _T]:
    try:
        return read(raw)
    except ValueError as error:
        problems.append(str(error))
        return {}


def _base_url(environment: str, host: str | None, problems: list[str]) -> str:
    if environment != "custom":
        if host and host.rstrip("/") != BASE_URLS.get(environment):
            problems.append("host is only allowed with extra.environment custom")
        return BASE_URLS.get(environment, "")
    if not host:
        problems.append("host (the base URL) is missing, and environment custom needs it")
        return ""
    _check_url("host", host, problems)
    if _is_of_the_nsso(host):
        problems.append("host is the NSSO's own: set extra.environment to simulation or production instead")
    return host.rstrip("/")


def _token_url(environment: str, raw: Any, problems: list[str]) -> str:
    if raw:
        _check_url("extra.token_url", str(raw), problems)
        return str(raw)
    if environment == "custom":
        problems.append("extra.token_url is missing, and environment custom needs it")
    return NSSO_TOKEN_URL


def _is_of_the_nsso(url: str) -> bool:
    """Tell whether *url* leads to the NSSO, as the HTTP client will resolve it."""
    try:
        host = httpx.URL(url).raw_host.decode().lower().rstrip(".")
    except (httpx.InvalidURL, UnicodeError):
        return False
    return host == "socialsecurity.be" or host.endswith(".socialsecurity.be")


def _check_url(name: str, url: str, problems: list[str]) -> None:
    try:
        parts = urlsplit(url)
        scheme, host, _ = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host = "", None
    if scheme not in {"http", "https"} or not host or "@" in url:
        problems.append(f"{name} must be a full http(s) URL without credentials")
    elif scheme == "http" and host not in _LOOPBACK:
        problems.append(f"{name} must use https (plain http is for this machine only)")


def _positive(extra: Mapping[str, Any], name: str, default: float, problems: list[str]) -> float:
    raw = extra.get(name)
    if raw is None or raw == "":
        return default
    try:
        value = float(raw)
    except (TypeError, ValueError, OverflowError):
        value = 0.0
    if not 0 < value < 1e6:
        problems.append(f"extra.{name} must be a number above 0")
        return default
    return value
