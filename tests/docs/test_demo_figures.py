"""What the documents say that the demo comes to is what its payroll comes to, on any day."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from pathlib import Path

import pytest

from dimona_provider.ledger import open_ledger, staging
from dimona_provider.ledger.intents import Recorded
from dimona_provider.ledger.setup import initialise
from dimona_provider.planning.intake import plan_exports
from include.demo.settings import Settings
from include.payroll import sample
from include.payroll.sample import Case
from support.ledgers import KEYS, ROUTES, RUN
from support.markdown import DOCS, ROOT

EMPLOYMENTS = Settings.read({}).employments
OTHERWISE = (Case.WARNED, Case.REFUSED, Case.IDENTIFIED_LATER)


def figures(path: Path, pattern: str) -> list[int]:
    (found,) = re.findall(pattern, path.read_text(encoding="utf-8"))
    return [int(one) for one in found]


@pytest.mark.parametrize("day", [dt.date(2026, 12, 28), dt.date(2027, 6, 15), dt.date(2028, 2, 29)], ids=str)
def test_the_figures_of_the_demo(day: dt.date, tmp_path: Path) -> None:
    url, now = (
        f"sqlite:///{tmp_path}/ledger.db",
        dt.datetime(day.year, day.month, day.day, 9, tzinfo=dt.UTC).timestamp(),
    )
    initialise(url, lambda: KEYS, None, now=now)
    ledger = open_ledger(url, KEYS, actor="test")
    staging.stage(ledger, staging.new_export(), 1, list(sample.employments(EMPLOYMENTS, day)), now=now)

    filed = plan_exports(ledger, RUN, ROUTES, now=now).recorded[Recorded.NEW]

    ledger.close()
    cases = Counter(sample.case_of(number) for number in range(1, EMPLOYMENTS + 1))
    expected = [filed, filed - sum(cases[one] for one in OTHERWISE)]
    assert figures(ROOT / "README.md", r'files (\d+) declarations, ends with "accepted: (\d+)"') == expected
    said = figures(
        DOCS / "operations.md", r"declarations: (\d+)  accepted: (\d+)  warned: (\d+)  refused: (\d+)"
    )
    assert said == [*expected, cases[Case.WARNED], cases[Case.REFUSED]]
