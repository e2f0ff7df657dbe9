"""
The ledger held against the truth: what the simulator took, whatever its sender heard of it.

Strict on purpose. Declarations are told apart by their content; one of them serves one employment of payroll,
or several: all contracts of a student in a quarter.

*Lost* is a wish that nobody sees any more:
an employment that no intent serves and that is no finding;
an intent whose state says what is not so (accepted without effect, refused with one, sent but not taken);
an intent that owns a declaration of other content.

*Twice* is what payroll wished once:
a second declaration with effect (A or W) of one content, students included, whatever the NSSO accepts;
more declarations taken than there are intents of that content, whatever their results: that the NSSO refused
the second is its merit, not ours;
a declaration that no intent speaks of.

*Unsettled* is what the protocol could have decided and did not:
an unclear intent whose declaration was taken, for a search shows it;
an unclear one that was not taken, of a worker with SSIN and of a type that can't exist twice: it may be filed
again (STU, FLX, EXT and what is late may not: they rightly stay unclear, for a person);
and whatever is still planned, sending, sent or held: time and a working NSSO should have ended it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from dimona_provider.domain.deadlines import BRUSSELS
from dimona_provider.ledger import Ledger
from dimona_provider.ledger.plan_schema import served
from dimona_provider.ledger.schema import findings, intents
from include.dimona_simulator import Taken, fingerprint

MAY_EXIST_TWICE = frozenset({"STU", "FLX", "EXT"})
"""Worker types that no machine files again; written down anew, for a check must not believe its subject."""
_HAS_EFFECT = frozenset({"A", "W"})
_ENDED = frozenset({"accepted", "warned", "refused", "already_true", "unclear"})


@dataclass(frozen=True, slots=True)
class Intent:
    """What the ledger says of one declaration."""

    employment: str
    """The one that it is reported under."""
    state: str
    content: str
    """As the simulator's truth names it."""
    worker_type: str | None = "OTH"
    has_ssin: bool = True
    is_late: bool = False
    """Its work starts today at the latest, so that its deadline has passed or passes within the day."""
    declaration_id: int | None = None
    reason: str = ""
    serves: Collection[str] = ()
    """The employments that its period is for."""

    def __str__(self) -> str:
        why = f" ({self.reason})" if self.reason else ""
        return f"{self.employment} {self.worker_type} {self.state}{why}"


@dataclass(frozen=True, slots=True)
class Claims:
    """All that the ledger says."""

    intents: Sequence[Intent]
    findings: Collection[str] = ()
    """Employments that became no declaration, as the ledger shows them."""


@dataclass(slots=True)
class Verdict:
    """What the comparison found, a line for each."""

    intents: int = 0
    unclear: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)

    def complaints(self) -> Iterator[str]:
        """Yield all that is wrong."""
        for word, found in (("lost", self.lost), ("twice", self.twice), ("not settled", self.unsettled)):
            yield from (f"{word}: {line}" for line in found)


def read_claims(ledger: Ledger) -> Claims:
    """Read what the ledger says."""
    with ledger.read() as connection:
        rows = connection.execute(sa.select(intents).order_by(intents.c.id)).all()
        found = set(connection.scalars(sa.select(findings.c.employment)))
        serves: dict[int, set[str]] = defaultdict(set)
        for one in connection.execute(sa.select(served)):
            serves[one.intent].add(one.employment)
    bodies = (json.loads(ledger.keys.decrypt(row.body)) for row in rows)
    return Claims([_read(row, body, serves[row.id]) for row, body in zip(rows, bodies, strict=True)], found)


def _read(row: sa.Row[tuple[object, ...]], body: dict[str, dict[str, object]], serves: set[str]) -> Intent:
    return Intent(
        employment=row.employment,
        state=row.state,
        content=fingerprint(body),
        worker_type=row.worker_type,
        has_ssin="ssin" in body.get("worker", {}),
        is_late=_starts_by(body, dt.datetime.now(BRUSSELS).date()),
        declaration_id=row.declaration_id,
        reason=row.reason or "",
        serves=serves,
    )


def _starts_by(body: dict[str, dict[str, object]], day: dt.date) -> bool:
    start = body.get("dimonaIn", {}).get("startDate")
    return isinstance(start, str) and dt.date.fromisoformat(start) <= day


def compare(wished: Iterable[str], claims: Claims, taken: Sequence[Taken]) -> Verdict:
    """Compare payroll's employments *wished* with the ledger, and the ledger with what was *taken*."""
    verdict = Verdict(len(claims.intents), sum(one.state == "unclear" for one in claims.intents))
    known = {name for one in claims.intents for name in (one.employment, *one.serves)} | set(claims.findings)
    verdict.lost += [f"{one} is not in the ledger" for one in wished if one not in known]
    by_content: dict[str, tuple[list[Intent], list[Taken]]] = defaultdict(lambda: ([], []))
    for intent in claims.intents:
        by_content[intent.content][0].append(intent)
    for one in taken:
        by_content[one.content][1].append(one)
    for ours, theirs in by_content.values():
        _compare(ours, theirs, verdict)
    return verdict


def _compare(ours: list[Intent], theirs: list[Taken], verdict: Verdict) -> None:
    """Compare what both sides say of one content."""
    effects = [one for one in theirs if one.result in _HAS_EFFECT]
    if not ours:
        verdict.twice += [f"declaration {one.id} is of no intent" for one in theirs]
        return
    surplus = max(len(effects) - 1, len(theirs) - len(ours))
    if surplus > 0:
        ids = ", ".join(f"{one.id} {one.result}" for one in theirs)
        verdict.twice += [f"{ours[0]}: {len(ours)} wished, taken {ids}"] * surplus
    owned = [one.declaration_id for one in ours if one.declaration_id is not None]
    verdict.twice += [f"declaration {one} is of two intents" for one in set(owned) if owned.count(one) > 1]
    free = [one for one in theirs if one.id not in set(owned)]
    for intent in ours:
        if (reason := _lost(intent, {one.id: one for one in theirs}, effects)) is not None:
            verdict.lost.append(f"{intent}: {reason}")
        elif (reason := _unsettled(intent, free)) is not None:
            verdict.unsettled.append(f"{intent}: {reason}")


def _lost(intent: Intent, theirs: dict[int, Taken], effects: list[Taken]) -> str | None:
    """Return why what the ledger says of *intent* is not so at the NSSO, or None."""
    number = intent.declaration_id
    if number is not None and number not in theirs:
        return f"the NSSO has no declaration {number} of this content"
    result = theirs[number].result if number is not None else None
    match intent.state:
        case "accepted" | "warned" if result not in _HAS_EFFECT:
            return f"the NSSO's result is {result}"
        case "refused" if result != "B":
            return f"the NSSO's result is {result}"
        case "already_true" if not effects:
            return "the NSSO has nothing of the kind"
        case "sent" | "identifying" if number is None:
            return "it has no number at the NSSO"
    return None


def _unsettled(intent: Intent, free: list[Taken]) -> str | None:
    """Return what was left to do for *intent*, or None."""
    if intent.state not in _ENDED:
        return "it has not come to an end"
    if intent.state != "unclear":
        return None
    if free:
        return f"a search shows declaration {free[0].id}"
    if intent.has_ssin and not intent.is_late and intent.worker_type not in MAY_EXIST_TWICE:
        return "it was not taken, and may be filed again"
    return None
