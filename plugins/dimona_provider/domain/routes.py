"""Over which connection an employer's declarations go, and to which environment that leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dimona_provider.domain.committees import Translations


@dataclass(frozen=True, slots=True)
class Route:
    """A connection and the environment (base URL) that it leads to."""

    dimona_conn_id: str
    environment: str


@dataclass(frozen=True, slots=True)
class Routes:
    """One route for all employers, and others for some of them; each with its joint committees."""

    default: Route
    by_employer: Mapping[str, Route] = field(default_factory=dict)
    committees: Mapping[str, Translations] = field(default_factory=dict)
    """The translations of joint committees of each connection that has any, by its id."""
    days_ahead: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """How far ahead each connection files, by its id and then by employer; ``*`` stands for all others."""

    def of(self, employer: str) -> Route:
        """Return the route of an employer, by enterprise or NSSO number."""
        return self.by_employer.get(employer, self.default)

    def days_ahead_of(self, employer: str) -> int | None:
        """Return how many days before its start an employer's IN is filed; None is any number."""
        days = self.days_ahead.get(self.of(employer).dimona_conn_id, {})
        return days.get(employer, days.get("*"))

    def committees_of(self, employer: str) -> Translations:
        """Return the translations of joint committees of the connection that files for an employer."""
        return self.committees.get(self.of(employer).dimona_conn_id, {})
