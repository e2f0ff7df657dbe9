"""Requests and replies as plain values, whatever carries them: a socket or an httpx transport."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request; *headers* has lower-case names."""

    method: str
    origin: str
    """Scheme, host and port as the client called them, such as ``http://127.0.0.1:8080``."""
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP response."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(
    status: int, content: Mapping[str, Any], media: str = JSON, headers: Mapping[str, str] | None = None
) -> Reply:
    """Build a reply with a JSON body."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Reply(status, body, {"Content-Type": media, **(headers or {})})
