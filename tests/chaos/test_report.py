"""The last line, and chaos that did not take place: it must not look like success."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.chaos.plan import Target
from tests.chaos.report import Outcome, complaints, last_line
from tests.chaos.verdict import Verdict

ALL = Counter(dict.fromkeys(Target, 1))


def outcome(**changes: Any) -> Outcome:
    settings: dict[str, Any] = {
        "name": "run 1",
        "verdict": Verdict(intents=80, unclear=3),
        "kills": ALL,
        "faults": Counter({"post accepted_then_closed": 5, "get delay": 2}),
        "wanted_faults": frozenset({"post accepted_then_closed", "get delay"}),
        "posts": 80,
        "unanswered": 5,
    }
    return Outcome(**settings | changes)


def test_the_last_line_adds_all_runs_up():
    line = last_line([outcome(), outcome(verdict=Verdict(20, 1, lost=["a"], twice=["b", "c"]))])

    assert line == "runs: 2  intents: 100  lost: 1  twice: 2  unclear: 4  kills: 8  faults: 14"


def test_a_suite_in_which_all_took_place_has_no_complaint():
    assert list(complaints([outcome(), outcome(kills=Counter(), faults=Counter())])) == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        pytest.param({"verdict": Verdict(1, lost=["E-1"])}, "run 1: lost: E-1", id="lost"),
        pytest.param({"verdict": Verdict(1, twice=["E-1"])}, "run 1: twice: E-1", id="twice"),
        pytest.param({"verdict": Verdict(1, unsettled=["E-1"])}, "run 1: not settled: E-1", id="unsettled"),
        pytest.param({"verdict": Verdict()}, "run 1: nothing was declared", id="nothing declared"),
        pytest.param({"kills": ALL - Counter([Target.SCHEDULER])}, "never killed: scheduler", id="kill"),
        pytest.param(
            {"faults": Counter({"get delay": 9})}, "never happened: post accepted_then_closed", id="fault"
        ),
        pytest.param(
            {"posts": 80, "unanswered": 3},
            "too tame: 3 of 80 POSTs were accepted and not answered",
            id="too few unanswered",
        ),
    ],
)
def test_each_reason_to_fail_is_told(changes, complaint):
    assert list(complaints([outcome(**changes)])) == [complaint]
