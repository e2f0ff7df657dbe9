"""Small charts, drawn here as SVG: no script, no style attribute, readable by a screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from markupsafe import Markup

_HEIGHT, _BAR, _GAP, _LABEL = 72, 26, 10, 16


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart."""

    value: float
    label: str
    """What stands above the bar."""
    title: str
    """What it is, in words."""


def bars(shown: Sequence[Bar], title: str) -> Markup:
    """
    Return a bar chart; the highest bar fills it.

    >>> chart = bars([Bar(2, "2", "run <a>"), Bar(4, "4", "run b")], "Filed")
    >>> chart.count("<rect"), "run &lt;a&gt;: 2" in chart
    (2, True)
    """
    highest = max((one.value for one in shown), default=0) or 1
    width = max(len(shown) * (_BAR + _GAP) + _GAP, 60)
    parts = []
    for number, one in enumerate(shown):
        height = max(1.0, one.value / highest * _HEIGHT)
        left = _GAP + number * (_BAR + _GAP)
        top = _LABEL + _HEIGHT - height
        parts.append(
            f'<rect class="bar" x="{left}" y="{top:.1f}" width="{_BAR}" height="{height:.1f}" rx="3">'
            f"<title>{escape(one.title)}: {escape(one.label)}</title></rect>"
            f'<text class="bar-label" x="{left + _BAR / 2}" y="{top - 4:.1f}" text-anchor="middle">'
            f"{escape(one.label)}</text>"
        )
    said = escape(f"{title}: " + "; ".join(f"{one.title}: {one.label}" for one in shown), {'"': "&quot;"})
    tall = _LABEL + _HEIGHT + 2
    return Markup(  # noqa: S704 - every text in it was escaped above
        f'<svg class="chart" role="img" aria-label="{said}" viewBox="0 0 {width} {tall}" '
        f'width="{width}" height="{tall}">{"".join(parts)}</svg>'
    )
