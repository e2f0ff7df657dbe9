"""The figures of a month, and why it fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.month.verdict import Verdict


def figures(verdict: Verdict, kinds: Mapping[str, int], events: Mapping[str, int]) -> Iterator[str]:
    """Yield what the month came to; no person is in it."""
    yield "payroll: " + _counted(events)
    yield "declarations: " + _counted(kinds)
    yield f"refused: {verdict.refusals} (and {verdict.seeded_refusals} that were seeded)"
    yield f"unlawful cancels: {verdict.late_cancels}"
    yield f"employments declared as payroll wishes: {verdict.wishes_equal} of {verdict.wishes}"
    yield "employments and periods that differ for an open decision: " + _counted(verdict.by_decision)
    yield "employments and periods that differ for what the plan told: " + _counted(verdict.by_finding)
    yield f"open decisions: {len(verdict.decisions)}"
    yield from (f"  {names}: {reason}" for names, reason in sorted(verdict.decisions))


def complaints(verdict: Verdict) -> Iterator[str]:
    """Yield every reason to fail."""
    yield from (f"differs, and nobody was told why: {one}" for one in verdict.unexplained)
    yield from (f"a question that nobody was asked: {one}" for one in verdict.unasked)
    if verdict.still_planned:
        yield f"not filed by the end: {verdict.still_planned}"
    if verdict.refusals:
        yield f"refused without having been seeded: {verdict.refusals}"
    if verdict.late_cancels:
        yield f"cancelled too late: {verdict.late_cancels}"


def last_line(verdict: Verdict, workers: int, days: int) -> str:
    """Return the line that scripts read."""
    numbers = {
        "workers": str(workers),
        "days": str(days),
        "equal periods": f"{verdict.equal} of {verdict.periods}",
        "open decisions": str(len(verdict.decisions)),
        "unexplained": str(len(verdict.unexplained)),
        "refusals": str(verdict.refusals),
        "unlawful cancels": str(verdict.late_cancels),
    }
    return "  ".join(f"{word}: {number}" for word, number in numbers.items())


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {what}" for what, number in sorted(counts.items())) or "none"
