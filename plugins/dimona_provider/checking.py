"""
Whether a connection works, step by step: what the Test button and ``dimona check`` say.

Shows and changes nothing at the NSSO. No text holds a secret: neither key nor token, nor what a server said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx

from dimona_provider.api.auth import SKEW_WORTH_TELLING
from dimona_provider.api.client import open_client
from dimona_provider.api.operations import HARMLESS_DECLARATION, fetch_answer
from dimona_provider.api.settings import Settings, read_fields, read_key
from dimona_provider.clock import Clock, SystemClock
from dimona_provider.errors import AuthenticationFailed, DimonaError, RequestRefused

SHORTEST_KEY = 2048
"""Bits: shorter RSA keys are no longer thought safe (NIST SP 800-131A)."""


class Step(StrEnum):
    """What is looked at, in this order."""

    FIELDS = "fields"
    KEY = "key"
    CLOCK = "clock"
    TOKEN = "token"  # noqa: S105 - the name of a step
    READ = "read"


class Verdict(StrEnum):
    """What came of a step."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    """It works, and a person should look at it."""
    BAD = "bad"
    NOT_TRIED = "not tried"
    """A step before it is bad."""


@dataclass(frozen=True, slots=True)
class Check:
    """What came of one step, in words that say what to do."""

    step: Step
    verdict: Verdict
    text: str


async def check_connection(
    conn_id: str,
    *,
    login: str | None,
    host: str | None,
    extra: Mapping[str, Any],
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
) -> tuple[Check, ...]:
    """Check login, host and extra of a connection, and then with the service; one check for each step."""
    here = check_fields(login, host, extra), check_key(extra)
    if any(one.verdict is Verdict.BAD for one in here):
        after = (Step.CLOCK, Step.TOKEN, Step.READ)
        return (*here, *(_not_tried(step, "the connection is not usable") for step in after))
    settings = Settings.read(conn_id, login=login, host=host, extra=extra)
    return (*here, *await check_service(settings, transport=transport, clock=clock))


def check_fields(login: str | None, host: str | None, extra: Mapping[str, Any]) -> Check:
    """Tell whether all fields but the key are there and well formed."""
    problems: list[str] = []
    fields = read_fields(login, host, extra, problems)
    if problems:
        return Check(Step.FIELDS, Verdict.BAD, "; ".join(problems))
    effect = ", with legal effect" if fields["environment"] == "production" else ""
    return Check(
        Step.FIELDS,
        Verdict.GOOD,
        f"environment {fields['environment']}: declarations go to {fields['base_url']}{effect}",
    )


def check_key(extra: Mapping[str, Any]) -> Check:
    """Tell whether the private key can be read, and whether it is kept and made well."""
    problems: list[str] = []
    key = read_key(extra, problems)
    if key is None:
        return Check(Step.KEY, Verdict.BAD, "; ".join(problems))
    if key.key_size < SHORTEST_KEY:
        doubt = f"has {key.key_size} bits, which is too few to be safe: make one of {SHORTEST_KEY} or more"
        return Check(Step.KEY, Verdict.DOUBTFUL, f"the private key {doubt}")
    if not extra.get("private_key") and Path(str(extra["private_key_path"])).stat().st_mode & 0o004:
        return Check(
            Step.KEY, Verdict.DOUBTFUL, "every user of this machine can read the private key file: chmod o-r"
        )
    return Check(Step.KEY, Verdict.GOOD, f"the private key can be read (RSA, {key.key_size} bits)")


def check_clock(skew: float | None) -> Check:
    """
    Tell whether this machine's clock is right; *skew* is the seconds it is ahead of the server's.

    The token endpoint refuses assertions from the future, and those that have expired.
    """
    if skew is None:
        return _not_tried(Step.CLOCK, "no server told the time")
    if abs(skew) < SKEW_WORTH_TELLING:
        return Check(Step.CLOCK, Verdict.GOOD, "this machine's clock agrees with the server's")
    side = "ahead of" if skew > 0 else "behind"
    text = f"this machine's clock is {abs(skew):.0f} s {side} the server's: set it by NTP"
    return Check(Step.CLOCK, Verdict.DOUBTFUL, text)  # how much is too much, the token endpoint says


async def check_service(
    settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None, clock: Clock | None = None
) -> tuple[Check, Check, Check]:
    """Fetch a token and read a declaration that can't exist; gives the checks of clock, token and read."""
    ear = _Ear(clock or SystemClock())
    async with open_client(settings, transport=transport, clock=clock, heard=ear) as client:
        try:
            token = await client.prepare()
        except DimonaError as error:
            unread = _not_tried(Step.READ, "there is no token")
            return check_clock(ear.skew), Check(Step.TOKEN, Verdict.BAD, str(error)), unread
        try:
            await client.run(fetch_answer(HARMLESS_DECLARATION), token)
        except DimonaError as error:
            read = Check(Step.READ, Verdict.BAD, f"{error}{_what_to_do(error)}")
        else:
            read = _read_as(ear.media_type)
    return (
        check_clock(ear.skew),
        Check(Step.TOKEN, Verdict.GOOD, "the token endpoint knows this client"),
        read,
    )


def summary(checks: Sequence[Check]) -> tuple[bool, str]:
    """Return whether the connection works, and one line about it that names what is bad or doubtful."""
    bad, doubtful, untried = (
        [one for one in checks if one.verdict is verdict]
        for verdict in (Verdict.BAD, Verdict.DOUBTFUL, Verdict.NOT_TRIED)
    )
    told = [f"{one.step}: {one.text}" for one in (*bad, *doubtful)]
    if bad and untried:
        told.append(f"not tried: {', '.join(one.step for one in untried)}")
    if not bad:
        (fields,) = (one for one in checks if one.step is Step.FIELDS)
        told.insert(0, f"the NSSO accepts this client; {fields.text}")
    return not bad, "; ".join(told)


class _Ear:
    """Notes of each answer what time the server has, and what form the body has."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.skew: float | None = None
        self.media_type = ""

    async def __call__(self, response: httpx.Response) -> None:
        self.media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        try:
            theirs = parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, ValueError, TypeError):
            return
        self.skew = self._clock.now() - theirs


def _read_as(media_type: str) -> Check:
    # The service answers "no such declaration" in JSON; a gateway's own page may have the same status.
    if not media_type.endswith("json"):
        return Check(
            Step.READ,
            Verdict.BAD,
            "something answered that is not the Dimona service (no JSON): check host, and any proxy",
        )
    return Check(Step.READ, Verdict.GOOD, "the Dimona service lets this client read")


def _what_to_do(error: DimonaError) -> str:
    if isinstance(error, RequestRefused):
        return ": in Chaman, give this client the right to consult Dimona"
    if isinstance(error, AuthenticationFailed):
        return ": check that token and service belong to the same environment"
    return ""


def _not_tried(step: Step, because: str) -> Check:
    return Check(step, Verdict.NOT_TRIED, because)
