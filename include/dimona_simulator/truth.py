"""What the service really took, without persons: what a check of "exactly once" is held against."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any, Self

from include.dimona_simulator.model import Declaration, Verdict
from include.dimona_simulator.storage import read_declarations

FILE = "declarations.jsonl"
_NOTHING = Verdict("")


@dataclass(frozen=True, slots=True)
class Taken:
    """
    One declaration that the service took, whatever its sender heard of it.

    *content* tells equal declarations from different ones: the SHA-256 of the body as JSON with sorted names.
    It hides nobody, for a body can be guessed; here the persons are made up.
    """

    id: int
    kind: str
    result: str | None
    """A, W, B or S; ``None`` while it is processed."""
    period_id: int | None
    filed_at: float
    """Epoch seconds."""
    content: str

    @classmethod
    def at(cls, declaration: Declaration, moment: float) -> Self:
        """Describe a declaration as it stands at a moment, in epoch seconds."""
        verdict = declaration.verdict(moment) or _NOTHING
        return cls(
            declaration.id,
            declaration.filing.kind.value,
            verdict.result or None,
            verdict.period_id,
            declaration.filed_at,
            fingerprint(declaration.filing.body),
        )


def fingerprint(body: object) -> str:
    """Give the fingerprint of a body, so that a sender can compare what it sent."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_taken(folder: Path, moment: float = inf) -> list[Taken]:
    """
    Read what a simulator took from its folder, in filing order, also when it is dead or still writing.

    By default the results are the final ones; *moment* (epoch seconds) asks for those of an earlier instant.
    """
    return list(taken(read_declarations(folder / FILE), moment))


def taken(declarations: Iterable[Declaration], moment: float) -> Iterator[Taken]:
    """Describe declarations as they stand at a moment."""
    return (Taken.at(declaration, moment) for declaration in declarations)


def as_json(declarations: Iterable[Declaration], moment: float, following: int) -> dict[str, Any]:
    """Give the page of ``/simulator/declarations``; *following* is the number to ask with next."""
    return {"declarations": [asdict(one) for one in taken(declarations, moment)], "next": following}
