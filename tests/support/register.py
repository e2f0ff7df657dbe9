"""The simulated NSSO's judgement and register for a planner: what it plans is filed and takes effect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from dimona_provider.api.codec import read_declaration, write_declaration
from dimona_provider.domain.declaration import DimonaIn
from dimona_provider.domain.identifiers import DimonaNumber
from dimona_provider.domain.planning.values import KnownPeriod, Planned
from include.dimona_simulator.model import Declaration, Filing
from include.dimona_simulator.register import Register
from include.dimona_simulator.settings import Settings, Timing
from include.dimona_simulator.structure import check_declaration
from support.parts import Json

_AT_ONCE = Settings(timing=Timing(0, 0, 0, 0, 0))


class FiledRegister:
    """Takes planned declarations, and tells the periods that they made, as a ledger would."""

    def __init__(self, settings: Settings = _AT_ONCE) -> None:
        self.register = Register(settings)
        self.serves: dict[int, frozenset[str]] = {}

    def take(self, body: Json, now: dt.datetime) -> Declaration:
        """File a body; return the declaration with its final verdict."""
        check_declaration(body)
        declaration = self.register.draft(Filing.of(body), now.timestamp())
        self.register.add(declaration)
        return declaration

    def file(self, planned: Planned, now: dt.datetime) -> Declaration:
        """File what is planned; return the declaration with its final verdict."""
        declaration = self.take(write_declaration(planned.declaration), now)
        if declaration.final.period_id is not None:
            self.serves[declaration.final.period_id] = frozenset(planned.employments)  # the latest word holds
        return declaration

    def known(self, employers: Iterable[str], ssin: str) -> list[KnownPeriod]:
        """Return the worker's periods."""
        return [
            self._period(period)
            for employer in employers
            for period in self.register.periods_of(employer, ssin)
        ]

    def _period(self, period) -> KnownPeriod:
        origin = read_declaration(dict(period.origin.filing.body))
        assert isinstance(origin, DimonaIn)
        span = period.latest
        content = replace(
            origin,
            start_date=span.start,
            end_date=span.end,
            start_hour=span.start_hour,
            end_hour=span.end_hour,
            planned_hours=span.planned_hours,
        )
        number = DimonaNumber(period.id)
        return KnownPeriod(number, content, self.serves[period.id], is_cancelled=span.cancelled)
