"""
Whether a connection works, step by step: what the Test button and ``dimona check`` say.

Shows and changes nothing at the NSSO. No text holds a secret: neither key nor token, nor what a server said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from dimona_provider.api.client import open_client
from dimona_provider.api.operations import HARMLESS_DECLARATION, fetch_answer
from dimona_provider.api.settings import Settings, read_fields
from dimona_provider.api.token_replies import SKEW_WORTH_TELLING
from dimona_provider.checking.keys import check_certificate, check_key
from dimona_provider.checks import Check, Step, Verdict, not_tried
from dimona_provider.clock import Clock, SystemClock
from dimona_provider.errors import AuthenticationFailed, DimonaError, RequestRefused


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
    now = (clock or SystemClock()).now()
    here = check_fields(login, host, extra), check_key(extra), check_certificate(extra, now)
    if any(one.verdict is Verdict.BAD for one in here):
        after = (Step.CLOCK, Step.TOKEN, Step.READ)
        return (*here, *(not_tried(step, "the connection is not usable") for step in after))
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


def check_clock(skew: float | None) -> Check:
    """
    Tell whether this machine's clock is right; *skew* is the seconds it is ahead of the server's.

    The token endpoint refuses assertions from the future, and those that have expired.
    """
    if skew is None:
        return not_tried(Step.CLOCK, "no server told the time")
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
            unread = not_tried(Step.READ, "there is no token")
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
