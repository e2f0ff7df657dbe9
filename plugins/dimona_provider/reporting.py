"""The texts that tasks log for people: counts and findings, never a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dimona_provider.domain.outcome import OUTCOMES
from dimona_provider.ledger.findings import Finding, FindingKind
from dimona_provider.ledger.summaries import Unclear

MOST_LINES = 500
"""Findings shown in a log; the ledger has them all."""

_HEADINGS = {
    FindingKind.MALFORMED: "malformed, to be corrected in payroll",
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


def unclear_lines(unclear: Sequence[Unclear]) -> Iterator[str]:
    """Yield what is unclear or held, with its reason."""
    for one in unclear[:MOST_LINES]:
        yield f"  {one.state}: {one.kind} {one.reference} of employment {one.employment}: {one.reason}"
    if len(unclear) > MOST_LINES:
        yield f"  … and {len(unclear) - MOST_LINES} more"
