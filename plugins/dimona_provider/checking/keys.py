"""What can be said of a connection's keys and certificates without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dimona_provider.api.keys import SigningKey, read_key
from dimona_provider.checks import Check, Step, Verdict, not_tried
from dimona_provider.domain.expiry import days_left, end_phrase, stage

SHORTEST_KEY = 2048
"""Bits: shorter RSA keys are no longer thought safe (NIST SP 800-131A)."""

_READABLE_BY_ALL = 0o004
_CONTAINERS_OWN = Path("/run/secrets")
"""Where containers get secrets: readable for all in the container, which is one process's own machine."""


def _read(extra: Mapping[str, Any], problems: list[str]) -> dict[str, SigningKey]:
    found = {
        "private_key": read_key(extra, "private_key", problems),
        "next_private_key": read_key(extra, "next_private_key", problems, is_needed=False),
    }
    return {name: key for name, key in found.items() if key is not None}


def check_key(extra: Mapping[str, Any]) -> Check:
    """Tell whether the private keys can be read, and whether they are kept and made well."""
    problems: list[str] = []
    keys = _read(extra, problems)
    if problems:
        return Check(Step.KEY, Verdict.BAD, "; ".join(problems))
    for name, key in keys.items():
        words, bits = name.replace("_", " "), key.private.key_size
        if bits < SHORTEST_KEY:
            doubt = f"has {bits} bits, which is too few to be safe: make one of {SHORTEST_KEY} or more"
            return Check(Step.KEY, Verdict.DOUBTFUL, f"the {words} {doubt}")
        if not extra.get(name) and _is_open(Path(str(extra[f"{name}_path"]))):
            doubt = f"every user of this machine can read the {words} file: chmod o-r"
            return Check(Step.KEY, Verdict.DOUBTFUL, doubt)
    told = " and ".join(
        f"the {name.replace('_', ' ')} can be read (RSA, {key.private.key_size} bits)"
        for name, key in keys.items()
    )
    return Check(Step.KEY, Verdict.GOOD, told)


def _is_open(path: Path) -> bool:
    return _CONTAINERS_OWN not in path.parents and bool(path.stat().st_mode & _READABLE_BY_ALL)


def check_certificate(extra: Mapping[str, Any], now: float) -> Check:
    """Tell when the certificate of each private key ends, where it stands beside its key."""
    problems: list[str] = []
    ends = {name: key.ends_at for name, key in _read(extra, problems).items()}
    if problems:
        return not_tried(Step.CERTIFICATE, "without its key, nothing says which certificate is meant")
    known = {name: at for name, at in ends.items() if at is not None}
    told = "; ".join(
        f"the certificate of the {name.replace('_', ' ')} {end_phrase(at, now)}" for name, at in known.items()
    )
    if not known:
        return not_tried(Step.CERTIFICATE, "no certificate stands beside the key: nobody watches its end")
    # A next key that lasts is the answer to a certificate that ends.
    latest = max(known.values())
    if stage(days_left(latest, now)) is None:
        return Check(Step.CERTIFICATE, Verdict.GOOD, told)
    return Check(Step.CERTIFICATE, Verdict.DOUBTFUL, f"{told}: make and upload a new one (docs/keys.md)")
