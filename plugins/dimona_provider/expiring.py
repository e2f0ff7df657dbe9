"""Watches the certificates of the connections in use, and tells once at 60, 30 and 7 days before an end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dimona_provider.domain.expiry import WARN_AT, days_left, end_phrase, stage
from dimona_provider.errors import DimonaError
from dimona_provider.hooks import DimonaHook
from dimona_provider.ledger import Ledger, told

IN_USE = 90 * 86_400.0
"""Seconds since its last batch for which a connection is thought to be in use."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A connection whose certificates have all ended or are about to."""

    conn_id: str
    ends_at: float
    """The end of the certificate that lasts longest, in epoch seconds."""
    stage: int
    """Of ``WARN_AT``, or 0 when it has ended."""

    @property
    def is_urgent(self) -> bool:
        """Whether somebody has to act now."""
        return self.stage <= min(WARN_AT)

    def sentence(self, now: float) -> str:
        """Return what to tell."""
        return f"the certificate of the connection {self.conn_id!r} {end_phrase(self.ends_at, now)}"

    def is_new(self, ledger: Ledger) -> bool:
        """Whether nobody was told yet at this stage."""
        return not told.was_told(ledger, self._detail())

    def note(self, ledger: Ledger, now: float) -> None:
        """Note that somebody was told at this stage."""
        told.note_told(ledger, self._detail(), now=now)

    def _detail(self) -> str:
        return f"{self.conn_id}: {self.stage} days before {self.ends_at:.0f}"


def endings(ledger: Ledger, *, now: float) -> list[Ending]:
    """
    Return the connections in use whose certificate ends within 60 days, the nearest end first.

    Those are the default one and whatever filed in the last 90 days. A connection that can't be read, or has
    no certificate beside its key, is left out: ``dimona check`` says so.
    """
    found = []
    for conn_id in sorted({DimonaHook.default_conn_name, *told.connections(ledger, since=now - IN_USE)}):
        ends_at = _last_end(conn_id)
        if ends_at is None:
            continue
        days = days_left(ends_at, now)
        ledger.tally.level({f"certificate.days_left.{conn_id}": days})
        if (at := stage(days)) is not None:
            found.append(Ending(conn_id, ends_at, at))
    return sorted(found, key=lambda one: one.ends_at)


def _last_end(conn_id: str) -> float | None:
    try:
        settings = DimonaHook(conn_id).settings()
    except DimonaError:
        return None
    keys = [key for key in (settings.private_key, settings.next_private_key) if key is not None]
    return max((key.ends_at for key in keys if key.ends_at is not None), default=None)


def expiry_sentence(found: Sequence[Ending], *, now: float) -> str:
    """Return one sentence about some of them, with what to do."""
    return "; ".join(one.sentence(now) for one in found) + ": make and upload a new one (docs/keys.md)"
