"""The texts that tasks log for people: counts and findings, never a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from dimona_provider.domain.outcome import OUTCOMES
from dimona_provider.ledger.findings import Finding, FindingKind
from dimona_provider.ledger.lateness import Stuck
from dimona_provider.ledger.summaries import Notable

MOST_LINES = 500
"""Findings shown in a log; the ledger has them all."""

_MOST_IN_SENTENCE = 10
_BELGIUM = ZoneInfo("Europe/Brussels")

_HEADINGS = {
    FindingKind.MALFORMED: "malformed, to be corrected where they come from",
    FindingKind.NOT_HANDLED: "not handled yet, to be declared by hand",
}


def counts_line(counts: Mapping[str, int]) -> str:
    """
    Return the one line that sums up declarations.

    >>> counts_line(dict.fromkeys(("declarations", *OUTCOMES), 0))
    'declarations: 0  accepted: 0  warned: 0  refused: 0  identifying: 0  unclear: 0  waiting: 0'
    """
    return "  ".join(f"{word}: {counts[word]}" for word in ("declarations", *OUTCOMES))


def finding_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield findings under a heading for each kind."""
    for kind, heading in _HEADINGS.items():
        of_kind = [finding for finding in findings if finding.kind is kind]
        if of_kind:
            records = len({(finding.place, finding.employment) for finding in of_kind})
            yield f"{records} records {heading}:"
            yield from (f"  {finding}" for finding in of_kind[:MOST_LINES])
            if len(of_kind) > MOST_LINES:
                yield f"  … and {len(of_kind) - MOST_LINES} more, in the ledger's table findings"


def absent_lines(absent: Sequence[str]) -> Iterator[str]:
    """Yield the employments that payroll's exports no longer name."""
    if absent:
        yield f"{len(absent)} employments are in no export any more; they stay until one ends them:"
        yield from (f"  {one}" for one in absent[:MOST_LINES])
    if len(absent) > MOST_LINES:
        yield f"  … and {len(absent) - MOST_LINES} more"


def notable_lines(notable: Sequence[Notable]) -> Iterator[str]:
    """Yield what a person should look at: state, kind, employment, then codes or the reason."""
    for one in notable[:MOST_LINES]:
        why = one.anomalies or one.reason
        yield f"  {one.state}: {one.kind} of {one.employment}" + (f": {why}" if why else "")
    if len(notable) > MOST_LINES:
        yield f"  … and {len(notable) - MOST_LINES} more"


def left_open_line(states: Mapping[str, int]) -> str:
    """Return the line about what other runs left open."""
    counted = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    return f"other runs have left open: {counted} (docs/operations.md)"


def deadline(file_by: float | None) -> str:
    """
    Return a deadline in the time of Belgium.

    >>> deadline(1_800_000_000.0)
    'by 2027-01-15 09:00'
    """
    if file_by is None:
        return "without a deadline"
    return f"by {dt.datetime.fromtimestamp(file_by, _BELGIUM):%Y-%m-%d %H:%M}"


def open_lines(by_environment: Mapping[str, Mapping[str, int]], late: Mapping[str, int]) -> Iterator[str]:
    """Yield for each environment what is open there, and how much of it should have been asked for."""
    for environment, states in sorted(by_environment.items()):
        counted = [f"{number} {state}" for state, number in sorted(states.items())]
        if overdue := late.get(environment):
            counted.append(f"{overdue} late")
        yield f"open at {environment}: {', '.join(counted)}"
    if not by_environment:
        yield "nothing is open"


def stuck_lines(stuck: Sequence[Stuck]) -> Iterator[str]:
    """Yield what is unclear or held, in the order given: reference, state, kind, deadline and reason."""
    for one in stuck:
        why = f": {one.reason}" if one.reason else ""
        yield (
            f"  {one.state}: {one.reference}, {one.kind} of {one.employment}, {deadline(one.file_by)}, "
            f"at {one.environment}{why}"
        )


def alert_sentence(near: Sequence[Stuck]) -> str:
    """Return one sentence about declarations near their deadlines: references and deadlines."""
    shown = [f"{one.reference} ({one.state}, {deadline(one.file_by)})" for one in near[:_MOST_IN_SENTENCE]]
    if len(near) > _MOST_IN_SENTENCE:
        shown.append(f"and {len(near) - _MOST_IN_SENTENCE} more")
    places = ", ".join(sorted({one.environment for one in near}))
    return f"declarations at {places} need a person: {', '.join(shown)}"
