"""Over which connection an employer's declarations go, and to which environment that leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Route:
    """A connection and the environment (base URL) that it leads to."""

    dimona_conn_id: str
    environment: str


@dataclass(frozen=True, slots=True)
class Routes:
    """One route for all employers, and others for some of them."""

    default: Route
    by_employer: Mapping[str, Route] = field(default_factory=dict)

    def of(self, employer: str) -> Route:
        """Return the route of an employer, by enterprise or NSSO number."""
        return self.by_employer.get(employer, self.default)
