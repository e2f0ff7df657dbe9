"""A month in its short form, and what it is judged by."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.month.payroll import contradicts, draw

REPOSITORY = Path(__file__).parents[2]
WORKERS = 240 if float(os.environ.get("SLOW_SHARE", "1")) >= 1 else 200
LAST_LINE = re.compile(
    r"workers: (\d+)  days: (\d+)  equal periods: (\d+) of (\d+)  open decisions: (\d+)  "
    r"unexplained: (\d+)  refusals: (\d+)  unlawful cancels: (\d+)"
)


def test_payroll_depends_on_its_seed_alone():
    def told(seed):
        payroll = draw(seed, 40, 4, 2)
        return [export for day in range(6) for _, export in payroll.exports_of(day)]

    assert told(1) == told(1) != told(2)


def test_payroll_contradicts_itself_nowhere():
    payroll = draw(1, 60, 6, 2)

    for day in range(20):
        list(payroll.exports_of(day))

    assert not any(contradicts(list(one.history.records.values())) for one in payroll.workers)


@pytest.mark.slow
def test_a_month_ends_as_payroll_wishes_but_for_open_decisions():
    path = f"{REPOSITORY / 'plugins'}:{REPOSITORY}:{REPOSITORY / 'tests'}"

    ended = subprocess.run(
        [sys.executable, "-m", "tests.month", "--seed", "1", "--workers", str(WORKERS)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )

    assert ended.returncode == 0, ended.stdout
    match = LAST_LINE.fullmatch(ended.stdout.rstrip().splitlines()[-1])
    assert match, ended.stdout
    workers, days, equal, periods, decisions, unexplained, refusals, cancels = map(int, match.groups())
    assert (workers, days) == (WORKERS, 31)
    assert (unexplained, refusals, cancels) == (0, 0, 0)
    assert equal > periods / 2
    assert decisions >= 20
