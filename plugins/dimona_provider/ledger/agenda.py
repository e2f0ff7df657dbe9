"""Whom a plan is about: workers of whom something is due, or whom somebody named."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from dimona_provider.ledger.plan_schema import employments
from dimona_provider.ledger.store import Ledger


class Due(NamedTuple):
    """A worker of whom something is to be planned."""

    environment: str
    worker_hash: str
    employments: int
    """How many employments payroll names for this worker, with all employers."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What somebody asks a plan to be about: an employer, some employments, or all."""

    employer: str | None = None
    """Enterprise or NSSO number."""
    employments: frozenset[str] = frozenset()
    """Payroll's own ids; with an employer, those of them that it has."""

    def holds(self, employer: str, employment: str) -> bool:
        """Tell whether an employment is in it."""
        is_named = not self.employments or employment in self.employments
        return is_named and self.employer in {None, employer}


def due_workers(
    ledger: Ledger, environments: Collection[str], *, now: float, scope: Scope | None = None
) -> list[Due]:
    """
    Return every worker of whom something is to be planned by *now*.

    With a *scope* they are those with an employment in it, due or not.
    """
    which: list[sa.ColumnElement[bool]] = [employments.c.environment.in_(list(environments))]
    which += [employments.c.plan_at <= now] if scope is None else _within(scope)
    worker = (employments.c.environment, employments.c.worker_hash)
    every = employments.alias()
    of_worker = (every.c.environment == worker[0], every.c.worker_hash == worker[1])
    count = sa.select(sa.func.count()).select_from(every).where(*of_worker).scalar_subquery()
    # In the order in which payroll named them first, so that a plan can be read beside its export.
    query = sa.select(*worker, count).where(*which).group_by(*worker).order_by(sa.func.min(employments.c.id))
    with ledger.read() as connection:
        return [Due(sys.intern(where), who, number) for where, who, number in connection.execute(query)]


def planned_workers(ledger: Ledger, environment: str, employer: str) -> list[str]:
    """Return the keyed hashes of an employer's workers of whom nothing is left to be planned by now."""
    which = (employments.c.environment == environment, employments.c.employer == employer)
    query = (
        sa.select(employments.c.worker_hash)
        .where(*which)
        .group_by(employments.c.worker_hash)
        .having(sa.func.count(employments.c.plan_at) == 0)
        .order_by(employments.c.worker_hash)
    )
    with ledger.read() as connection:
        return list(connection.scalars(query))


def _within(scope: Scope) -> list[sa.ColumnElement[bool]]:
    which: list[sa.ColumnElement[bool]] = []
    if scope.employer:
        which.append(employments.c.employer == scope.employer)
    if scope.employments:
        which.append(employments.c.employment.in_(sorted(scope.employments)))
    return which
