"""What crosses Airflow's database from a trigger to its task: references, times and counts, no person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self

from dimona_provider.errors import UnexpectedResponse
from dimona_provider.following.followup import FollowedUp

_TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float,),
    "bool": (bool,),
    "str | None": (str, type(None)),
}


@dataclass(frozen=True, slots=True)
class _Event:
    """An event that is plain JSON, and is read back as nothing but what it is."""

    trigger: ClassVar[str]

    def to_payload(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return asdict(self)

    @classmethod
    def from_payload(cls, payload: Any) -> Self:
        """Read the plain JSON form. Raises UnexpectedResponse for anything else, which is never success."""
        types = {member.name: _TYPES[str(member.type)] for member in fields(cls)}
        if (
            not isinstance(payload, Mapping)
            or set(payload) != set(types)
            # type(), because True is an int too.
            or not all(type(payload[name]) in kinds for name, kinds in types.items())
        ):
            raise UnexpectedResponse(f"the trigger's event is not one of {cls.trigger}")
        return cls(**payload)


@dataclass(frozen=True, slots=True)
class FollowedEvent(_Event):
    """What following a batch came to."""

    trigger: ClassVar[str] = "DimonaResultTrigger"

    batch: str
    answered: int
    open: int
    problem: str | None = None
    """Why following failed, in words for a person."""
    retryable: bool = True


@dataclass(frozen=True, slots=True)
class FollowedUpEvent(_Event):
    """What a pass of the hourly follow-up came to."""

    trigger: ClassVar[str] = "DimonaFollowUpTrigger"

    looks: int = 0
    answered: int = 0
    skipped: int = 0
    """Declarations that were due in batches that a run still polls."""
    latest: float = 0.0
    """Seconds by which the latest look was late."""
    problem: str | None = None
    """Why the pass, or a connection of it, failed, in words for a person."""
    retryable: bool = True

    @classmethod
    def of(cls, done: FollowedUp) -> Self:
        """Return the event of a pass, with what is wrong with its connections."""
        broken = [f"{conn_id}: {error}" for conn_id, error in sorted(done.broken.items())]
        return cls(
            looks=done.looks,
            answered=done.answered,
            skipped=done.skipped,
            latest=round(done.latest, 3),
            problem="; ".join(broken) or None,
            retryable=any(error.retryable for error in done.broken.values()) if broken else True,
        )
