"""One POST of one intent, and what it came to: the error classes of exactly one effect (docs/adr/0002)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from dimona_provider.api.auth import AccessToken
from dimona_provider.api.client import DimonaClient
from dimona_provider.api.operations import submit
from dimona_provider.clock import Clock
from dimona_provider.errors import (
    AuthenticationFailed,
    DimonaError,
    RequestRefused,
    ServiceUnavailable,
    UnclearSubmission,
)
from dimona_provider.ledger.attempts import Attempted, Verdict
from dimona_provider.ledger.claims import Claimed


@dataclass(frozen=True, slots=True)
class Posted:
    """The end of an attempt, and what it says about everything else that waits to be sent."""

    end: Attempted
    trouble: DimonaError | None = None
    """Why sending anything more makes no sense now."""
    is_forbidden: bool = False
    """Whether the service says that we may not file for this employer."""


async def post(client: DimonaClient, clock: Clock, intent: Claimed, token: AccessToken) -> Posted:
    """Make one attempt; never raises for what the service or the network did."""
    sent_at = clock.now()
    try:
        declaration_id = await client.run(submit(json.loads(intent.body)), token)
    except (ServiceUnavailable, AuthenticationFailed) as error:
        wait = error.retry_after if isinstance(error, ServiceUnavailable) else None
        not_before = clock.now() + wait if wait else None
        end = _read(intent, Verdict.NOT_RECEIVED, sent_at, clock, detail=str(error), not_before=not_before)
        return Posted(end, trouble=error)
    except RequestRefused as error:
        is_forbidden = error.status == 403
        verdict = Verdict.FORBIDDEN if is_forbidden else Verdict.REFUSED
        end = _read(intent, verdict, sent_at, clock, detail=str(error))
        return Posted(end, is_forbidden=is_forbidden)
    except UnclearSubmission as error:
        return Posted(Attempted(intent.id, Verdict.UNCLEAR, sent_at=sent_at, detail=str(error)))
    return Posted(_read(intent, Verdict.FILED, sent_at, clock, declaration_id=declaration_id))


def _read(
    intent: Claimed,
    verdict: Verdict,
    sent_at: float,
    clock: Clock,
    *,
    detail: str = "",
    declaration_id: int | None = None,
    not_before: float | None = None,
) -> Attempted:
    return Attempted(
        intent.id,
        verdict,
        sent_at=sent_at,
        read_at=clock.now(),
        detail=detail,
        declaration_id=declaration_id,
        not_before=not_before,
    )
